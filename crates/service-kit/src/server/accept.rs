//! Accepts connections and serves each in a task of its own.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use http::Request;
use hyper::service::Service;
use tokio::net::{TcpListener, TcpStream};

use super::Listener;
use super::connection::{Connection, End};
use super::open::Open;
use super::protocols::Protocols;
use super::socket::Socket;
use crate::logging;
use crate::stack::{Observe, RequestBody};

/// What a client is told for which there is no place. Its request is not read, so it is no request to any counter.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 32\r\n\
    retry-after: 1\r\nconnection: close\r\n\r\n{\"error\":\"too many connections\"}";

/// Beyond this share of the places, idle connections rest at once: all of them with buffers are 20 MiB.
const CROWDED: usize = 4;

/// How long to wait when the process has no file descriptor left, or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of one listener.
pub(super) struct Acceptor<S> {
    listener: Arc<Listener>,
    stack: Arc<S>,
    protocols: Arc<Protocols>,
    open: Arc<Open>,
    /// How many connections there may be.
    capacity: usize,
}

impl<S> Acceptor<S>
where
    S: Service<Request<RequestBody>, Response = Response, Error = Infallible> + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    pub(super) fn new(listener: Arc<Listener>, stack: S, capacity: usize) -> Self {
        let protocols = Arc::new(Protocols::new(ServiceExecutor(listener.service)));
        Self { listener, stack: Arc::new(stack), protocols, open: Arc::default(), capacity }
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
                    Ok((stream, peer)) => self.admit(stream, peer.ip()),
                    Err(error) => self.refused(&error).await,
                },
                () = &mut closing => break,
            }
        }
        // Those that wait in the backlog would be reset with the socket. There may be more of them than a task may
        // usually do in one go.
        while let Some(Ok((stream, peer))) = tokio::task::coop::unconstrained(tcp.accept()).now_or_never() {
            self.admit(stream, peer.ip());
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

    /// When every place is taken, the connection that has been idle for the longest goes: most likely nobody misses it,
    /// while refusing new ones would let clients that say nothing keep everyone out.
    fn admit(&self, stream: TcpStream, peer: IpAddr) {
        let open = self.open.len();
        self.listener.crowded.store(open >= self.capacity / CROWDED, Ordering::Relaxed);
        if open < self.capacity {
            return self.serve(stream, peer);
        }
        let displaced = self.open.displace_longest_idle();
        self.listener.count_shed(if displaced { "idle" } else { "refused" });
        if displaced {
            self.serve(stream, peer);
        } else {
            refuse(&stream);
        }
    }

    fn serve(&self, stream: TcpStream, peer: IpAddr) {
        // An answer is written at once; waiting to fill a packet only delays it.
        let _ = stream.set_nodelay(true);
        let connection = Arc::new(Connection::new(Arc::clone(&self.listener), peer));
        let entry = self.open.add(Arc::clone(&connection));
        let service = Observe::new(Arc::clone(&connection), Arc::clone(&self.stack));
        let socket = Socket::new(stream, Arc::clone(&connection));
        let protocols = Arc::clone(&self.protocols);
        ServiceExecutor(self.listener.service).spawn(async move {
            let end = protocols.serve(socket, &connection, service).await;
            drop(entry);
            let is_clients_mistake = match end {
                End::Ordinary | End::Rests => false,
                End::Expired => connection.never_had_a_request(),
                End::Failed { error, in_request } => {
                    is_malformed(&error, in_request) || connection.never_had_a_request()
                }
            };
            if let (true, Some(counter)) = (is_clients_mistake, &connection.listener.connection_errors) {
                counter.inc();
            }
        });
    }
}

fn refuse(stream: &TcpStream) {
    // What is here already: closed with unread bytes, TCP would take the answer back.
    let _ = stream.try_read(&mut [0; 4096]);
    let _ = stream.try_write(FULL);
}

/// Whether bytes came that are no HTTP, also behind good requests, or that ended within a head. A client that leaves
/// within a request is recorded with that.
fn is_malformed(error: &hyper::Error, in_request: bool) -> bool {
    let http2 = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    error.is_parse()
        || error.is_incomplete_message() && !in_request
        // We, not the client, have sent GOAWAY with the error.
        || http2.is_some_and(|error| error.is_go_away() && error.is_library())
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
