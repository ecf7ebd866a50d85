//! The one envelope of every error answer: `{"error":"<one sentence>"}`.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

/// An answer that is an error: a status and one sentence for the client.
///
/// What the log is told is another matter: log the cause where the error is made.
#[derive(Debug)]
pub struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    body: Map<String, Value>,
    headers: HeaderMap,
}

impl ApiError {
    /// An error with the status and the sentence.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let body = Map::from_iter([("error".to_owned(), Value::String(message.into()))]);
        Self(Box::new(Parts { status, body, headers: HeaderMap::new() }))
    }

    /// 400: the client can mend it.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 503: nobody's request is wrong, and a later one may succeed.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// Adds a field to the body.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.body.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (self.0.status, self.0.headers, json, Value::Object(self.0.body).to_string()).into_response()
    }
}
