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
    any_request: AtomicBool,
    /// Seconds after `opened` when the last request ended.
    idle_since: AtomicU64,
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
            any_request: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            expired: AtomicBool::new(false),
        }
    }

    pub(crate) fn request_begins(&self, version: Version) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.any_request.store(true, Ordering::Relaxed);
        self.http2.store(version == Version::HTTP_2, Ordering::Relaxed);
    }

    pub(crate) fn request_ends(&self, now: Instant) {
        self.idle_since.store(now.duration_since(self.opened).as_secs(), Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Release);
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Makes the connection's task look at the phase, and ends it when it has rested too long.
    pub(super) fn check(&self) {
        let limit = if self.any_request.load(Ordering::Relaxed) { IDLE } else { FIRST_HEAD };
        let idle_since = Duration::from_secs(self.idle_since.load(Ordering::Relaxed));
        if self.in_flight() == 0 && self.opened.elapsed().saturating_sub(idle_since) > limit {
            self.expired.store(true, Ordering::Relaxed);
            self.waker.wake();
        }
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
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
            Phase::Closing | Phase::Aborted => true,
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
pub(super) enum End {
    /// As connections do, or in the middle of a request, which is recorded as such.
    Ordinary,
    /// Its bytes never became a request head.
    NoHead(String),
}

impl<C, E> Future for ServeConnection<C>
where
    C: Future<Output = Result<(), E>> + Graceful,
    E: std::fmt::Display,
{
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        this.connection.waker.register(cx.waker());
        if this.connection.expired.load(Ordering::Relaxed) {
            return Poll::Ready(match this.connection.any_request.load(Ordering::Relaxed) {
                true => End::Ordinary,
                false => End::NoHead(format!("no request within {} s", FIRST_HEAD.as_secs())),
            });
        }
        if this.connection.is_cut_off() {
            return Poll::Ready(End::Ordinary);
        }
        let in_request = this.connection.in_flight() > 0;
        loop {
            let ask = !*this.closing && this.connection.should_close();
            if ask {
                *this.closing = true;
                this.inner.as_mut().graceful_shutdown();
            }
            match this.inner.as_mut().poll(cx) {
                Poll::Ready(Err(error)) if !in_request => return Poll::Ready(End::NoHead(error.to_string())),
                Poll::Ready(_) => return Poll::Ready(End::Ordinary),
                // The first request of an HTTP/2 connection tells what it is only while it is polled.
                Poll::Pending if !*this.closing && this.connection.should_close() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
