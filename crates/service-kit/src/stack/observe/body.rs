//! The bodies of a request that is observed: both report when the client is gone.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::exchange::Exchange;

/// What is known of a request's body when its exchange ends.
#[derive(Default)]
pub(super) struct BodyState {
    /// The connection ended in its middle: the handler's answer reaches nobody.
    pub(super) client_lost: AtomicBool,
    /// It was read to its end.
    pub(super) read: AtomicBool,
}

/// A request's body, which says what became of it. A request without one has no state.
pub(crate) struct RequestBody {
    incoming: Incoming,
    state: Option<Arc<BodyState>>,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, state: Option<Arc<BodyState>>) -> Self {
        Self { incoming, state }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        if let Some(state) = &self.state {
            match &frame {
                // A body that is malformed can still be answered; one that stopped cannot.
                Some(Err(error)) => state.client_lost.store(is_disconnect(error), Ordering::Relaxed),
                _ if self.incoming.is_end_stream() => state.read.store(true, Ordering::Relaxed),
                _ => {}
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
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
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.exchange.complete(),
            Some(Err(_)) => self.exchange.broken(),
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
