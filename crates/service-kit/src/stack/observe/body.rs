//! The bodies of a request that is observed: both report when the client is gone.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::exchange::Exchange;
use crate::server::{Connection, OpenBody};
use crate::trace;

/// What is known of a request's body when its exchange ends.
pub(super) struct BodyState {
    /// The connection ended in its middle: the handler's answer reaches nobody.
    pub(super) client_lost: AtomicBool,
    /// It was read to its end.
    pub(super) read: AtomicBool,
    /// Whether the client waits for `100 Continue`, which hyper sends when the body is first asked for.
    awaited: AtomicBool,
    /// What the handler has dropped unread; HTTP/2 does without. Only this request's task comes here.
    rest: Option<Mutex<Option<Incoming>>>,
    _open: OpenBody,
}

impl BodyState {
    /// None for a request without a body.
    pub(super) fn of(request: &Request<Incoming>, connection: &Arc<Connection>) -> Option<Arc<Self>> {
        if request.body().is_end_stream() {
            return None;
        }
        let mut expected = request.headers().get_all(header::EXPECT).iter();
        Some(Arc::new(Self {
            client_lost: AtomicBool::new(false),
            read: AtomicBool::new(false),
            awaited: expected.any(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")).into(),
            rest: (request.version() < Version::HTTP_2).then(Mutex::default),
            _open: OpenBody::new(connection),
        }))
    }

    /// The part of the body that is there or on its way, and that nobody has read.
    pub(super) fn take_rest(self: &Arc<Self>) -> Option<RequestBody> {
        let mut rest = self.rest.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let incoming = rest.take()?;
        // Who waits for 100 Continue has not sent it, and need not.
        let is_coming = !self.awaited.load(Ordering::Relaxed);
        is_coming.then(|| RequestBody {
            incoming: Some(incoming),
            state: Some(Arc::clone(self)),
            is_rest: true,
        })
    }

    fn leave(&self, unread: Incoming) {
        if let Some(rest) = &self.rest {
            *rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(unread);
        }
    }
}

/// A request's body, which says what became of it. A request without one has no state.
pub(crate) struct RequestBody {
    /// None once it has failed.
    incoming: Option<Incoming>,
    state: Option<Arc<BodyState>>,
    /// Whether its handler is done with it.
    is_rest: bool,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, state: Option<Arc<BodyState>>) -> Self {
        Self { incoming: Some(incoming), state, is_rest: false }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
        let Some(state) = &this.state else { return Pin::new(incoming).poll_frame(cx) };
        state.awaited.store(false, Ordering::Relaxed);
        let frame = ready!(Pin::new(&mut *incoming).poll_frame(cx));
        match &frame {
            Some(Err(error)) => {
                // A body that is malformed can still be answered; one that stopped cannot.
                state.client_lost.store(is_disconnect(error), Ordering::Relaxed);
                this.incoming = None;
            }
            // A body in chunks has no end before it says so; one of known length may not be asked again.
            None => state.read.store(true, Ordering::Relaxed),
            Some(Ok(_)) if incoming.is_end_stream() => state.read.store(true, Ordering::Relaxed),
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let (Some(incoming), Some(state)) = (self.incoming.take(), &self.state)
            && !self.is_rest
            && !state.read.load(Ordering::Relaxed)
        {
            state.leave(incoming);
        }
    }
}

fn is_disconnect(error: &hyper::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
        }
        source = cause.source();
    }
    error.is_incomplete_message() || error.is_canceled() || error.is_closed()
}

/// An answer's body. Its end, or its being dropped before, is the end of the exchange.
pub(crate) struct ObservedBody {
    body: axum::body::Body,
    exchange: Exchange,
}

impl ObservedBody {
    pub(super) fn new(body: axum::body::Body, exchange: Exchange) -> Self {
        Self { body, exchange }
    }
}

impl Body for ObservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let entered = trace::enter(&mut this.exchange.trace);
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        drop(entered);
        let frame = ready!(frame);
        match &frame {
            None => this.exchange.complete(),
            Some(Err(_)) => this.exchange.broken(),
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ObservedBody {
    fn drop(&mut self) {
        // hyper does not ask for the end of a body whose length it knows: it drops it.
        if self.body.is_end_stream() {
            self.exchange.complete();
        }
    }
}
