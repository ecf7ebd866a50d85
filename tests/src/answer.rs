//! A small HTTP client for tests: what came back, whatever its status, and raw bytes for what no client would send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderMap, Request};
use serde_json::Value;
use ureq::Agent;

/// No test waits longer for one answer.
const TIMEOUT: Duration = Duration::from_secs(40);

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
    config.max_redirects(0).max_idle_connections_per_host(64).build().into()
});

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }
}

/// Sends a request and reads the whole answer. Connections are kept and used again.
pub fn send(request: Request<Vec<u8>>) -> Result<Answer, ureq::Error> {
    let mut response = AGENT.run(request)?;
    let body = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
}

/// Sends bytes as they are and returns what came back before the server ended the connection (ask it to, with
/// `connection: close`).
pub fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout can be set");
    // A server that has refused may be gone before the last byte is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
