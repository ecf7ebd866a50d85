//! The handlers, one file a noun.

pub(crate) mod greeting;
pub(crate) mod work;

use http::{HeaderName, HeaderValue};

/// Which endpoint answered: a header that clients of the original program read.
fn endpoint(path: &'static str) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("x-endpoint-path"), HeaderValue::from_static(path))
}
