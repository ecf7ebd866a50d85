//! What traces say of an attempt.

use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};

use super::failure::Failure;
use super::url::Url;
use crate::trace::{Kind, Span, known, protocol};

/// Begins the span of a request. Its query is left out: it is the client's, and may hold what is nobody's business.
pub(super) fn begin(request: &Request<Bytes>, url: &Url, resent: u32) -> Span {
    let method = known(request.method());
    let mut span = Span::start(Kind::Client, &[method.unwrap_or("HTTP")], Instant::now());
    if !span.is_reported() {
        return span;
    }
    span.set("http.request.method", method.unwrap_or("_OTHER"));
    if method.is_none() {
        span.set("http.request.method_original", request.method().as_str());
    }
    span.set("server.address", url.host());
    span.set("server.port", url.port());
    let uri = request.uri();
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    span.set("url.full", &*format!("http://{authority}{}", uri.path()));
    if resent > 0 {
        span.set("http.request.resend_count", resent);
    }
    span
}

/// Ends it. To a client, an answer of 4xx is a failure too.
pub(super) fn end(mut span: Span, result: &Result<Response<Bytes>, Failure>) {
    match result {
        Ok(response) => {
            let status = response.status();
            span.set("http.response.status_code", status.as_u16());
            span.set("network.protocol.version", protocol(response.version()));
            match status.is_client_error() || status.is_server_error() {
                true => span.fail(status.as_str()),
                false => span.end(),
            }
        }
        Err(failure) => span.fail(failure.error_type()),
    }
}
