//! One message to the collector, and what it says to that.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::batch;
use super::settings::{Endpoint, Target};

/// The most that is read of an answer. One that tells which spans were refused has a sentence about them.
const MAX_ANSWER: usize = 64 * 1024;

/// Why a message was not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) reason: String,
    /// Whether it may be taken later.
    pub(super) again: bool,
    /// For how long the collector does not want to be asked.
    pub(super) after: Option<Duration>,
}

impl Refused {
    fn for_now(reason: String) -> Self {
        Self { reason, again: true, after: None }
    }

    pub(super) fn silent(after: Duration) -> Self {
        Self::for_now(format!("no answer within {}", humantime::format_duration(after)))
    }
}

pub(super) struct Collector {
    endpoint: Endpoint,
    headers: HeaderMap,
}

impl Collector {
    pub(super) fn new(target: &Target) -> Self {
        let mut headers = target.headers.clone();
        let host = HeaderValue::from_str(target.endpoint.authority().as_str());
        headers.insert(header::HOST, host.expect("an authority is visible"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let agent = concat!("flotilla/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        Self { endpoint: target.endpoint.clone(), headers }
    }

    /// Sends a message, and returns how many of its spans were refused. Each has a connection of its own: there is one in
    /// seconds, and among several collectors behind one name the next may be another.
    pub(super) async fn send(&self, message: Bytes) -> Result<u64, Refused> {
        let response = self.exchange(message).await.map_err(|error| Refused::for_now(chain(&*error)))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(refusal(head.status, &head.headers));
        }
        // It has taken the spans, whatever becomes of the rest of its answer.
        let answer = Limited::new(body, MAX_ANSWER).collect().await.map(http_body_util::Collected::to_bytes);
        Ok(batch::rejected(&answer.unwrap_or_default()))
    }

    async fn exchange(
        &self,
        message: Bytes,
    ) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
        let authority = self.endpoint.authority();
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends when the answer was read, or nobody waits for that any more.
        tokio::spawn(connection);
        let mut request = Request::new(Full::new(message));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.path().parse()?;
        *request.headers_mut() = self.headers.clone();
        Ok(sender.send_request(request).await?)
    }
}

/// By the standard, these alone are for later; whoever is told anything else would be told it again.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Refused {
    let again = matches!(status.as_u16(), 429 | 502 | 503 | 504);
    let seconds = headers.get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
    Refused { reason: format!("it answers {status}"), again, after: seconds.map(Duration::from_secs) }
}

/// An error with its causes, which hyper's own text leaves out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()) {
        write!(text, ": {cause}").expect("a String takes every write");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_says_is_tried_again() {
        for (status, again) in
            [(429, true), (502, true), (503, true), (504, true), (400, false), (401, false), (500, false)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, &HeaderMap::new()).again, again, "{status}");
        }
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("3"))]);
        assert_eq!(refusal(StatusCode::TOO_MANY_REQUESTS, &headers).after, Some(Duration::from_secs(3)));
    }
}
