//! A call without an answer: what the client is told, and what the log is told.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::calls::Outcome;
use crate::error::ApiError;
use crate::request_id::X_REQUEST_ID;
use crate::trace;

/// How long a client that was shed is asked to wait, in seconds: by then a burst has passed.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why an upstream has not answered. As a response it is the contract's status, with the upstream's name in the body.
#[derive(Debug, thiserror::Error)]
#[error("{upstream} {}: {cause}", kind.sentence())]
pub struct Failure {
    upstream: &'static str,
    kind: Kind,
    /// For the log alone.
    cause: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shed,
    Unreachable,
    Timeout,
    Invalid,
}

impl Kind {
    fn sentence(self) -> &'static str {
        match self {
            Self::Shed => "has too many requests in flight",
            Self::Unreachable => "is unreachable",
            Self::Timeout => "did not answer in time",
            Self::Invalid => "gave no valid answer",
        }
    }
}

impl Failure {
    pub(super) fn shed(upstream: &'static str) -> Self {
        Self { upstream, kind: Kind::Shed, cause: "UPSTREAM_MAX_IN_FLIGHT is reached".to_owned() }
    }

    pub(super) fn timeout(upstream: &'static str, after: Duration) -> Self {
        let cause = format!("after {}", humantime::format_duration(after));
        Self { upstream, kind: Kind::Timeout, cause }
    }

    pub(super) fn unreachable(upstream: &'static str, error: &(dyn Error + 'static)) -> Self {
        Self { upstream, kind: Kind::Unreachable, cause: chain(error) }
    }

    pub(super) fn invalid(upstream: &'static str, cause: impl Into<String>) -> Self {
        Self { upstream, kind: Kind::Invalid, cause: cause.into() }
    }

    /// A failure of hyper's: bytes that are no HTTP were sent by somebody, everything else is a lost connection.
    pub(super) fn of_exchange(upstream: &'static str, error: &(dyn Error + 'static)) -> Self {
        let mut sources = std::iter::successors(Some(error), |&error| error.source());
        match sources.find_map(|error| error.downcast_ref::<hyper::Error>()) {
            Some(hyper) if hyper.is_parse() => Self::invalid(upstream, chain(error)),
            _ => Self::unreachable(upstream, error),
        }
    }

    pub(super) fn is_unreachable(&self) -> bool {
        self.kind == Kind::Unreachable
    }

    /// For the span of the attempt.
    pub(super) fn error_type(&self) -> &'static str {
        match self.kind {
            Kind::Shed => "shed",
            Kind::Unreachable => "unreachable",
            Kind::Timeout => trace::TIMEOUT,
            Kind::Invalid => "invalid_answer",
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.kind {
            Kind::Shed => Outcome::Shed,
            Kind::Unreachable => Outcome::Unreachable,
            Kind::Timeout => Outcome::Timeout,
            Kind::Invalid => Outcome::ServerError,
        }
    }

    /// What is shed comes in thousands, and stands in the metrics: it is not worth a line each.
    pub(super) fn log(&self, context: &HeaderMap) {
        let request_id = context.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
        let (upstream, cause, sentence) = (self.upstream, &self.cause, self.kind.sentence());
        match self.kind {
            Kind::Shed => tracing::debug!(upstream, cause, request_id, "upstream {sentence}"),
            _ => tracing::warn!(upstream, cause, request_id, "upstream {sentence}"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.kind {
            Kind::Shed => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Unreachable | Kind::Invalid => StatusCode::BAD_GATEWAY,
            Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        };
        let sentence = format!("{} {}", self.upstream, self.kind.sentence());
        let error = ApiError::new(status, sentence).with("upstream", self.upstream);
        match self.kind {
            Kind::Shed => error.with_header(header::RETRY_AFTER, RETRY_AFTER).into_response(),
            _ => error.into_response(),
        }
    }
}

/// An error with its causes, which hyper's own text leaves out.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()) {
        write!(text, ": {cause}").expect("a String takes every write");
    }
    text
}
