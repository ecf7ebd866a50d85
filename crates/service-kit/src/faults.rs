//! Faults on demand: rules from a file or from the management listener, exact in rate and counted as they happen.

mod admin;
mod file;
mod latency;
mod rate;
mod rule;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderName, Method};
use prometheus::{IntCounter, IntCounterVec, IntGauge};
use serde::Deserialize;
use serde_json::Value;

pub(crate) use admin::routes as admin_routes;
pub(crate) use file::watch;
pub use rate::{Rate, RateCounter};
pub(crate) use rule::Rule;
use rule::RuleSpec;

use crate::metrics::Metrics;

/// The header of an answer that was made to fail; its value is the rule's name.
pub const X_FAULT: HeaderName = HeaderName::from_static("x-fault");

/// Rules are tried one after another on the request path: more of them is a generator gone wrong.
const MAX_RULES: usize = 100;

/// The rules of one service. A clone is another handle to the same rules.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    version: String,
    rules: ArcSwap<Vec<Arc<Rule>>>,
    injected: IntCounterVec,
    valid: IntGauge,
}

/// What a request has to bear.
pub(crate) struct Plan {
    pub(crate) delay: Option<Duration>,
    pub(crate) failure: Option<Arc<Rule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<R> {
    rules: Vec<R>,
}

impl Faults {
    pub(crate) fn new(metrics: &Metrics, version: &str) -> Self {
        let help = "Faults injected, by rule: the ground truth that an analysis is checked against.";
        let injected = metrics.counter_vec("fault_injected_total", help, &["rule", "kind"]);
        let valid =
            metrics.gauge("fault_config_valid", "Whether the fault rules that were last read are in force.");
        valid.set(1);
        Self(Arc::new(Inner { version: version.to_owned(), rules: ArcSwap::default(), injected, valid }))
    }

    /// A counter of faults that a service injects by itself, in the family that counts them all.
    pub fn counter(&self, rule: &str, kind: &str) -> IntCounter {
        self.0.injected.with_label_values(&[rule, kind])
    }

    /// The plan of the first rule that matches, if any. `template` is the route's path. Takes no lock.
    pub(crate) fn plan(&self, method: &Method, template: &str, path: &str) -> Option<Plan> {
        let rules = self.0.rules.load();
        let rule = rules.iter().find(|rule| rule.matches(method, template, path, &self.0.version))?;
        Some(Plan { failure: rule.fails().then(|| Arc::clone(rule)), delay: rule.delay() })
    }

    /// Whether there is any rule at all: the question that every request asks.
    pub(crate) fn any(&self) -> bool {
        !self.0.rules.load().is_empty()
    }

