//! One connection: what it is doing, and how it is asked to end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use http::Version;
use pin_project_lite::pin_project;

use super::Listener;
use crate::lifecycle::Phase;

/// How long a new connection may take to send its first request head. A client that trickles a head a byte a second
/// holds a socket this long and no longer.
const FIRST_HEAD: Duration = Duration::from_secs(10);

/// How long a connection may rest between two requests. Longer than the load balancers and clients in front do (60 s to
/// 90 s), so that it is they who close: a server that closes first loses the request that is on its way.
const IDLE: Duration = Duration::from_mins(2);

/// The state that a connection's requests, its task and the reaper share.
pub(crate) struct Connection {
    pub(crate) listener: Arc<Listener>,
    opened: Instant,
    waker: AtomicWaker,
    in_flight: AtomicU32,
    /// Requests so far.
    requests: AtomicU64,
    /// Whether the client has sent anything at all.
    received: AtomicBool,
    /// Whether the last request line was too long.
    cut: AtomicBool,
    /// Whether the client has yet to take a part of an answer that was recorded when it was handed to hyper.
    writing: AtomicBool,
    /// Seconds after `opened` when the last request began or ended.
    active_at: AtomicU64,
    http2: AtomicBool,
    expired: AtomicBool,
}

impl Connection {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self {
            listener,
            opened: Instant::now(),
            waker: AtomicWaker::new(),
            in_flight: AtomicU32::new(0),
            requests: AtomicU64::new(0),
            received: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            writing: AtomicBool::new(false),
            active_at: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            expired: AtomicBool::new(false),
        }
    }

    pub(crate) fn request_begins(&self, version: Version, now: Instant) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.is_active(now);
        self.http2.store(version == Version::HTTP_2, Ordering::Relaxed);
    }

    pub(crate) fn request_ends(&self, now: Instant) {
        self.is_active(now);
        self.in_flight.fetch_sub(1, Ordering::Release);
    }

    fn is_active(&self, now: Instant) {
        self.active_at.store(now.duration_since(self.opened).as_secs(), Ordering::Relaxed);
    }

    pub(super) fn bytes_came(&self) {
        self.received.store(true, Ordering::Relaxed);
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// Whether the request at hand is only the beginning of what the client has sent.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether what comes next is a head. HTTP/2 has none.
    pub(super) fn is_between_requests(&self) -> bool {
        self.in_flight() == 0 && !self.http2.load(Ordering::Relaxed)
    }

    pub(super) fn writes(&self, is_blocked: bool) {
        self.writing.store(is_blocked, Ordering::Relaxed);
    }

    fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Relaxed)
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Ends the connection when it has rested too long, or when its client has long stopped taking its answers.
    pub(super) fn check(&self) {
        let limit = match (self.requests(), self.in_flight()) {
            (0, _) => FIRST_HEAD,
            (_, 0) => IDLE,
            // No handler takes longer than the request timeout: the client does not read.
            _ => IDLE + self.listener.request_timeout,
        };
        let active_at = Duration::from_secs(self.active_at.load(Ordering::Relaxed));
        if self.opened.elapsed().saturating_sub(active_at) > limit {
            self.expired.store(true, Ordering::Relaxed);
            self.waker.wake();
        }
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Whether bytes came that never became a request head.
    pub(super) fn never_had_a_request(&self) -> bool {
        self.received.load(Ordering::Relaxed) && self.requests() == 0
    }

    /// Whether there is no time left to wait for a client.
    pub(super) fn is_closing(&self) -> bool {
        self.listener.lifecycle.phase() >= Phase::Closing
    }

    fn is_cut_off(&self) -> bool {
        self.listener.lifecycle.phase() == Phase::Aborted
    }

    /// HTTP/2 has GOAWAY to send a client away as soon as draining begins; an idle HTTP/1.1 connection could only be
    /// closed, under a request that may be on its way, so it is kept until nothing new is accepted.
    fn should_close(&self) -> bool {
        match self.listener.lifecycle.phase() {
            Phase::Serving => false,
            Phase::Draining => self.http2.load(Ordering::Relaxed),
            // One that was accepted last may have its first request on the way.
            Phase::Closing => self.requests() > 0,
            Phase::Aborted => true,
        }
    }
}

/// hyper's connections can be asked to finish what they do and then close.
pub(super) trait Graceful {
    fn graceful_shutdown(self: Pin<&mut Self>);
}

pin_project! {
    /// A connection's task. Signals reach it through its own waker and an atomic, so that serving a request touches
    /// no lock that other connections share.
    pub(super) struct ServeConnection<C> {
        #[pin]
        inner: C,
        connection: Arc<Connection>,
        closing: bool,
    }
}

impl<C> ServeConnection<C> {
    pub(super) fn new(inner: C, connection: Arc<Connection>) -> Self {
        Self { inner, connection, closing: false }
    }
}

/// How a connection ended.
pub(super) enum End<E> {
    /// As connections do, or cut off.
    Ordinary,
    /// It had no request for too long.
    Expired,
    Failed {
        error: E,
        in_request: bool,
    },
}

impl<C, E> Future for ServeConnection<C>
where
    C: Future<Output = Result<(), E>> + Graceful,
{
    type Output = End<E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        this.connection.waker.register(cx.waker());
        if this.connection.expired.load(Ordering::Relaxed) {
            return Poll::Ready(End::Expired);
        }
        if this.connection.is_cut_off() {
            return Poll::Ready(End::Ordinary);
        }
        loop {
            let ask = !*this.closing && this.connection.should_close();
            if ask {
                *this.closing = true;
                this.inner.as_mut().graceful_shutdown();
            }
            match this.inner.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(End::Ordinary),
                // The request that was hit, if any, is held by hyper until it is dropped.
                Poll::Ready(Err(error)) => {
                    let in_request = this.connection.in_flight() > 0 || this.connection.is_writing();
                    return Poll::Ready(End::Failed { error, in_request });
                }
                // The first request of an HTTP/2 connection tells what it is only while it is polled.
                Poll::Pending if !*this.closing && this.connection.should_close() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
