//! Accepts connections and serves each in a task of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use http::Request;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};

use super::Listener;
use super::connection::{Connection, End, Graceful, ServeConnection};
use super::open::Open;
use super::socket::Socket;
use crate::logging;
use crate::stack::{Observe, RequestBody};

/// The largest request head, and what hyper may buffer of a body. Proxies in front allow 8 to 60 KiB; beyond that it is an attack or a broken client.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Streams that one HTTP/2 connection may have open, hyper's default said out loud: a mesh sidecar sends everything over one.
const MAX_STREAMS: u32 = 200;

/// How often an HTTP/2 peer must show that it is still there; a dead one would keep its streams open for ever.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How long to wait when the process has no file descriptor left, or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of one listener.
pub(super) struct Acceptor<S> {
    listener: Arc<Listener>,
    stack: Arc<S>,
    protocol: auto::Builder<ServiceExecutor>,
    open: Arc<Open>,
}

impl<S> Acceptor<S>
where
    S: Service<Request<RequestBody>, Response = Response, Error = Infallible> + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    pub(super) fn new(listener: Arc<Listener>, stack: S) -> Self {
        let mut protocol = auto::Builder::new(ServiceExecutor(listener.service));
        protocol.http1().max_buf_size(MAX_HEAD_BYTES);
        let mut http2 = protocol.http2();
        http2.max_header_list_size(MAX_HEAD_BYTES as u32).max_concurrent_streams(MAX_STREAMS);
        http2.timer(TokioTimer::new()).keep_alive_interval(PING_INTERVAL);
        Self { listener, stack: Arc::new(stack), protocol, open: Arc::default() }
    }

    pub(super) fn open(&self) -> Arc<Open> {
        Arc::clone(&self.open)
    }

    /// Accepts until `closing` resolves, and then whatever has connected by then.
    pub(super) async fn accept(self, tcp: TcpListener, closing: impl Future<Output = ()>) {
        let mut closing = std::pin::pin!(closing);
        loop {
            tokio::select! {
                accepted = tcp.accept() => match accepted {
                    Ok((stream, _)) => self.serve(stream),
                    Err(error) => self.refused(&error).await,
                },
                () = &mut closing => break,
            }
        }
        // Those that wait in the backlog would be reset with the socket. There may be more of them than a task may
        // usually do in one go.
        while let Some(Ok((stream, _))) = tokio::task::coop::unconstrained(tcp.accept()).now_or_never() {
            self.serve(stream);
        }
    }

    async fn refused(&self, error: &std::io::Error) {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }

    fn serve(&self, stream: TcpStream) {
        // An answer is written at once; waiting to fill a packet only delays it.
        let _ = stream.set_nodelay(true);
        let connection = Arc::new(Connection::new(Arc::clone(&self.listener)));
        let entry = self.open.add(Arc::clone(&connection));
        let service = Observe::new(Arc::clone(&connection), Arc::clone(&self.stack));
        let socket = TokioIo::new(Socket::new(stream, Arc::clone(&connection)));
        let inner = self.protocol.serve_connection(socket, service).into_owned();
        ServiceExecutor(self.listener.service).spawn(async move {
            let end = ServeConnection::new(inner, Arc::clone(&connection)).await;
            drop(entry);
            let is_clients_mistake = match end {
                End::Ordinary => false,
                End::Expired => connection.never_had_a_request(),
                End::Failed { error, in_request } => {
                    is_malformed(&*error, in_request) || connection.never_had_a_request()
                }
            };
            if let (true, Some(counter)) = (is_clients_mistake, &connection.listener.connection_errors) {
                counter.inc();
            }
        });
    }
}

/// Whether bytes came that are no HTTP, also behind good requests, or that ended within a head. A client that leaves
/// within a request is recorded with that.
fn is_malformed(error: &(dyn std::error::Error + Send + Sync + 'static), in_request: bool) -> bool {
    let Some(error) = error.downcast_ref::<hyper::Error>() else { return false };
    let http2 = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    error.is_parse()
        || error.is_incomplete_message() && !in_request
        // We, not the client, have sent GOAWAY with the error.
        || http2.is_some_and(|error| error.is_go_away() && error.is_library())
}

impl<I, S, B> Graceful for auto::Connection<'static, I, S, ServiceExecutor>
where
    S: Service<Request<hyper::body::Incoming>, Response = http::Response<B>>,
    S::Future: 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
    ServiceExecutor: auto::HttpServerConnExec<S::Future, B>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        auto::Connection::graceful_shutdown(self);
    }
}

/// Spawns tasks whose log lines carry the service's name.
#[derive(Clone, Copy)]
pub(super) struct ServiceExecutor(&'static str);

impl ServiceExecutor {
    fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(logging::in_service(self.0, task));
    }
}

impl<F> hyper::rt::Executor<F> for ServiceExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        tokio::spawn(logging::in_service(self.0, task));
    }
}
