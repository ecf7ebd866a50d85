//! One connection, without a pool: what happens on the wire is exactly what the report says.

use std::error::Error;
use std::future::poll_fn;
use std::os::fd::AsFd;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderValue};
use http::{HeaderName, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::lost::Lost;
use super::target::Target;

const X_VERSION: HeaderName = HeaderName::from_static("x-version");

/// How long an idle connection may take to say that it is ready. One that still writes the body of a request that was
/// answered early is not.
const READY: Duration = Duration::from_millis(50);

/// How often, a millisecond apart, what waits in the socket is given to TLS or HTTP/2 to be understood.
const LOOKS: usize = 20;

type Body = Full<Bytes>;
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Connection {
    sender: Sender,
    /// Moves the bytes. Polled together with what waits for them, in the worker's own task: a task of its own would
    /// add two wake-ups to every latency. `None` once the connection is over.
    driver: Option<Driver>,
    /// The same socket again, to look for an end of stream that the runtime has not been told of yet.
    probe: std::net::TcpStream,
    /// Whether the server has a reason to send while no request is in flight: TLS and HTTP/2 have frames of their own.
    talks: bool,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
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
    /// The server has not had the request: it can be sent on another connection.
    Unsent,
    Lost(Lost),
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Lost> {
        let connected = TcpStream::connect(&*target.addresses).await.and_then(prepare);
        let (stream, probe) = connected.map_err(|error| Lost::connecting(&error))?;
        let talks = target.http2 || target.tls.is_some();
        let (sender, driver) = match &target.tls {
            Some(tls) => handshake(tls.connect(stream).await?, target.http2).await,
            None => handshake(stream, target.http2).await,
        }?;
        Ok(Self { sender, driver: Some(driver), probe, talks })
    }

    /// Whether an idle connection can take a request. The server may have closed it meanwhile, and a request written
    /// to it then would be lost although nothing went wrong.
    pub(super) async fn is_usable(&mut self) -> bool {
        for _ in 0..LOOKS {
            let ready = timeout(READY, drive(&mut self.driver, self.sender.ready())).await;
            if !matches!(ready, Ok(true)) || self.driver.is_none() {
                return false;
            }
            match self.probe.peek(&mut [0]) {
                Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
                Ok(length) if length == 0 || !self.talks => return false,
                Ok(_) => drive(&mut self.driver, sleep(Duration::from_millis(1))).await,
            }
        }
        false
    }

    /// Sends one request and reads its response to the end.
    pub(super) async fn exchange(&mut self, request: Request<Body>) -> Result<Answer, Failure> {
        let sender = &mut self.sender;
        drive(&mut self.driver, async {
            let response = match sender {
                Sender::Http1(sender) => sender.try_send_request(request).await,
                Sender::Http2(sender) => sender.try_send_request(request).await,
            };
            read(response.map_err(|error| failure(&error))?).await.map_err(Failure::Lost)
        })
        .await
    }
}

impl Sender {
    async fn ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }
}

fn prepare(stream: TcpStream) -> std::io::Result<(TcpStream, std::net::TcpStream)> {
    // A request is one small segment; waiting for more to fill it would be measured as latency.
    stream.set_nodelay(true)?;
    let probe = stream.as_fd().try_clone_to_owned()?;
    Ok((stream, probe.into()))
}

async fn handshake<T>(stream: T, http2: bool) -> Result<(Sender, Driver), Lost>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let lost = |error| Lost::before_head(&error);
    let io = TokioIo::new(stream);
    // Why a connection ended has been told to whoever waits, who can say what that means.
    if http2 {
        let (sender, driver) = http2::handshake(TokioExecutor::new(), io).await.map_err(lost)?;
        return Ok((Sender::Http2(sender), Box::pin(async { drop(driver.await) })));
    }
    let (sender, driver) = http1::handshake(io).await.map_err(lost)?;
    Ok((Sender::Http1(sender), Box::pin(async { drop(driver.await) })))
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

fn failure(error: &TrySendError<Request<Body>>) -> Failure {
    // hyper gives the request back only when it has not begun to write it.
    if error.message().is_some() || is_sent_away(error.error()) {
        Failure::Unsent
    } else {
        Failure::Lost(Lost::before_head(error.error()))
    }
}

/// Whether the server was leaving, by GOAWAY, and says that it has not looked at this request (RFC 9113, 6.8), which
/// may have crossed with that.
fn is_sent_away(error: &hyper::Error) -> bool {
    let http2 = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    http2.is_some_and(|error| {
        error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// Awaits `future` while the connection moves. The connection may be over first, with the response still buffered.
async fn drive<F: Future>(driver: &mut Option<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Some(moving) = driver
            && moving.as_mut().poll(context).is_ready()
        {
            *driver = None;
        }
        future.as_mut().poll(context)
    })
    .await
}
