//! What the cache answers, and how long it takes.

use std::time::Instant;

use prometheus::{HistogramVec, IntCounterVec};
use redis::RedisError;
use service_kit::Metrics;
use tokio::time::error::Elapsed;

/// Edges in seconds: from a round trip within one machine to the budget of a request, and a second for the background.
const EDGES: [f64; 10] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 1.0];

/// What is asked of Redis: the label `operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Get,
    Set,
    Del,
    Ping,
}

pub(super) struct CacheMetrics {
    hits: IntCounterVec,
    misses: IntCounterVec,
    duration: HistogramVec,
}

impl CacheMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let labels = &["key_type"];
        let help = "Time that a cache operation took, on the wire and waiting for it.";
        let duration = metrics.histogram_vec(
            "cache_operation_duration_seconds",
            help,
            &["operation", "outcome"],
            &EDGES,
        );
        let hits = metrics.counter_vec("cache_hits_total", "Reads that the cache has answered.", labels);
        let help = "Reads that the cache could not answer, because it did not know or was not there.";
        let misses = metrics.counter_vec("cache_misses_total", help, labels);
        for kind in ["product_list", "product"] {
            hits.with_label_values(&[kind]);
            misses.with_label_values(&[kind]);
        }
        Self { hits, misses, duration }
    }

    pub(super) fn count(&self, kind: &str, hit: bool) {
        let counter = if hit { &self.hits } else { &self.misses };
        counter.with_label_values(&[kind]).inc();
    }

    pub(super) async fn observe<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<Result<T, RedisError>, Elapsed>>,
    ) -> Result<Result<T, RedisError>, Elapsed> {
        let started = Instant::now();
        let result = call.await;
        let outcome = match &result {
            Ok(Ok(_)) => "ok",
            Ok(Err(_)) => "error",
            Err(_) => "timeout",
        };
        let labels = &[operation.label(), outcome];
        self.duration.with_label_values(labels).observe(started.elapsed().as_secs_f64());
        result
    }
}

impl Operation {
    /// The command that does the work of it.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Set => "SET",
            Self::Del => "DEL",
            Self::Ping => "PING",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Del => "del",
            Self::Ping => "ping",
        }
    }
}
