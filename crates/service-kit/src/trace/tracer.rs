//! What the traces of one service share.

use prometheus::IntCounterVec;

use super::batch::Envelope;
use super::clock::Clock;
use super::ids::Ids;
use super::propagators::Propagators;
use super::queue::Queue;
use super::sampler::Decision;
use super::settings::{Settings, Target};
use super::{SpanContext, resource};
use crate::config::Config;
use crate::info::Info;
use crate::metrics::Metrics;

/// Why spans were lost: the label `reason`.
#[derive(Clone, Copy)]
pub(super) enum Lost {
    QueueFull,
    NotExported,
    Rejected,
}

/// The label of each, in the order of the enum.
const REASONS: [&str; 3] = ["queue_full", "not_exported", "rejected"];

pub(crate) struct Tracer {
    pub(super) sampler: Decision,
    pub(crate) propagators: Propagators,
    pub(super) ids: Ids,
    pub(super) clock: Clock,
    pub(super) queue: Queue,
    pub(super) envelope: Envelope,
    pub(super) target: Target,
    dropped: IntCounterVec,
}

impl Tracer {
    /// None when nothing is to be reported.
    pub(crate) fn new(info: &Info, config: &Config, metrics: &Metrics) -> Option<Self> {
        let target = config.traces.target()?;
        let resource = resource::describe(info, config);
        Some(Self::with(&config.traces, target, Envelope::new(&resource), metrics))
    }

    fn with(settings: &Settings, target: Target, envelope: Envelope, metrics: &Metrics) -> Self {
        let help =
            "Spans that never reached the collector: no place in the queue, not delivered, or refused.";
        let dropped = metrics.counter_vec("otel_spans_dropped_total", help, &["reason"]);
        for reason in REASONS {
            dropped.with_label_values(&[reason]);
        }
        Self {
            sampler: settings.sampler(),
            propagators: settings.otel_propagators,
            ids: Ids::new(),
            clock: Clock::new(),
            queue: Queue::new(settings.queue_size(), settings.batch_size()),
            envelope,
            target,
            dropped,
        }
    }

    /// Takes a span that has ended.
    pub(super) fn report(&self, span: Vec<u8>) {
        if !self.queue.push(span) {
            self.lost(Lost::QueueFull, 1);
        }
    }

    pub(super) fn lost(&self, why: Lost, spans: u64) {
        self.dropped.with_label_values(&[REASONS[why as usize]]).inc_by(spans);
    }

    /// The place of something that is never reported, whoever is asked for it: a check.
    pub(crate) fn unreported(&self) -> Option<http::HeaderValue> {
        let context = SpanContext { trace_id: self.ids.trace(), span_id: self.ids.span(), flags: 0 };
        self.propagators.trace_context.then(|| context.header())
    }

    /// One that reports everything to nobody.
    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        let settings = Settings::for_tests(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).unwrap();
        let target = settings.target().unwrap();
        Self::with(&settings, target, Envelope::new(&[]), &Metrics::new("test", "1", "none"))
    }
}