    /// Puts the rules of a YAML document in force. A rule that stands in it unchanged keeps its clock and counters.
    fn load(&self, text: &str) -> Result<(), String> {
        let rules = read(text)?;
        // The same once more, as it was written: for `GET /faults`.
        let written: Document<Value> = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let old = self.0.rules.load();
        let keep = |(spec, written)| match old.iter().find(|rule| *rule.spec() == spec) {
            Some(rule) => Arc::clone(rule),
            None => Rule::new(spec, written, &self.0.injected),
        };
        self.0.rules.store(Arc::new(rules.into_iter().zip(written.rules).map(keep).collect()));
        self.0.valid.set(1);
        Ok(())
    }
}

fn read(text: &str) -> Result<Vec<RuleSpec>, String> {
    let document: Document<RuleSpec> = serde_saphyr::from_str(text).map_err(|error| {
        let message = error.to_string();
        message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    if document.rules.len() > MAX_RULES {
        return Err(format!("rules: at most {MAX_RULES}"));
    }
    for (index, rule) in document.rules.iter().enumerate() {
        rule.validate()?;
        if document.rules[..index].iter().any(|other| other.name == rule.name) {
            return Err(format!("rule {:?} stands twice", rule.name));
        }
    }
    Ok(document.rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "
rules:
  - name: slow-and-failing
    match: { path: /success, method: GET, version: 1.1.0 }
    error: { rate: 0.03, status: 503 }
    latency: { p50: 20ms, p90: 120ms, p99: 900ms }
    start_after: 0s
    ttl: 10m
  - name: rest
    error: { rate: 1 }
    latency: 5ms
";

    fn faults(version: &str) -> Faults {
        Faults::new(&Metrics::new("test", version, "none"), version)
    }

    #[test]
    fn the_first_rule_that_matches_wins() {
        let faults = faults("1.1.0");
        faults.load(RULES).unwrap();
        let failures = |path: &str| {
            (0..1_000).filter(|_| faults.plan(&Method::GET, path, path).unwrap().failure.is_some()).count()
        };
        assert_eq!((failures("/success"), failures("/other")), (30, 1_000));
    }

    #[test]
    fn a_rule_for_another_version_or_method_is_passed_over() {
        let faults = faults("1.0.0");
        faults.load(RULES).unwrap();
        let plan = faults.plan(&Method::GET, "/success", "/success").unwrap();
        assert_eq!(plan.delay, Some(Duration::from_millis(5)));
    }

    #[test]
    fn an_unchanged_rule_keeps_its_counter_over_a_reload() {
        let faults = faults("1");
        let failed = |run: std::ops::Range<i32>| {
            run.filter(|_| faults.plan(&Method::GET, "/", "/").unwrap().failure.is_some()).count()
        };
        faults.load("rules: [{name: half, error: {rate: 0.5}}]").unwrap();
        let before = failed(0..1);
        faults.load("rules: [{name: other, match: {path: /x}, error: {rate: 1}}, {name: half, error: {rate: 0.5}}]").unwrap();
        assert_eq!(before + failed(0..1), 1);
    }

    #[test]
    fn a_rule_waits_for_its_start_and_ends_with_its_ttl() {
        let faults = faults("1");
        faults.load("rules: [{name: later, start_after: 1h, error: {rate: 1}}]").unwrap();
        assert!(faults.plan(&Method::GET, "/", "/").is_none());
        faults.load("rules: [{name: over, ttl: 0s, error: {rate: 1}}]").unwrap();
        assert!(faults.plan(&Method::GET, "/", "/").is_none());
    }

    #[test]
    fn a_bad_document_is_refused_with_its_reason_and_changes_nothing() {
        let faults = faults("1");
        faults.load("rules: [{name: good, error: {rate: 1}}]").unwrap();
        let too_many: Vec<String> = (0..101).map(|n| format!("{{name: r{n}, latency: 1ms}}")).collect();
        for bad in [
            "",
            "rules: {",
            "rules: [{name: a, error: {rate: 1.5}}]",
            "rules: [{name: a, error: {rate: 0.0000001}}]",
            "rules: [{name: a, error: {rate: 0.1, status: 200}}]",
            "rules: [{name: a, error: {rate: 0.1}}, {name: a, latency: 1s}]",
            "rules: [{name: a}]",
            "rules: [{name: 'a b', latency: 1s}]",
            "rules: [{name: a, latency: {p50: 2s, p90: 1s, p99: 3s}}]",
            "rules: [{name: a, latency: 1h}]",
            "rules: [{name: a, latency: soon}]",
            "rules: [{name: a, latency: 1s, ttl: 18446744073709551615s}]",
            "rules: [{name: a, latency: 1s, match: {method: get}}]",
            "rules: [{name: a, error: {rate: 0.1, status: 499}}]",
            "rules: [{name: a, latency: 1s, typo: 1}]",
            "rules: [{name: a, match: {path: success}, latency: 1s}]",
            &format!("rules: [{}]", too_many.join(", ")),
        ] {
            let error = faults.load(bad).expect_err(bad);
            assert_eq!(error.lines().count(), 1, "{error}");
            assert!(faults.plan(&Method::GET, "/", "/").unwrap().failure.is_some());
        }
    }
}
