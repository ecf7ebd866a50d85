//! What becomes of the auxiliary service's answer.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::value::{RawValue, to_raw_value};

use crate::forward::AUXILIARY_SERVICE;

/// Headers that say something about the answer itself: when to return, and what the data is.
const KEPT: [HeaderName; 2] = [header::RETRY_AFTER, HeaderName::from_static("x-backend")];

/// An object whose keys are sorted (kept) and whose values stand as the upstream wrote them.
type Object = BTreeMap<String, Box<RawValue>>;

/// An answer that can be passed on.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// What a client gets for the upstream's answer; None when that is none of the contract.
    pub(crate) fn read(response: &http::Response<Bytes>, version: &RawValue) -> Option<Self> {
        let status = response.status();
        let object = serde_json::from_slice::<Object>(response.body()).ok();
        let object = match status.as_u16() {
            200..300 => with(object?, "main_api_version", version.to_owned()),
            // The client's mistake stays one, also where something in between has written the body.
            400..500 => or_error(object.unwrap_or_default(), status),
            500.. => with(or_error(object?, status), "upstream", raw(AUXILIARY_SERVICE)),
            _ => return None,
        };
        let kept = |name: &HeaderName| Some((name.clone(), response.headers().get(name)?.clone()));
        let headers = KEPT.iter().filter_map(kept).collect();
        Some(Self { status, headers, body: serde_json::to_vec(&object).expect("an object is JSON") })
    }
}

fn with(mut object: Object, key: &str, value: Box<RawValue>) -> Object {
    object.insert(key.to_owned(), value);
    object
}

fn or_error(mut object: Object, status: StatusCode) -> Object {
    object
        .entry("error".to_owned())
        .or_insert_with(|| raw(&format!("{AUXILIARY_SERVICE} answered {status}")));
    object
}

fn raw(text: &str) -> Box<RawValue> {
    to_raw_value(text).expect("a string is JSON")
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (self.status, self.headers, json, self.body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &'static str) -> Option<(u16, String)> {
        let response = http::Response::builder().status(status).body(Bytes::from_static(body.as_bytes()));
        let answer = Answer::read(&response.unwrap(), &raw("1.2"))?;
        Some((answer.status.as_u16(), String::from_utf8(answer.body).unwrap()))
    }

    #[test]
    fn a_success_gains_the_version_and_keeps_its_values_to_the_letter() {
        let body = r#"{"value": 1.50,"auxiliary_service_version":"9"}"#;
        let expected = r#"{"auxiliary_service_version":"9","main_api_version":"1.2","value":1.50}"#;
        assert_eq!(read(200, body), Some((200, expected.to_owned())));
    }

    #[test]
    fn a_client_error_passes_whatever_its_body_is() {
        let body = r#"{"error":"Parameter x not found"}"#;
        assert_eq!(read(404, body), Some((404, body.to_owned())));
        let expected = r#"{"error":"auxiliary-service answered 429 Too Many Requests"}"#;
        assert_eq!(read(429, "<html>"), Some((429, expected.to_owned())));
    }

    #[test]
    fn a_server_error_in_json_names_the_upstream() {
        let expected = r#"{"error":"AWS timed out","upstream":"auxiliary-service"}"#;
        assert_eq!(read(504, r#"{"error":"AWS timed out"}"#), Some((504, expected.to_owned())));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (status, body) in
            [(200, ""), (200, "[]"), (200, "{\"a\":"), (204, ""), (302, "{}"), (500, "<html>"), (503, "")]
        {
            assert_eq!(read(status, body), None, "{status} {body}");
        }
    }
}
