//! The registry of one service: every family carries the labels `env` and `version`.

mod http;

use std::collections::HashMap;
use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

pub(crate) use self::http::{HttpMetrics, PathMetrics};
use crate::info::RUSTC;
use crate::logging;

/// The content type of the Prometheus text format 0.0.4.
pub(crate) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// A handle to one service's registry; never the global one, because the fleet runs several services in a process.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    dropped_lines: Arc<IntCounter>,
}

impl Metrics {
    /// A registry with the families that every service has.
    pub fn new(environment: &str, version: &str, commit: &str) -> Self {
        let labels = [("env", environment), ("version", version)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let registry =
            Registry::new_custom(None, Some(HashMap::from(labels))).expect("constant names are valid");
        let dropped =
            Opts::new("log_lines_dropped_total", "Log lines lost because their reader was too slow or gone.");
        let dropped_lines = IntCounter::with_opts(dropped).expect("constant names are valid");
        let metrics = Self { registry, dropped_lines: Arc::new(dropped_lines.clone()) };
        metrics.register(dropped_lines);
        let process = Box::new(ProcessCollector::for_self());
        metrics.registry.register(process).expect("each family is registered once");
        let help = "What the binary was built from, by what. Always 1.";
        let build = metrics.gauge_vec("app_build_info", help, &["commit", "rustc"]);
        build.with_label_values(&[commit, RUSTC]).set(1);
        metrics
    }

    /// Registers a counter.
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help).expect("metric names are constant and valid"))
    }

    /// Registers a counter with labels.
    pub fn counter_vec(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(
            IntCounterVec::new(Opts::new(name, help), labels).expect("metric names are constant and valid"),
        )
    }

    /// Registers a gauge.
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help).expect("metric names are constant and valid"))
    }

    /// Registers a histogram of seconds with labels; `edges` are its buckets' upper bounds, ascending.
    pub fn histogram_vec(&self, name: &str, help: &str, labels: &[&str], edges: &[f64]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(edges.to_vec());
        self.register(HistogramVec::new(options, labels).expect("metric names are constant and valid"))
    }

    fn gauge_vec(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::IntGaugeVec {
        let gauges = prometheus::IntGaugeVec::new(Opts::new(name, help), labels);
        self.register(gauges.expect("metric names are constant and valid"))
    }

    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        self.registry.register(Box::new(collector.clone())).expect("each family is registered once");
        collector
    }

    /// Everything, in the text format.
    pub fn render(&self) -> String {
        let dropped = logging::dropped_lines();
        self.dropped_lines.inc_by(dropped.saturating_sub(self.dropped_lines.get()));
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("registered families encode")
    }
}
