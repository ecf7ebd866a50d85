//! A connection's life: it rests until bytes come, and is then one of HTTP/1.1 or HTTP/2. hyper's buffers for HTTP/1.1
//! are 16 KiB, so a connection that has been idle for a moment gives them back and rests again.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use futures_util::future::poll_fn;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::bounds::Http2ServerConnExec;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::accept::ServiceExecutor;
use super::connection::{Connection, End, Graceful, ServeConnection};
use super::socket::{Protocol, Socket};
use crate::stack::{ObservedBody, STREAM_WINDOW};

/// The largest request head, and what hyper may buffer of a body. Proxies in front allow 8 to 60 KiB; beyond that it is an attack or a broken client.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Streams that one HTTP/2 connection may have open, hyper's default said out loud: a mesh sidecar sends everything over one.
const MAX_STREAMS: u32 = 200;

/// How often an HTTP/2 peer must show that it is still there; a dead one would keep its streams open for ever.
const PING_INTERVAL: Duration = Duration::from_secs(30);

pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<ServiceExecutor>,
}

impl Protocols {
    pub(super) fn new(executor: ServiceExecutor) -> Self {
        let mut http1 = http1::Builder::new();
        http1.max_buf_size(MAX_HEAD_BYTES);
        let mut http2 = http2::Builder::new(executor);
        http2.max_header_list_size(MAX_HEAD_BYTES as u32).max_concurrent_streams(MAX_STREAMS);
        // hyper's own are 1 MiB each, which a client may fill and leave.
        http2.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(2 * STREAM_WINDOW);
        http2.timer(TokioTimer::new()).keep_alive_interval(PING_INTERVAL);
        Self { http1, http2 }
    }

    /// Serves the connection to its end.
    pub(super) async fn serve<S>(&self, mut socket: Socket, connection: &Connection, mut service: S) -> End
    where
        S: Service<Request<Incoming>, Response = Response<ObservedBody>, Error = Infallible>,
        S::Future: Send + 'static,
    {
        loop {
            match poll_fn(|cx| poll_rest(&mut socket, connection, cx)).await {
                Awake::Over(end) => return end,
                Awake::Speaks(Protocol::Http2) => {
                    let inner = self.http2.serve_connection(TokioIo::new(socket), service);
                    return ServeConnection::new(Box::pin(inner).as_mut(), connection).await;
                }
                Awake::Speaks(Protocol::Http1) => {}
            }
            // In a box, so that a connection that rests is small.
            let mut inner = Box::new(self.http1.serve_connection(TokioIo::new(socket), service));
            match ServeConnection::new(Pin::new(&mut *inner), connection).await {
                End::Rests => {}
                end => return end,
            }
            let parts = inner.into_parts();
            (socket, service) = (parts.io.into_inner(), parts.service);
            // The beginning of a head that has yet to come. Copied, or the whole buffer would be kept.
            socket.unread(parts.read_buf.to_vec());
        }
    }
}

/// What a connection rests for.
enum Awake {
    Speaks(Protocol),
    Over(End),
}

fn poll_rest(socket: &mut Socket, connection: &Connection, cx: &mut Context<'_>) -> Poll<Awake> {
    if let Some(end) = connection.poll_end(cx) {
        return Poll::Ready(Awake::Over(end));
    }
    match socket.poll_protocol(cx) {
        Poll::Ready(protocol) => {
            connection.rests(false);
            Poll::Ready(Awake::Speaks(protocol))
        }
        // Asked last: a request that is already here is answered.
        Poll::Pending if connection.should_close() => Poll::Ready(Awake::Over(End::Ordinary)),
        Poll::Pending => {
            connection.rests(true);
            Poll::Pending
        }
    }
}

impl<I, S, B> Graceful for http1::Connection<I, S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    I: Read + Write + Unpin,
    B: Body<Error: Into<BoxError>> + 'static,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        http1::Connection::graceful_shutdown(self);
    }
}

impl<I, S, B> Graceful for http2::Connection<I, S, ServiceExecutor>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    I: Read + Write + Unpin,
    B: Body<Error: Into<BoxError>> + 'static,
    ServiceExecutor: Http2ServerConnExec<S::Future, B>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        http2::Connection::graceful_shutdown(self);
    }
}
