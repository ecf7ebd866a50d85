//! The handlers, one file a noun.

pub(crate) mod openapi;
pub(crate) mod product;
pub(crate) mod products;

use http::{HeaderValue, StatusCode, header};
use service_kit::ApiError;

use crate::catalogue::Unavailable;

/// What a client is told to wait, in seconds: about as long as a database takes that only restarts.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error.to_string()).with_header(header::RETRY_AFTER, RETRY_AFTER)
    }
}

fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Product not found")
}
