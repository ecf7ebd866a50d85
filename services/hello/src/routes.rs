//! The handlers, one file a noun.

pub(crate) mod greeting;
pub(crate) mod openapi;
pub(crate) mod work;

use http::{HeaderName, HeaderValue};

/// Which endpoint answered: a header that clients of the original program read.
const X_ENDPOINT_PATH: HeaderName = HeaderName::from_static("x-endpoint-path");

fn endpoint(path: &'static str) -> (HeaderName, HeaderValue) {
    (X_ENDPOINT_PATH, HeaderValue::from_static(path))
}
