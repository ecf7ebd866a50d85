//! Passes a request below `/api` on to product-api, and its answer back, both as they are but for what names a place:
//! the path, `Location`, and who answered.

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use service_kit::upstream::Upstream;
use service_kit::{ApiError, Asset};

const PREFIX: &str = "/api";

const X_VERSION: HeaderName = HeaderName::from_static("x-version");
/// The version of product-api: `x-version` is storefront's own.
const X_UPSTREAM_VERSION: HeaderName = HeaderName::from_static("x-upstream-version");

/// Sends the request on, and returns the answer.
///
/// # Errors
///
/// When the path leaves `/api`, the method is not one to pass on, the body cannot be read, or product-api does not answer: with what the client is told.
pub(crate) async fn forward(api: &Upstream, request: Request) -> Result<Response, Response> {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let target = target(request.uri()).ok_or_else(not_found)?;
    if matches!(method, Method::TRACE | Method::CONNECT) {
        return Err(method_not_allowed());
    }
    let depth = depth(&target);
    let body = Bytes::from_request(request, &()).await.map_err(|error| unread(&error))?;
    let mut forwarded = http::Request::new(body);
    *forwarded.method_mut() = method;
    *forwarded.uri_mut() = target;
    *forwarded.headers_mut() = headers.clone();
    let answer = api.send(forwarded, &headers, Some).await.map_err(IntoResponse::into_response)?;
    Ok(back(answer, depth))
}

fn not_found() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "not found").into_response()
}

/// TRACE would show a client what is added on the way, and CONNECT asks for a tunnel: neither is for product-api.
fn method_not_allowed() -> Response {
    let allowed = HeaderValue::from_static("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS");
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    error.with_header(header::ALLOW, allowed).into_response()
}

fn unread(error: &BytesRejection) -> Response {
    let message = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
        _ => "the body could not be read to its end",
    };
    ApiError::new(error.status(), message).into_response()
}

/// The path below `/api` with its query. None for a path with `.` or `..` in it, however encoded: on its way
/// something could take it for another place.
fn target(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_prefix(PREFIX)?;
    let decoded = percent_decode_str(path).collect::<Vec<u8>>();
    let mut segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    if segments.any(|segment| matches!(segment, b"." | b"..")) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}

fn back(answer: http::Response<Bytes>, depth: usize) -> Response {
    let mut response = answer.map(Body::from);
    let headers = response.headers_mut();
    if let Some(version) = headers.remove(X_VERSION) {
        headers.insert(X_UPSTREAM_VERSION, version);
    }
    relocate(headers, depth);
    headers.insert(header::CONTENT_SECURITY_POLICY, Asset::CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// How many folders below `/api` a path is.
fn depth(target: &Uri) -> usize {
    target.path().matches('/').count().saturating_sub(1)
}

/// A path of product-api's is a path below `/api` here: relative, because something before this may have cut off a
/// prefix. One that is relative already is right as it is.
fn relocate(headers: &mut HeaderMap, depth: usize) {
    let Some(location) = headers.get(header::LOCATION).and_then(|location| location.to_str().ok()) else {
        return;
    };
    if location.starts_with('/') && !location.starts_with("//") {
        let folders = if depth == 0 { ".".to_owned() } else { vec![".."; depth].join("/") };
        let below = HeaderValue::from_str(&format!("{folders}{location}"));
        headers.insert(header::LOCATION, below.expect("a header's value with a path before it is one"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(uri: &str) -> Option<String> {
        target(&uri.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn the_path_and_the_query_go_on_to_the_letter() {
        for (from, to) in [
            ("/api/products", "/products"),
            ("/api/products?category=a%20b&limit=1", "/products?category=a%20b&limit=1"),
            ("/api/products/1%2F2?", "/products/1%2F2?"),
            ("/api//products", "//products"),
            ("/api/...", "/..."),
        ] {
            assert_eq!(path(from).as_deref(), Some(to));
        }
    }

    #[test]
    fn no_path_leaves_the_api() {
        for bad in [
            "/api/..",
            "/api/../admin",
            "/api/%2e%2E/x",
            "/api/a/.%2e%2fb",
            "/api/./x",
            "/api/..%5cx",
            "/products",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_location_of_the_apis_is_below_api_here() {
        for (asked, from, to) in [
            ("/products", "/products/11", "./products/11"),
            ("/products/11", "/products/12", "../products/12"),
            ("/a/b/", "/products/12", "../../products/12"),
            ("/products", "./products/11", "./products/11"),
            ("/products", "//host/x", "//host/x"),
            ("/products", "http://a/b", "http://a/b"),
        ] {
            let mut headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(from))]);
            relocate(&mut headers, depth(&Uri::from_static(asked)));
            assert_eq!(headers[header::LOCATION], to, "{asked}");
        }
    }
}
