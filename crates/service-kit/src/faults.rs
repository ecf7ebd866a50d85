//! Faults on demand: rules from files or from the management listener, exact in rate and counted as they happen.

mod above;
mod admin;
mod answer;
mod burn;
mod document;
mod effect;
mod field;
mod file;
mod kind;
mod latency;
mod leak;
mod matches;
mod process;
mod rate;
mod readiness;
mod rule;
mod series;
mod spec;
mod yaml;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::HeaderName;
use prometheus::{IntCounter, IntGauge};

pub(crate) use admin::routes as admin_routes;
use document::Stated;
pub(crate) use file::Files;
pub(crate) use kind::Kind;
pub(crate) use matches::Asked;
pub use rate::{Rate, RateCounter};
use rule::Loaded;
pub(crate) use rule::{Plan, Rule};
use series::Series;

use crate::metrics::Metrics;
use crate::trace;

/// The header of an answer that was made to fail; its value is the rule's name.
pub const X_FAULT: HeaderName = HeaderName::from_static("x-fault");

/// The rules of one service. A clone is another handle to the same rules.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    version: String,
    started: Instant,
    rules: ArcSwap<Rules>,
    /// Whether any of them is about requests: what every request asks costs one load.
    about_requests: AtomicBool,
    /// Held while rules are replaced, so that none is lost between a file and a request.
    replacing: Mutex<()>,
    series: Series,
    valid: IntGauge,
}

/// Counts faults of one kind that a service injects by itself.
pub struct FaultCounter {
    counter: IntCounter,
    rule: &'static str,
    kind: &'static str,
}

impl FaultCounter {
    /// Counts one, and says so in the trace of the request that it was made in.
    pub fn inc(&self) {
        self.counter.inc();
        trace::fault(self.rule, self.kind);
    }
}

/// What is in force.
#[derive(Default)]
struct Rules {
    all: Vec<Arc<Loaded>>,
    /// Those that are about requests.
    asked: Vec<Arc<Rule>>,
}

impl Faults {
    pub(crate) fn new(metrics: &Metrics, version: &str) -> Self {
        let valid =
            metrics.gauge("fault_config_valid", "Whether the fault rules that were last read are in force.");
        valid.set(1);
        Self(Arc::new(Inner {
            version: version.to_owned(),
            started: Instant::now(),
            rules: ArcSwap::default(),
            about_requests: AtomicBool::new(false),
            replacing: Mutex::default(),
            series: Series::new(metrics),
            valid,
        }))
    }

    /// A counter of faults that a service injects by itself, in the family that counts them all.
    pub fn counter(&self, rule: &'static str, kind: &'static str) -> FaultCounter {
        FaultCounter { counter: self.0.series.counter(rule, kind), rule, kind }
    }

    /// Whether any rule is about requests: the question that every request asks.
    pub(crate) fn any(&self) -> bool {
        self.0.about_requests.load(Ordering::Acquire)
    }

    /// The plan of the first rule that matches and has an answer, if any. Takes no lock.
    pub(crate) fn plan(&self, asked: &Asked<'_>) -> Option<Box<Plan>> {
        let rules = self.0.rules.load();
        let mut first = None;
        for rule in &rules.asked {
            // Behind the one that answers there may be one that counts.
            if (first.is_none() || rule.counts()) && rule.matches(asked) {
                rule.count_request();
                first = first.or_else(|| rule.answers().then_some(rule));
            }
        }
        first.map(|rule| Box::new(rule.plan()))
    }

    /// Not ready, when a rule says so; None when no rule is about readiness.
    pub(crate) fn readiness(&self) -> Option<Result<(), String>> {
        let rules = self.0.rules.load();
        let mut about = rules.all.iter().map(|loaded| &loaded.rule).filter(|rule| rule.has(Kind::Readiness));
        let first = about.next()?;
        let down = std::iter::once(first).chain(about).find(|rule| rule.is_down());
        Some(down.map_or(Ok(()), |rule| Err(format!("rule {}", rule.name()))))
    }

