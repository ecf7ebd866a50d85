//! What a rule answers in place of the handler.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::field::Field;
use super::rate::Rate;

/// A share of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorSpec {
    pub(super) rate: Rate,
    pub(super) status: StatusCode,
}

impl ErrorSpec {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        let fields = field.fields(&["rate", "status"])?;
        let status = fields.parse("status", |text| {
            status(text, |status| (400..=599).contains(&status) && status != 499)
                .ok_or_else(|| "must be from 400 to 599, but not 499, a client that left".to_owned())
        })?;
        Ok(Self {
            rate: fields.need("rate", rate)?,
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }
}

/// YAML knows more ways to write a number than the configuration does, such as `.5` or `1e-3`.
fn rate(text: &str) -> Result<Rate, String> {
    text.parse().or_else(|problem| {
        let number: Option<f64> = text.parse().ok();
        number.and_then(|number| number.to_string().parse().ok()).ok_or(problem)
    })
}

fn status(text: &str, allowed: impl Fn(u16) -> bool) -> Option<StatusCode> {
    let status = text.parse().ok().filter(|status| allowed(*status))?;
    StatusCode::from_u16(status).ok()
}

/// A body in place of the handler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodySpec {
    status: StatusCode,
    content_type: &'static str,
    content: Bytes,
}

impl BodySpec {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        let fields = field.fields(&["status", "json", "text"])?;
        let status = fields.parse("status", |text| {
            let has_body = |status| (200..=599).contains(&status) && ![204, 205, 304, 499].contains(&status);
            status(text, has_body)
                .ok_or_else(|| "must be from 200 to 599, but not 204, 205, 304 or 499".to_owned())
        })?;
        let (content_type, content) = match (fields.get("json"), fields.get("text")) {
            (Some(json), None) => ("application/json", json.value().to_string()),
            (None, Some(text)) => ("text/plain; charset=utf-8", text.parse(|text| Ok(text.to_owned()))?),
            _ => return Err(fields.problem("needs json or text, and not both")),
        };
        Ok(Self { status: status.unwrap_or(StatusCode::OK), content_type, content: content.into() })
    }

    pub(super) fn answer(&self) -> Response {
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type))];
        (self.status, content_type, self.content.clone()).into_response()
    }
}
