//! Traces: which one a request belongs to, and, where a collector is named, the spans that are reported of it.
//!
//! A span is bytes from its beginning (`draft`), which wait (`queue`) for the one task that sends them (`exporter`). Of a
//! request that is not reported there are its ids alone; without a collector there is no tracer, and what is asked of a
//! request is whether there is one.

mod attribute;
mod batch;
mod clock;
mod collector;
mod context;
mod current;
mod draft;
mod exporter;
mod ids;
mod propagators;
mod protobuf;
mod queue;
mod request;
mod resource;
mod sampler;
mod settings;
mod span;
mod tracer;

pub use attribute::Value;
pub(crate) use context::SpanContext;
pub(crate) use current::{enter, in_current, with};
pub use draft::Kind;
pub(crate) use exporter::Exporter;
pub use propagators::Propagators;
pub(crate) use request::{Begin, RequestTrace, known, protocol};
pub use sampler::Sampler;
pub(crate) use settings::IGNORED;
pub use settings::{Endpoint, Headers, ResourceAttributes, Settings};
pub(crate) use span::TIMEOUT;
pub use span::{Span, TRACEPARENT};
pub(crate) use tracer::Tracer;

/// Says of the request that is worked for, if any, that a rule has injected a fault of a kind.
pub(crate) fn fault(rule: &str, kind: &str) {
    with(|trace| trace.fault(rule, kind));
}

/// Says of the request that is worked for, if any, why its answer is a failure.
pub(crate) fn failed(failure: &'static str) {
    with(|trace| trace.failed(failure));
}
