//! What a request asks of others, as spans below its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};

use super::attribute::Value;
use super::context::SpanContext;
use super::current;
use super::draft::{Draft, Kind, Parent};
use super::tracer::Tracer;

/// The header that says where in a trace a request belongs (W3C trace context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How a span ended that was dropped before anyone said so.
const CANCELLED: &str = "cancelled";

/// The same for one whose time was up by then.
pub(crate) const TIMEOUT: &str = "timeout";

/// A timer may end what it ends a moment before the deadline that was told here.
const EARLY: Duration = Duration::from_millis(5);

/// A span below that of the request which the running task works for. It costs nothing where that is not reported.
/// Dropped before it has ended, it was given up: `cancelled`.
pub struct Span(Option<Box<Recording>>);

struct Recording {
    tracer: Arc<Tracer>,
    context: SpanContext,
    draft: Draft,
    deadline: Option<Instant>,
}

impl Span {
    /// A span that began at this time. `name` is in parts.
    pub fn start(kind: Kind, name: &[&str], started: Instant) -> Self {
        let recording = current::with(|trace| {
            let (tracer, parent) = trace.reported()?;
            let context = parent.child(tracer.ids.span());
            let parent = Parent::Local(parent.span_id);
            let draft = Draft::new(context, parent, kind, name, tracer.clock.time(started));
            Some(Box::new(Recording { tracer: Arc::clone(tracer), context, draft, deadline: None }))
        });
        Self(recording.flatten())
    }

    /// Whether anything that is said of it is kept.
    pub fn is_reported(&self) -> bool {
        self.0.is_some()
    }

    /// Says something of it.
    pub fn set<'a>(&mut self, key: &str, value: impl Into<Value<'a>>) {
        if let Some(recording) = &mut self.0 {
            recording.draft.attribute(key, value);
        }
    }

    /// From when on it is no longer waited for: dropped later, it has ended in a `timeout`.
    pub fn set_deadline(&mut self, deadline: Instant) {
        if let Some(recording) = &mut self.0 {
            recording.deadline = Some(deadline);
        }
    }

    /// Ends it well.
    pub fn end(mut self) {
        self.finish(None);
    }

    /// Ends it with a failure, by the name of its kind: few names, and none with a value that a client chose.
    pub fn fail(mut self, error_type: &str) {
        self.finish(Some(error_type));
    }

    fn finish(&mut self, error_type: Option<&str>) {
        let Some(recording) = self.0.take() else { return };
        let Recording { tracer, mut draft, .. } = *recording;
        if let Some(error_type) = error_type {
            draft.attribute("error.type", error_type);
        }
        let time = tracer.clock.time(Instant::now());
        tracer.report(draft.end(time, error_type.is_some()));
    }

    /// Makes it the parent of what a request asks for; where it is not reported, says the decision on.
    pub(crate) fn propagate(&self, headers: &mut HeaderMap) {
        let context = match &self.0 {
            Some(recording) => recording.tracer.propagators.trace_context.then_some(recording.context),
            None => current::with(super::RequestTrace::passed_on).flatten(),
        };
        if let Some(context) = context {
            headers.insert(TRACEPARENT, context.header());
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(recording) = &self.0 {
            let is_over = recording.deadline.is_some_and(|deadline| Instant::now() + EARLY >= deadline);
            self.finish(Some(if is_over { TIMEOUT } else { CANCELLED }));
        }
    }
}
