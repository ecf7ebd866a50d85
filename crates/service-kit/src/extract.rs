//! A JSON body, refused in the one envelope of errors when it is none.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The body of a request as JSON: 415 when it is declared as something else, 413 when it is larger than
/// `MAX_BODY_BYTES`, 400 when it is malformed or not of the type `T`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // Before the body is asked for: a client that waits for 100 Continue need not send it.
        if !is_json(request.headers()) {
            let message = "the content type must be application/json";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Self(value)),
            Err(error) if error.is_data() => {
                Err(ApiError::bad_request(format!("the body is not what is expected here: {error}")))
            }
            Err(error) => Err(ApiError::bad_request(format!("the body is not valid JSON: {error}"))),
        }
    }
}

/// `application/json` or `application/<anything>+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || subtype.len() > "+json".len() && subtype.ends_with("+json")
}

/// Only the status of axum's rejection tells what it was: the body limit is wrapped twice in it.
fn unread(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than is allowed")
        }
        _ => ApiError::bad_request("the body could not be read to its end"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepts(content_type: &'static str) -> bool {
        is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]))
    }

    #[test]
    fn json_is_recognised_with_its_parameters_and_suffixes() {
        for yes in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "text/plain", "application/jsonp", "application/+json", "text/json", "json"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
