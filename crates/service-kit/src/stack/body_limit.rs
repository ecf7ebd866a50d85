//! A body that is too large is refused: from its declared length before anything is read, on every route, also on
//! those that read none; or where it passes the limit.

use std::convert::Infallible;
use std::future::{Ready, ready};

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use http::{Request, StatusCode};
use http_body::Body;
use http_body_util::Limited;
use hyper::service::Service;

use crate::error::ApiError;

pub(super) struct BodyLimit<S> {
    inner: S,
    max: u64,
}

impl<S> BodyLimit<S> {
    pub(super) fn new(inner: S, max: u64) -> Self {
        Self { inner, max }
    }
}

impl<S, B> Service<Request<B>> for BodyLimit<S>
where
    S: Service<Request<Limited<B>>, Response = Response, Error = Infallible>,
    B: Body,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn call(&self, mut request: Request<B>) -> Self::Future {
        let size = request.body().size_hint();
        if size.lower() > self.max {
            let message = format!("the body is larger than {} bytes", self.max);
            let error = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message);
            return Either::Left(ready(Ok(error.into_response())));
        }
        if size.exact() != Some(0) {
            // axum's own limit of 2 MB would come on top of ours.
            DefaultBodyLimit::disable().apply(&mut request);
        }
        let max = usize::try_from(self.max).unwrap_or(usize::MAX);
        Either::Right(self.inner.call(request.map(|body| Limited::new(body, max))))
    }
}
