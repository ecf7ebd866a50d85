//! A request that takes too long is answered 503.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::Request;
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::error::ApiError;
use crate::trace;

pub(super) struct Timeout<S> {
    inner: S,
    after: Duration,
}

impl<S> Timeout<S> {
    pub(super) fn new(inner: S, after: Duration) -> Self {
        Self { inner, after }
    }
}

impl<S, B> Service<Request<B>> for Timeout<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = TimeoutFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        TimeoutFuture { inner: self.inner.call(request), after: self.after, sleep: None }
    }
}

pin_project! {
    pub(super) struct TimeoutFuture<F> {
        #[pin]
        inner: F,
        after: Duration,
        // Set only when the answer is not there at once: the timer wheel is behind a lock that all requests share.
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for TimeoutFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(response) = this.inner.poll(cx) {
            return Poll::Ready(response);
        }
        if this.sleep.is_none() {
            this.sleep.set(Some(tokio::time::sleep(*this.after)));
        }
        let sleep = this.sleep.as_mut().as_pin_mut().expect("set above");
        sleep.poll(cx).map(|()| {
            trace::failed(trace::TIMEOUT);
            Ok(ApiError::unavailable("request timed out").into_response())
        })
    }
}
