//! The arguments of `flotilla load`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use http::Method;

use super::header::Header;
use super::rate::Rate;

/// Far beyond any run, and small enough that no time arithmetic overflows.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Send requests at a fixed rate and account for each of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Latency runs from the time a request was due to the end of its response, so a stalled server is not hidden.
Lost requests (no complete, valid response) are counted by reason; their latency is not in the quantiles.
Ctrl-C ends the run early, waits for what is in flight and prints the report; a second one does not wait.
Exit status: 0 every request was answered, 1 one or more were lost, 2 bad arguments.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// An http:// or https:// URL; its host is resolved once, at the start
    pub(super) url: String,

    /// Arrival rate: 500/s, 500 (a second), 0.5/s or 30/m
    #[arg(long, default_value = "100/s")]
    pub(super) rate: Rate,

    /// For how long requests become due; rate times this is how many are sent
    #[arg(long = "for", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(super) duration: Duration,

    /// Keep-alive connections, and so the most requests in flight
    #[arg(long, value_name = "N", default_value = "16")]
    pub(super) connections: NonZeroUsize,

    /// Open a connection for each request (connection: close)
    #[arg(long)]
    pub(super) new_connections: bool,

    /// Speak HTTP/2, over https:// negotiated by ALPN; still one request at a time on each connection
    #[arg(long)]
    pub(super) http2: bool,

    /// Accept any certificate; without it the system's authorities are trusted, or those in the file SSL_CERT_FILE
    #[arg(long, short = 'k')]
    pub(super) insecure: bool,

    /// A request is lost when it is not answered this long after it was sent, or not sent this long after the end
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(super) timeout: Duration,

    /// Request method [default: GET, and POST with a body]
    #[arg(long, short, value_parser = method)]
    pub(super) method: Option<Method>,

    /// A header of every request, any number of times; Host is where an ingress routes it, also as HTTP/2's :authority
    #[arg(long = "header", short = 'H', value_name = "NAME:VALUE")]
    pub(super) headers: Vec<Header>,

    /// Request body
    #[arg(long, short = 'd', value_name = "TEXT", conflicts_with = "body_file")]
    pub(super) body: Option<String>,

    /// File with the request body
    #[arg(long, short = 'D', value_name = "FILE")]
    pub(super) body_file: Option<PathBuf>,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("must be longer than 0s".to_owned()),
        Ok(duration) if duration > LONGEST => Err("must be at most 365d".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; use a form like 30s, 500ms or 2m")),
    }
}

fn method(text: &str) -> Result<Method, String> {
    match text.parse() {
        // It would turn the connection into a tunnel: there is no response to measure.
        Ok(Method::CONNECT) => Err("CONNECT is not supported".to_owned()),
        Ok(method) => Ok(method),
        Err(_) => Err("not an HTTP method".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_positive_and_bounded() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for bad in ["0s", "366d", "10", "", "-1s", "soon"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn methods_are_tokens_other_than_connect() {
        assert_eq!(method("DELETE"), Ok(Method::DELETE));
        for bad in ["CONNECT", "", "GET /"] {
            assert!(method(bad).is_err(), "{bad:?}");
        }
    }
}
