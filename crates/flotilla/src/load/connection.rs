//! One HTTP/1.1 connection, without a pool: what happens on the wire is exactly what the report says.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderValue};
use http::{HeaderName, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::lost::Lost;

const X_VERSION: HeaderName = HeaderName::from_static("x-version");

type Driver = http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>;

pub(super) struct Connection {
    sender: http1::SendRequest<Empty<Bytes>>,
    /// Moves the bytes. Polled together with what waits for them, in the worker's own task: a task of its own would
    /// add two wake-ups to every latency. `None` once the connection is over.
    driver: Option<Driver>,
    /// The same socket again, to look for an end of stream that the runtime has not been told of yet.
    probe: std::net::TcpStream,
}

/// What is kept of a complete response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) version: Option<HeaderValue>,
    /// The server ends the connection with this response.
    pub(super) last: bool,
}

/// Why there is no answer.
pub(super) enum Failure {
    /// The connection was over before a byte of the request was written: it can be sent on another one.
    Unsent,
    Lost(Lost),
}

impl Connection {
    pub(super) async fn open(addresses: &[SocketAddr]) -> Result<Self, Lost> {
        let (stream, probe) = connect(addresses).await.map_err(|error| Lost::connecting(&error))?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| Lost::before_head(&error))?;
        Ok(Self { sender, driver: Some(driver), probe })
    }

    /// Whether an idle connection can take a request. The server may have closed it meanwhile, and a request written
    /// to it then would be lost although nothing went wrong.
    pub(super) async fn is_usable(&mut self) -> bool {
        let ready = drive(&mut self.driver, self.sender.ready()).await.is_ok();
        let quiet =
            self.probe.peek(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        ready && quiet && self.driver.is_some()
    }

    /// Sends one request and reads its response to the end.
    pub(super) async fn exchange(&mut self, request: Request<Empty<Bytes>>) -> Result<Answer, Failure> {
        let response = self.sender.try_send_request(request);
        drive(&mut self.driver, async {
            let response = response.await.map_err(|error| failure(&error))?;
            read(response).await.map_err(Failure::Lost)
        })
        .await
    }
}

async fn connect(addresses: &[SocketAddr]) -> std::io::Result<(TcpStream, std::net::TcpStream)> {
    let stream = TcpStream::connect(addresses).await?;
    // A request is one small segment; waiting for more to fill it would be measured as latency.
    stream.set_nodelay(true)?;
    let probe = stream.as_fd().try_clone_to_owned()?;
    Ok((stream, probe.into()))
}

async fn read(response: Response<Incoming>) -> Result<Answer, Lost> {
    let (head, mut body) = response.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| Lost::in_body(&error))?;
    }
    Ok(Answer {
        status: head.status.as_u16(),
        version: head.headers.get(X_VERSION).cloned(),
        last: says_close(&head.headers),
    })
}

fn says_close(headers: &HeaderMap) -> bool {
    let mut tokens = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|token| token.trim().eq_ignore_ascii_case("close"))
}

fn failure(error: &TrySendError<Request<Empty<Bytes>>>) -> Failure {
    // hyper gives the request back only when it has not begun to write it.
    if error.message().is_some() { Failure::Unsent } else { Failure::Lost(Lost::before_head(error.error())) }
}

/// Awaits `future` while the connection moves. The connection may be over first, with the response still buffered.
async fn drive<F: Future>(driver: &mut Option<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Some(moving) = driver
            && Pin::new(moving).poll(context).is_ready()
        {
            // Why it ended has been told to the future, which is the one who can say what that means.
            *driver = None;
        }
        future.as_mut().poll(context)
    })
    .await
}
