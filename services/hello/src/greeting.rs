//! The body that greets: all of it but the time is the same for every request of an endpoint, so it is written once.

use bytes::Bytes;
use serde_json::Value;
use service_kit::{Kit, Timestamp};

/// The bodies of the greeting endpoints.
pub(crate) struct Greeting {
    pub(crate) index: Body,
    pub(crate) success: Body,
    pub(crate) fail: Body,
}

/// A JSON object with a place for the time.
pub(crate) struct Body {
    before: String,
    after: String,
}

impl Greeting {
    pub(crate) fn new(greeting: &str, kit: &Kit) -> Self {
        let body = |message: &str, endpoint: &str, status: Option<&str>| {
            let (message, version, environment) =
                (json(message), json(kit.version()), json(kit.environment()));
            let status = status.map(|status| format!(",\"status\":{}", json(status))).unwrap_or_default();
            Body {
                before: format!(
                    r#"{{"message":{message},"version":{version},"environment":{environment},"timestamp":""#
                ),
                after: format!(r#"","endpoint":{}{status}}}"#, json(endpoint)),
            }
        };
        Self {
            index: body(greeting, "/", None),
            success: body(greeting, "/success", Some("success")),
            fail: body("This endpoint always fails", "/fail", Some("error")),
        }
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

impl Body {
    /// The body as of now.
    pub(crate) fn render(&self) -> Bytes {
        let now = Timestamp::now();
        Bytes::from([self.before.as_bytes(), now.as_bytes(), self.after.as_bytes()].concat())
    }
}