    /// Whether SIGTERM is to end the process at once; counted, because it is asked once.
    pub(crate) fn end_abruptly(&self) -> bool {
        let rules = self.0.rules.load();
        let abrupt = rules
            .all
            .iter()
            .map(|loaded| &loaded.rule)
            .find(|rule| rule.has(Kind::Shutdown) && rule.active());
        abrupt.inspect(|rule| rule.count(Kind::Shutdown)).is_some()
    }

    /// Whether what a service has found in its cache is to count as not found; counted. Takes no lock.
    pub fn misses_cache(&self) -> bool {
        let rules = self.0.rules.load();
        let mut rules = rules.all.iter().map(|loaded| &loaded.rule);
        let missing = rules.find(|rule| rule.has(Kind::Cache) && rule.active());
        missing.inspect(|rule| rule.count(Kind::Cache)).is_some()
    }

    /// What is wrong with a document of rules, if anything.
    pub fn check(text: &str) -> Result<(), String> {
        document::of_file(text).map(drop)
    }

    /// Waits until the process may listen.
    pub(crate) async fn wait_for_start(&self) {
        // Rules may change meanwhile.
        const LOOK: Duration = Duration::from_millis(100);
        let mut late: Option<Arc<Rule>> = None;
        while let Some((delay, rule)) = self.latest_start() {
            let left = delay.saturating_sub(self.0.started.elapsed());
            if left.is_zero() {
                return;
            }
            if late.as_ref().is_none_or(|late| !Arc::ptr_eq(late, &rule)) {
                tracing::warn!(rule = rule.name(), seconds = delay.as_secs_f64(), "fault: listening late");
                rule.count(Kind::Start);
            }
            tokio::time::sleep(left.min(LOOK)).await;
            late = Some(rule);
        }
    }

    fn latest_start(&self) -> Option<(Duration, Arc<Rule>)> {
        let rules = self.0.rules.load();
        let rules = rules.all.iter().map(|loaded| &loaded.rule);
        let delays = rules.filter_map(|rule| Some((rule.start_delay()?, Arc::clone(rule))));
        delays.max_by_key(|(delay, _)| *delay)
    }

    /// Ends the series of rules that are long gone.
    pub(crate) fn end_series(&self) {
        self.0.series.end(Vec::new(), &self.0.rules.load().all);
    }

    /// Replaces the rules. One that stands among them unchanged keeps its clock, its counters and what it holds; of two
    /// with one name the first counts.
    fn put_in_force(&self, stated: Vec<Stated>, valid: bool) {
        let _replacing = self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.0.rules.load_full();
        let mut all: Vec<Arc<Loaded>> = Vec::new();
        for stated in stated {
            if all.iter().any(|other| other.rule.spec().name == stated.spec.name) {
                continue;
            }
            let same = old.all.iter().find(|loaded| *loaded.rule.spec() == stated.spec).cloned();
            all.push(same.unwrap_or_else(|| Loaded::new(stated, &self.0.version, &self.0.series)));
        }
        let asked = all.iter().map(|loaded| &loaded.rule).filter(|rule| rule.spec().is_about_requests());
        let rules = Arc::new(Rules { asked: asked.cloned().collect(), all });
        self.0.rules.store(Arc::clone(&rules));
        self.0.about_requests.store(!rules.asked.is_empty(), Ordering::Release);
        self.0.valid.set(i64::from(valid));
        let leaves = |rule: &&Arc<Rule>| !rules.all.iter().any(|loaded| Arc::ptr_eq(&loaded.rule, rule));
        let gone = old.all.iter().map(|loaded| &loaded.rule).filter(leaves).cloned().collect();
        drop(old);
        self.0.series.end(gone, &rules.all);
    }

    /// Says that what was read last is not in force.
    fn refuse(&self) {
        self.0.valid.set(0);
    }
}

#[cfg(test)]
mod tests;
