//! One connection: what it is doing, and how it is asked to end.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use http::Version;

use super::Listener;
use crate::lifecycle::Phase;

/// How long a new connection may take to send its first request head. A client that trickles a head a byte a second
/// holds a socket this long and no longer.
const FIRST_HEAD: Duration = Duration::from_secs(10);

/// How long a client may leave its answers unread, beside what their handlers may take.
const STALLED: Duration = Duration::from_mins(2);

/// From when on a connection without a request is idle: its buffers are given back, and a new client may have its place.
const IDLE: Duration = Duration::from_secs(1);

/// The state that a connection's requests, its task and the reaper share.
pub(crate) struct Connection {
    pub(crate) listener: Arc<Listener>,
    /// The other end.
    pub(crate) peer: IpAddr,
    opened: Instant,
    waker: AtomicWaker,
    in_flight: AtomicU32,
    /// Bodies of requests that may still be read.
    bodies: AtomicU32,
    /// Requests so far.
    requests: AtomicU64,
    /// Whether the client has sent anything at all.
    received: AtomicBool,
    /// Whether the last request line was too long.
    cut: AtomicBool,
    /// Whether the client has yet to take a part of an answer that was recorded when it was handed to hyper.
    writing: AtomicBool,
    /// Milliseconds after `opened` when the last request began or ended.
    active_at: AtomicU64,
    http2: AtomicBool,
    expired: AtomicBool,
    /// Whether it holds nothing but its socket.
    resting: AtomicBool,
    /// Whether it should.
    may_rest: AtomicBool,
    /// Whether its place is needed for another.
    displaced: AtomicBool,
}

impl Connection {
    pub(super) fn new(listener: Arc<Listener>, peer: IpAddr) -> Self {
        Self {
            listener,
            peer,
            opened: Instant::now(),
            waker: AtomicWaker::new(),
            in_flight: AtomicU32::new(0),
            bodies: AtomicU32::new(0),
            requests: AtomicU64::new(0),
            received: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            writing: AtomicBool::new(false),
            active_at: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            expired: AtomicBool::new(false),
            resting: AtomicBool::new(false),
            may_rest: AtomicBool::new(false),
            displaced: AtomicBool::new(false),
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
        self.active_at.store(now.duration_since(self.opened).as_millis() as u64, Ordering::Relaxed);
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
            (_, 0) if !self.is_writing() => self.listener.idle_timeout,
            // No handler takes longer than the request timeout: the client does not read.
            _ => STALLED + self.listener.request_timeout,
        };
        if self.since_active() > limit {
            self.expired.store(true, Ordering::Relaxed);
            self.waker.wake();
        } else if self.idle().is_some() && self.requests() > 0 && !self.resting.load(Ordering::Relaxed) {
            self.may_rest.store(true, Ordering::Relaxed);
            self.waker.wake();
        }
    }

    fn since_active(&self) -> Duration {
        let active_at = Duration::from_millis(self.active_at.load(Ordering::Relaxed));
        self.opened.elapsed().saturating_sub(active_at)
    }

    fn is_unused(&self) -> bool {
        self.in_flight() == 0 && self.bodies.load(Ordering::Acquire) == 0 && !self.is_writing()
    }

    /// How long it has been idle, if it is and nobody has its place yet.
    pub(super) fn idle(&self) -> Option<Duration> {
        let since = self.since_active();
        (since >= IDLE && self.is_unused() && !self.displaced.load(Ordering::Relaxed)).then_some(since)
    }

    /// Ends it in favour of another, unless a request has come by now.
    pub(super) fn displace(&self) {
        self.displaced.store(true, Ordering::Relaxed);
        self.waker.wake();
    }

    pub(super) fn rests(&self, resting: bool) {
        self.resting.store(resting, Ordering::Relaxed);
        self.may_rest.store(false, Ordering::Relaxed);
    }

    /// HTTP/2 keeps what it has: its streams share one state.
    fn should_rest(&self) -> bool {
        (self.may_rest.load(Ordering::Relaxed) || self.listener.crowded.load(Ordering::Relaxed))
            && self.requests() > 0
            && self.is_unused()
            && !self.http2.load(Ordering::Relaxed)
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
        self.displaced.load(Ordering::Relaxed) || self.listener.lifecycle.phase() >= Phase::Closing
    }

    fn is_cut_off(&self) -> bool {
        self.listener.lifecycle.phase() == Phase::Aborted
    }

    /// HTTP/2 has GOAWAY to send a client away as soon as draining begins; an idle HTTP/1.1 connection could only be
    /// closed, under a request that may be on its way, so it is kept until nothing new is accepted.
    pub(super) fn should_close(&self) -> bool {
        if self.displaced.load(Ordering::Relaxed) {
            return true;
        }
        match self.listener.lifecycle.phase() {
            Phase::Serving => false,
            Phase::Draining => self.http2.load(Ordering::Relaxed),
            // One that was accepted last may have its first request on the way.
            Phase::Closing => self.requests() > 0,
            Phase::Aborted => true,
        }
    }
}

/// A body of a request that may still be read: until it is gone, its connection is not idle.
pub(crate) struct OpenBody(Arc<Connection>);

impl OpenBody {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        connection.bodies.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for OpenBody {
    fn drop(&mut self) {
        self.0.bodies.fetch_sub(1, Ordering::Release);
    }
}

/// hyper's connections can be asked to finish what they do and then close.
pub(super) trait Graceful {
    fn graceful_shutdown(self: Pin<&mut Self>);
}

/// A connection's task while hyper has it. Signals reach it through its own waker and an atomic, so that serving a
/// request touches no lock that other connections share.
pub(super) struct ServeConnection<'a, C> {
    inner: Pin<&'a mut C>,
    connection: &'a Connection,
    closing: bool,
}

impl<'a, C> ServeConnection<'a, C> {
    pub(super) fn new(inner: Pin<&'a mut C>, connection: &'a Connection) -> Self {
        Self { inner, connection, closing: false }
    }
}

/// How a connection ended.
pub(super) enum End {
    /// As connections do, or cut off.
    Ordinary,
    /// It had no request for too long.
    Expired,
    /// Not at all: it is idle, and hyper may go.
    Rests,
    Failed {
        error: hyper::Error,
        in_request: bool,
    },
}

impl Connection {
    /// Whether it is over, whatever its client does. Else the task is woken when that may have changed.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Option<End> {
        self.waker.register(cx.waker());
        if self.expired.load(Ordering::Relaxed) {
            return Some(End::Expired);
        }
        self.is_cut_off().then_some(End::Ordinary)
    }
}

impl<C> Future for ServeConnection<'_, C>
where
    C: Future<Output = Result<(), hyper::Error>> + Graceful,
{
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let this = self.get_mut();
        if let Some(end) = this.connection.poll_end(cx) {
            return Poll::Ready(end);
        }
        loop {
            // Before it is asked to close: a request that is already here is answered.
            match this.inner.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(End::Ordinary),
                // The request that was hit, if any, is held by hyper until it is dropped.
                Poll::Ready(Err(error)) => {
                    let in_request = this.connection.in_flight() > 0 || this.connection.is_writing();
                    return Poll::Ready(End::Failed { error, in_request });
                }
                Poll::Pending if !this.closing && this.connection.should_close() => {
                    this.closing = true;
                    this.inner.as_mut().graceful_shutdown();
                }
                Poll::Pending if !this.closing && this.connection.should_rest() => {
                    return Poll::Ready(End::Rests);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
