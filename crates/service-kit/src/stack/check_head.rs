//! Refuses a request for what its head says, before anything of its body is asked for: a client that waits for
//! `100 Continue` is told at once.

mod coding;
mod host;

use std::convert::Infallible;
use std::future::{Ready, ready};

use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use http::{HeaderValue, Request, StatusCode, Version, header};
use http_body::Body;
use hyper::service::Service;

use crate::error::ApiError;

/// The longest request target. Half of a head, so that there is room for its headers.
const MAX_TARGET_BYTES: usize = 16 * 1024;

/// Marks a request whose target was longer than could be read.
#[derive(Clone, Copy)]
pub(super) struct CutOff;

pub(super) struct CheckHead<S> {
    inner: S,
}

impl<S> CheckHead<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B> Service<Request<B>> for CheckHead<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    B: Body,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        match refusal(&request) {
            Some(error) => Either::Left(ready(Ok(error.into_response()))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}

fn refusal<B: Body>(request: &Request<B>) -> Option<ApiError> {
    if let Some(error) = malformed(request) {
        // Where this request ends is in doubt, and so is where another begins. HTTP/2 knows.
        let ends = request.version() < Version::HTTP_2;
        return Some(match ends {
            true => error.with_header(header::CONNECTION, HeaderValue::from_static("close")),
            false => error,
        });
    }
    coding::content(request)
}

fn malformed<B: Body>(request: &Request<B>) -> Option<ApiError> {
    let host = || host::check(request).err().map(ApiError::bad_request);
    too_long(request).or_else(|| coding::transfer(request)).or_else(host)
}

fn too_long<B>(request: &Request<B>) -> Option<ApiError> {
    let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let message = || format!("the request target is longer than {MAX_TARGET_BYTES} bytes");
    let is_too_long = length > MAX_TARGET_BYTES || request.extensions().get::<CutOff>().is_some();
    is_too_long.then(|| ApiError::new(StatusCode::URI_TOO_LONG, message()))
}
