//! Why a request is lost: it got no complete, valid HTTP response.

use std::error::Error;
use std::io::{self, ErrorKind};

/// The reason; its name is the key in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lost {
    /// Nobody listens at the address.
    Refused,
    /// No connection for another reason: no route, no file descriptors.
    Connect,
    /// No TLS with the server: a certificate that is not trusted, no common version, no HTTP/2.
    Tls,
    /// The connection was reset after the request had been given to it.
    Reset,
    /// The connection ended before a complete response head.
    Closed,
    /// What came back is not HTTP.
    BadResponse,
    /// The body ended before its announced length.
    Truncated,
    /// Sent, but not answered in time.
    Timeout,
    /// All connections were busy until the run had been over for the time that one request has.
    NotSent,
    /// In flight when the run was abandoned.
    Interrupted,
}

impl Lost {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::BadResponse => "bad_response",
            Self::Truncated => "truncated",
            Self::Timeout => "timeout",
            Self::NotSent => "not_sent",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn connecting(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset => Self::Reset,
            _ => Self::Connect,
        }
    }

    /// The connection was over within the TLS handshake.
    pub(super) fn in_handshake(error: &io::Error) -> Self {
        if is_reset(error.kind()) { Self::Reset } else { Self::Closed }
    }

    /// The exchange failed before there was a response head.
    pub(super) fn before_head(error: &hyper::Error) -> Self {
        match io_kind(error) {
            Some(kind) if is_reset(kind) => Self::Reset,
            _ if error.is_parse() => Self::BadResponse,
            _ => Self::Closed,
        }
    }

    /// The exchange failed within the response body.
    pub(super) fn in_body(error: &hyper::Error) -> Self {
        match io_kind(error) {
            Some(kind) if is_reset(kind) => Self::Reset,
            // How hyper reports broken chunk framing.
            Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) => Self::BadResponse,
            _ => Self::Truncated,
        }
    }
}

fn is_reset(kind: ErrorKind) -> bool {
    // A write to a connection that was reset before is a broken pipe.
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}

fn io_kind(error: &hyper::Error) -> Option<ErrorKind> {
    let source = error.source()?;
    match source.downcast_ref::<h2::Error>() {
        // A stream is reset as a connection is: after the request had been given to it.
        Some(h2) if h2.is_reset() => Some(ErrorKind::ConnectionReset),
        Some(h2) => h2.get_io().map(io::Error::kind),
        None => source.downcast_ref::<io::Error>().map(io::Error::kind),
    }
}
