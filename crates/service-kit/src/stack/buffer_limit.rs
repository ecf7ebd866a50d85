//! What the requests of a listener hold in memory together is bounded: one that would pass it is answered 503.
//!
//! HTTP/1.1 holds what its handlers have read of bodies. A stream of HTTP/2 also costs its head and what its window lets
//! the client send ahead, because one connection has many.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, Request, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use pin_project_lite::pin_project;

use crate::budget::{Budget, Share};
use crate::error::ApiError;

/// What a client may send of one stream before anyone reads it.
pub(crate) const STREAM_WINDOW: u32 = 64 * 1024;

/// The task of a stream, its future and its answer's head.
const STREAM_BYTES: u64 = 4 * 1024;

/// What is kept for each piece of a body beside its bytes.
const FRAME_BYTES: u64 = 96;

/// A smaller piece is copied: it would keep the buffer alive that it was read into, 8 KiB or more.
const SMALL_FRAME: usize = 4 * 1024;

pub(super) struct BufferLimit<S> {
    inner: S,
    budget: Arc<Budget>,
}

impl<S> BufferLimit<S> {
    pub(super) fn new(inner: S, budget: Arc<Budget>) -> Self {
        Self { inner, budget }
    }

    /// None for what holds nothing: a request of HTTP/1.1 without a body.
    fn share<B: Body>(&self, request: &Request<B>) -> Option<Arc<Share>> {
        let ahead = ahead(request);
        if ahead == 0 && request.body().is_end_stream() {
            return None;
        }
        let share = Share::of(&self.budget);
        share.grow(ahead);
        Some(Arc::new(share))
    }
}

impl<S, B> Service<Request<B>> for BufferLimit<S>
where
    S: Service<Request<BufferedBody<B>>, Response = Response, Error = Infallible>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BufferLimitFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        let share = self.share(&request);
        let inner = self.inner.call(request.map(|body| BufferedBody { body, share: share.clone() }));
        BufferLimitFuture { inner, share }
    }
}

/// What a request holds before its body is read.
fn ahead<B: Body>(request: &Request<B>) -> u64 {
    if request.version() != Version::HTTP_2 {
        return 0;
    }
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let body = request.body().size_hint().upper().unwrap_or(u64::MAX).min(STREAM_WINDOW.into());
    STREAM_BYTES + (target + headers) as u64 + body
}

pin_project! {
    /// Holds the share until there is an answer: what was read of the body lives as long as its handler.
    pub(super) struct BufferLimitFuture<F> {
        #[pin]
        inner: F,
        share: Option<Arc<Share>>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for BufferLimitFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let was_refused = || this.share.as_ref().is_some_and(|share| share.was_refused());
        // Before the handler begins, and again when its body has failed: it cannot tell why.
        let answer = if was_refused() { None } else { Some(ready!(this.inner.poll(cx))) };
        let answer = answer.filter(|_| !was_refused()).unwrap_or_else(|| Ok(exhausted()));
        if let Some(share) = this.share {
            // Not only when this is dropped: the answer may wait for the rest of the body.
            share.release();
        }
        Poll::Ready(answer)
    }
}

fn exhausted() -> Response {
    let error = ApiError::unavailable("too many bytes of requests are held at the moment");
    error.with_header(header::RETRY_AFTER, HeaderValue::from_static("1")).into_response()
}

/// A body whose bytes count.
pub(super) struct BufferedBody<B> {
    body: B,
    share: Option<Arc<Share>>,
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for BufferedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let frame = frame.map(|frame| frame.map_err(Into::into));
        let Some(share) = &self.share else { return Poll::Ready(frame) };
        let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) else {
            return Poll::Ready(frame);
        };
        if !share.grow(data.len() as u64 + FRAME_BYTES) {
            return Poll::Ready(Some(Err("too many bytes are held".into())));
        }
        if data.len() >= SMALL_FRAME {
            return Poll::Ready(frame);
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
