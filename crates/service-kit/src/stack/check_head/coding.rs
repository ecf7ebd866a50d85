//! How a body is coded: only `chunked` is undone here, and no compression.

use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body::Body;

use crate::error::ApiError;

/// hyper asks only whether `chunked` comes last: what comes before would reach the handler undone (RFC 9112, 6.1).
pub(super) fn transfer<B: Body>(request: &Request<B>) -> Option<ApiError> {
    if request.body().is_end_stream() {
        return None;
    }
    let mut lines = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let first = lines.next()?;
    if lines.next().is_none() && is_chunked(first.as_bytes()) {
        return None;
    }
    let codings = || list(request.headers(), header::TRANSFER_ENCODING);
    let once = codings().filter(|coding| is_chunked(coding)).count() == 1;
    Some(match once && codings().any(|coding| !is_chunked(coding) && !coding.is_empty()) {
        true => ApiError::new(StatusCode::NOT_IMPLEMENTED, "the only transfer coding here is chunked"),
        false => ApiError::bad_request("Transfer-Encoding must be chunked, once"),
    })
}

/// 415 for a body that would have to be unpacked first (RFC 9110, 15.5.16).
pub(super) fn content<B: Body>(request: &Request<B>) -> Option<ApiError> {
    if request.body().is_end_stream() {
        return None;
    }
    let plain = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    if list(request.headers(), header::CONTENT_ENCODING).all(plain) {
        return None;
    }
    let message = "a body must come without Content-Encoding";
    let error = ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    Some(error.with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

fn is_chunked(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"chunked")
}

/// The members of a list, which may stand in several lines.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}
