//! An answer that ends in the middle of its body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use crate::faults::{Kind, Rule};

/// Cuts the body off after half of it. An answer without a body stays as it is.
pub(super) fn truncate(response: Response, rule: &Arc<Rule>) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    let half = response.body().size_hint().exact().map(|length| length / 2);
    let rule = Arc::clone(rule);
    let signed = rule.sign(response);
    signed.map(|body| Body::new(Truncated { body, left: half, rule, state: State::Whole }))
}

struct Truncated {
    body: Body,
    /// How much is still to be sent; None before the first part of a body whose length nobody knows.
    left: Option<u64>,
    rule: Arc<Rule>,
    state: State,
}

enum State {
    Whole,
    /// The last byte before the cut was handed over, and has to go out before the connection ends.
    Flushing,
    Cut,
}

impl http_body::Body for Truncated {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let State::Whole = self.state
            && self.left != Some(0)
        {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
            return Poll::Ready(frame.into_data().ok().map(|data| Ok(Frame::data(self.take(data)))));
        }
        match self.state {
            State::Whole => {
                self.state = State::Flushing;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::Flushing => {
                self.state = State::Cut;
                self.rule.count(Kind::Truncate);
                Poll::Ready(Some(Err(axum::Error::new("cut off by a fault rule"))))
            }
            State::Cut => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        false
    }

    /// As if it were whole: the client has to expect more than it gets.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Truncated {
    fn take(&mut self, mut data: Bytes) -> Bytes {
        let left = self.left.unwrap_or(data.len() as u64 / 2);
        data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.left = Some(left - data.len() as u64);
        data
    }
}
