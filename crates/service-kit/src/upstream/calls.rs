//! What became of every call, recorded when its guard is dropped: whichever way it ends, it ends here.

use std::time::Instant;

use http::StatusCode;
use prometheus::{Histogram, IntCounter};

use crate::kit::Kit;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    ClientError,
    ServerError,
    Timeout,
    Unreachable,
    Cancelled,
    Shed,
}

/// The label `outcome` of each, in the order of the enum.
const OUTCOMES: [&str; 7] =
    ["ok", "client_error", "server_error", "timeout", "unreachable", "cancelled", "shed"];

impl Outcome {
    pub(super) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
            _ => Self::Ok,
        }
    }
}

/// The series of one upstream; every outcome exists at 0 from the start.
pub(super) struct Calls {
    outcomes: [(IntCounter, Histogram); OUTCOMES.len()],
    retries: IntCounter,
}

impl Calls {
    pub(super) fn new(kit: &Kit, upstream: &str) -> Self {
        let labels = &["upstream", "outcome"];
        let help = "Calls to an upstream by how they ended, the retry of each included.";
        let requests = kit.metrics.counter_vec("upstream_requests_total", help, labels);
        let help = "Time from the start of a call to the end of its answer.";
        let edges = &kit.config.http_buckets.0;
        let duration = kit.metrics.histogram_vec("upstream_request_duration_seconds", help, labels, edges);
        let help = "Calls to an upstream that were tried a second time.";
        let retries = kit.metrics.counter_vec("upstream_retries_total", help, &["upstream"]);
        let series = |outcome| {
            let values = &[upstream, outcome];
            (requests.with_label_values(values), duration.with_label_values(values))
        };
        Self { outcomes: OUTCOMES.map(series), retries: retries.with_label_values(&[upstream]) }
    }

    pub(super) fn retries(&self) -> IntCounter {
        self.retries.clone()
    }

    /// Starts the clock of a call. One that never says how it ended was dropped: cancelled.
    pub(super) fn begin(&self) -> Call<'_> {
        Call { calls: self, started: Instant::now(), outcome: Outcome::Cancelled }
    }
}

/// One call, recorded when dropped.
pub(super) struct Call<'a> {
    calls: &'a Calls,
    started: Instant,
    outcome: Outcome,
}

impl Call<'_> {
    pub(super) fn ended(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let (requests, duration) = &self.calls.outcomes[self.outcome as usize];
        requests.inc();
        duration.observe(self.started.elapsed().as_secs_f64());
    }
}
