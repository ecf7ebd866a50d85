//! A call to AWS that gave nothing: what the client is told, and what the log is told.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use service_kit::ApiError;

use crate::calls::{Operation, Outcome};

/// How long a client is asked to wait after throttling, in seconds: AWS refills its buckets every second.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why a call failed.
pub(crate) struct Failure {
    pub(crate) operation: Operation,
    pub(crate) reason: Reason,
    /// For the log alone.
    pub(crate) cause: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NotFound,
    Denied,
    Throttled,
    Timeout,
    NoCredentials,
    Unreachable,
    Failed,
}

impl Failure {
    pub(crate) fn outcome(&self) -> Outcome {
        match self.reason {
            Reason::NotFound => Outcome::NotFound,
            Reason::Denied => Outcome::Denied,
            Reason::Throttled => Outcome::Throttled,
            Reason::Timeout => Outcome::Timeout,
            Reason::NoCredentials | Reason::Unreachable | Reason::Failed => Outcome::Error,
        }
    }

    /// What the client is told: the operation, and never what AWS has said, which may hold keys.
    pub(crate) fn sentence(&self) -> String {
        let operation = self.operation.qualified();
        match self.reason {
            Reason::NotFound => format!("AWS does not know what {operation} asked for"),
            Reason::Denied => format!("AWS denied {operation}"),
            Reason::Throttled => format!("AWS throttled {operation}"),
            Reason::Timeout => format!("AWS did not answer {operation} in time"),
            Reason::NoCredentials => format!("no AWS credentials for {operation}"),
            Reason::Unreachable => format!("AWS is unreachable for {operation}"),
            Reason::Failed => format!("AWS failed {operation}"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.reason {
            Reason::Throttled => StatusCode::SERVICE_UNAVAILABLE,
            Reason::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        let error = ApiError::new(status, self.sentence());
        match self.reason {
            Reason::Throttled => error.with_header(header::RETRY_AFTER, RETRY_AFTER).into_response(),
            _ => error.into_response(),
        }
    }
}
