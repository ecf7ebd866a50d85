//! The series of `fault_injected_total`, and their end: a rule's name is whatever a client of `/faults` says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntCounterVec};

use super::kind::Kind;
use super::rule::{Loaded, Rule};
use crate::metrics::Metrics;

/// How long the series of a rule that is gone stay: a scrape comes every minute or more often, and a second one may
/// come to the rescue of the first.
const LAST_SEEN: Duration = Duration::from_mins(5);

/// How many rules that are gone keep theirs: as many as one document has.
const MAX_GONE: usize = 100;

pub(super) struct Series {
    injected: IntCounterVec,
    gone: Mutex<Vec<Gone>>,
}

struct Gone {
    rule: Arc<Rule>,
    since: Instant,
}

impl Series {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let help = "Faults injected, by rule: the ground truth that an analysis is checked against.";
        let injected = metrics.counter_vec("fault_injected_total", help, &["rule", "kind"]);
        Self { injected, gone: Mutex::default() }
    }

    pub(super) fn counter(&self, rule: &str, kind: &str) -> IntCounter {
        self.injected.with_label_values(&[rule, kind])
    }

    /// Takes note of the rules that are gone, and ends the series that nobody needs any more.
    pub(super) fn end(&self, leaving: Vec<Arc<Rule>>, current: &[Arc<Loaded>]) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        gone.extend(leaving.into_iter().map(|rule| Gone { rule, since: now }));
        let useless: Vec<Gone> = gone.extract_if(.., |gone| gone.is_useless()).collect();
        let mut ended: Vec<Gone> = gone.extract_if(.., |gone| gone.since.elapsed() >= LAST_SEEN).collect();
        let too_many = gone.len().saturating_sub(MAX_GONE);
        ended.extend(gone.drain(..too_many).chain(useless));
        for gone in &ended {
            self.remove(&gone.rule, current);
        }
    }

    fn remove(&self, gone: &Rule, current: &[Arc<Loaded>]) {
        let name = &gone.spec().name;
        for kind in gone.spec().kinds() {
            let is_used = |rule: &Arc<Loaded>| {
                rule.rule.spec().name == *name && rule.rule.spec().kinds().contains(&kind)
            };
            if !current.iter().any(is_used) {
                // It may have ended with another rule of the same name.
                let _ = self.injected.remove_label_values(&[name, kind.name()]);
            }
        }
    }
}

impl Gone {
    /// Whether it has never done anything, and no request is left that it may still do something to.
    fn is_useless(&self) -> bool {
        let unused = Kind::ALL.into_iter().all(|kind| self.rule.injected(kind).unwrap_or_default() == 0);
        unused && Arc::strong_count(&self.rule) == 1
    }
}
