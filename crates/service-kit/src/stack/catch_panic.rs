//! A panic in a handler becomes a 500, and the connection and the process live on.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::service::Service;
use pin_project_lite::pin_project;

use crate::error::ApiError;
use crate::trace;

pub(super) struct CatchPanic<S> {
    inner: S,
}

impl<S> CatchPanic<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B> Service<Request<B>> for CatchPanic<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = CatchPanicFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        // Not only handlers can panic: the layers below and the router's look-up run here.
        CatchPanicFuture { inner: catch_unwind(AssertUnwindSafe(|| self.inner.call(request))).ok() }
    }
}

pin_project! {
    pub(super) struct CatchPanicFuture<F> {
        // None when it panicked before it was a future.
        #[pin]
        inner: Option<F>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for CatchPanicFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.project().inner.as_pin_mut() else { return Poll::Ready(Ok(internal_error())) };
        // Unwind safe: a future that panicked is never polled again, because this answers in its place. The panic
        // hook has logged it by now.
        catch_unwind(AssertUnwindSafe(|| inner.poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(Ok(internal_error())))
    }
}

fn internal_error() -> Response {
    trace::failed("panic");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
}
