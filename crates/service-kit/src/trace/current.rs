//! The request that the running task works for. It is set for each poll, not for a task: a connection's task serves
//! many requests.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::request::RequestTrace;

thread_local! {
    static CURRENT: RefCell<Option<Box<RequestTrace>>> = const { RefCell::new(None) };
}

/// Until it is dropped, what runs in this thread works for the request.
pub(crate) struct Entered<'a> {
    own: &'a mut Option<Box<RequestTrace>>,
    before: Option<Box<RequestTrace>>,
}

/// Begins to work for a request, until the returned guard is dropped. Without a trace it does nothing. The trace is moved
/// and moved back: to count its handles at each poll would be a write to memory that all requests share.
#[inline]
pub(crate) fn enter(own: &mut Option<Box<RequestTrace>>) -> Option<Entered<'_>> {
    let trace = own.take()?;
    Some(Entered { own, before: CURRENT.replace(Some(trace)) })
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.own = CURRENT.replace(self.before.take());
    }
}

/// What is asked about the request that this thread works for; None when it works for none, or traces are off.
pub(crate) fn with<T>(ask: impl FnOnce(&RequestTrace) -> T) -> Option<T> {
    // A thread that ends has no current request any more.
    CURRENT.try_with(|current| current.borrow().as_deref().map(ask)).ok().flatten()
}

/// The request that this thread works for.
pub(crate) fn current() -> Option<Box<RequestTrace>> {
    with(|trace| Box::new(trace.clone()))
}

/// A future that works for the request that was worked for when it was made, in whatever task it runs.
pub(crate) fn in_current<F: Future>(future: F) -> InRequest<F> {
    InRequest { trace: current(), future }
}

pin_project! {
    pub(crate) struct InRequest<F> {
        trace: Option<Box<RequestTrace>>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for InRequest<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.trace);
        this.future.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use http::Request;

    use super::super::request::Begin;
    use super::super::tracer::Tracer;
    use super::*;

    fn trace() -> RequestTrace {
        let tracer = Arc::new(Tracer::for_tests());
        let begin = Begin { route: None, peer: [127, 0, 0, 1].into(), started: Instant::now() };
        RequestTrace::begin(&tracer, &Request::new(()), &begin)
    }

    fn current_digits() -> Option<[u8; 32]> {
        with(RequestTrace::trace_digits)
    }

    #[test]
    fn the_inner_request_is_worked_for_until_its_guard_is_gone() {
        let (mut outer, mut inner) = (Some(Box::new(trace())), Some(Box::new(trace())));
        let digits = [&outer, &inner].map(|own| own.as_ref().map(|trace| trace.trace_digits()));
        let entered = enter(&mut outer);
        assert_eq!(current_digits(), digits[0]);
        drop((enter(&mut None), enter(&mut inner)));
        assert_eq!(current_digits(), digits[0]);
        drop(entered);
        assert_eq!(current_digits(), None);
        assert_eq!([outer, inner].map(|trace| trace.map(|trace| trace.trace_digits())), digits);
    }

    #[tokio::test]
    async fn a_task_works_for_the_request_that_has_started_it() {
        let mut own = Some(Box::new(trace()));
        let digits = own.as_ref().map(|trace| trace.trace_digits());
        let entered = enter(&mut own);
        let task = tokio::spawn(in_current(async {
            tokio::task::yield_now().await;
            current_digits()
        }));
        drop(entered);
        assert_eq!(task.await.unwrap(), digits);
        assert_eq!(tokio::spawn(in_current(async { current_digits() })).await.unwrap(), None);
    }
}
