//! The tally of a run: every request ends up in it, answered or lost.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::connection::Answer;
use super::lost::Lost;

/// How a response without the header is shown.
const NO_VERSION: &str = "-";

#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) answered: u64,
    pub(super) lost: BTreeMap<Lost, u64>,
    pub(super) status: BTreeMap<u16, u64>,
    pub(super) versions: BTreeMap<String, u64>,
    /// Microseconds, of answered requests only.
    pub(super) latency: Histogram<u64>,
}

/// One behind a lock: a record takes well under a microsecond, and nothing is awaited within it.
pub(super) struct Tally(Mutex<Counters>);

struct Counters {
    whole: Counts,
    /// Since the last live line; `None` when nobody watches.
    window: Option<Counts>,
}

impl Tally {
    pub(super) fn new(live: bool) -> Self {
        Self(Mutex::new(Counters { whole: Counts::new(), window: live.then(Counts::new) }))
    }

    pub(super) fn answered(&self, answer: &Answer, latency: Duration) {
        self.lock().each(|counts| counts.answered(answer, latency));
    }

    pub(super) fn lost(&self, lost: Lost) {
        self.lock().each(|counts| counts.add_lost(lost, 1));
    }

    /// Takes the window and opens the next one; with it, how many requests have been lost since the start.
    pub(super) fn next_window(&self) -> (Counts, u64) {
        let mut counters = self.lock();
        let window = counters.window.replace(Counts::new()).unwrap_or_else(Counts::new);
        (window, counters.whole.lost_total())
    }

    /// Takes the counts of the whole run.
    pub(super) fn take(&self) -> Counts {
        std::mem::replace(&mut self.lock().whole, Counts::new())
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        // Counts have no broken state that a panic could leave behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    fn each(&mut self, add: impl Fn(&mut Counts)) {
        add(&mut self.whole);
        if let Some(window) = &mut self.window {
            add(window);
        }
    }
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            answered: 0,
            lost: BTreeMap::new(),
            status: BTreeMap::new(),
            versions: BTreeMap::new(),
            // Three digits: no quantile is more than 0.1 % off.
            latency: Histogram::new(3).expect("three is a legal precision"),
        }
    }

    pub(super) fn answered(&mut self, answer: &Answer, latency: Duration) {
        self.answered += 1;
        *self.status.entry(answer.status).or_default() += 1;
        self.latency.record(latency.as_micros() as u64).expect("a histogram without bounds grows");
        let version = answer.version.as_ref().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let version = version.as_deref().filter(|version| !version.is_empty()).unwrap_or(NO_VERSION);
        match self.versions.get_mut(version) {
            Some(count) => *count += 1,
            None => drop(self.versions.insert(version.to_owned(), 1)),
        }
    }

    pub(super) fn add_lost(&mut self, lost: Lost, count: u64) {
        if count > 0 {
            *self.lost.entry(lost).or_default() += count;
        }
    }

    pub(super) fn lost_total(&self) -> u64 {
        self.lost.values().sum()
    }

    /// A latency quantile in milliseconds; `None` when nothing was answered.
    pub(super) fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        (self.answered > 0).then(|| self.latency.value_at_quantile(quantile) as f64 / 1000.0)
    }

    /// What part of the answers `count` is.
    pub(super) fn share(&self, count: u64) -> f64 {
        count as f64 / self.answered as f64
    }
}
