//! Readiness: whether traffic should come here. Every check is made in the background, and no request waits for one.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::faults::Faults;
use crate::lifecycle::{Lifecycle, Phase};

/// What a failing check means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The service cannot answer without it: not ready.
    Hard,
    /// Shown only, so that an outage does not take every caller out of rotation.
    Soft,
    /// As hard until its first report, whatever that says, and as soft from then on.
    HardAtFirst,
}

/// The readiness of one service. A clone is another handle to the same.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    lifecycle: Arc<Lifecycle>,
    started: Instant,
    delay: Duration,
    faults: Faults,
    checks: Mutex<Vec<Check>>,
    on_both: Mutex<Vec<Describe>>,
    on_health: Mutex<Vec<Describe>>,
}

/// Adds what a service knows to the body of `/health` or `/ready`.
type Describe = Box<dyn Fn(&mut Map<String, Value>) + Send + Sync>;

/// One check. A clone is another handle to the same.
#[derive(Clone)]
pub struct Check(Arc<CheckInner>);

struct CheckInner {
    name: &'static str,
    severity: Severity,
    /// None until it was made for the first time.
    result: Mutex<Option<Result<(), String>>>,
}

impl Check {
    /// Reports what the check found: fine, or the reason why not.
    pub fn report(&self, result: Result<(), String>) {
        *lock(&self.0.result) = Some(result);
    }

    /// The last report; None before the first.
    pub fn last(&self) -> Option<Result<(), String>> {
        lock(&self.0.result).clone()
    }

    /// Of the moment: hard or soft.
    fn severity(&self) -> Severity {
        match (self.0.severity, self.last()) {
            (Severity::HardAtFirst, None) => Severity::Hard,
            (Severity::HardAtFirst, Some(_)) => Severity::Soft,
            (severity, _) => severity,
        }
    }

    fn reason(&self) -> Result<(), String> {
        self.last().unwrap_or_else(|| Err("not checked yet".to_owned()))
    }
}

impl Health {
    pub(crate) fn new(lifecycle: Arc<Lifecycle>, delay: Duration, faults: Faults) -> Self {
        let (on_both, on_health) = Default::default();
        Self(Arc::new(Inner {
            lifecycle,
            started: Instant::now(),
            delay,
            faults,
            checks: Mutex::default(),
            on_both,
            on_health,
        }))
    }

    /// Adds a check, which fails until it is reported to be fine.
    pub fn add(&self, name: &'static str, severity: Severity) -> Check {
        let check = Check(Arc::new(CheckInner { name, severity, result: Mutex::default() }));
        lock(&self.0.checks).push(check.clone());
        check
    }

    /// Adds fields to the bodies of `/health` and `/ready`. It is called for each request: it may only read.
    pub fn describe(&self, fields: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        lock(&self.0.on_both).push(Box::new(fields));
    }

    /// As [`Health::describe`], for `/health` alone.
    pub fn describe_health(&self, fields: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        lock(&self.0.on_health).push(Box::new(fields));
    }

    pub(crate) fn fill_ready(&self, body: &mut Map<String, Value>) {
        lock(&self.0.on_both).iter().for_each(|describe| describe(body));
    }

    pub(crate) fn fill_health(&self, body: &mut Map<String, Value>) {
        self.fill_ready(body);
        lock(&self.0.on_health).iter().for_each(|describe| describe(body));
    }

    /// Ready, or the first reason why not.
    pub(crate) fn readiness(&self) -> Result<(), String> {
        let mut hard = self.results().into_iter().filter(|(_, severity, _)| *severity == Severity::Hard);
        hard.try_for_each(|(name, _, result)| result.map_err(|reason| format!("{name}: {reason}")))
    }

    /// Every check in the form of the Kubernetes API server.
    pub(crate) fn verbose(&self) -> String {
        let mut text = String::new();
        for (name, _, result) in self.results() {
            let written = match result {
                Ok(()) => writeln!(text, "[+]{name} ok"),
                Err(reason) => writeln!(text, "[-]{name} {reason}"),
            };
            written.expect("a String takes every write");
        }
        text
    }

    fn results(&self) -> Vec<(&'static str, Severity, Result<(), String>)> {
        let left = self.0.delay.saturating_sub(self.0.started.elapsed());
        let delay = match left.is_zero() {
            true => Ok(()),
            false => Err(format!("{:.1} s of the readiness delay are left", left.as_secs_f64())),
        };
        let shutdown = match self.0.lifecycle.phase() {
            Phase::Serving => Ok(()),
            _ => Err("shutting down".to_owned()),
        };
        let mut results =
            vec![("readiness-delay", Severity::Hard, delay), ("shutdown", Severity::Hard, shutdown)];
        results.extend(self.0.faults.readiness().map(|result| ("fault", Severity::Hard, result)));
        let checks = lock(&self.0.checks);
        results.extend(checks.iter().map(|check| (check.0.name, check.severity(), check.reason())));
        results
    }
}

/// Nothing panics while one of these is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn health() -> (Health, Arc<Lifecycle>) {
        let lifecycle = Arc::new(Lifecycle::new());
        let faults = Faults::new(&Metrics::new("test", "1", "none"), "1");
        (Health::new(Arc::clone(&lifecycle), Duration::ZERO, faults), lifecycle)
    }

    #[test]
    fn a_hard_check_decides_and_a_soft_one_is_only_shown() {
        let (health, _) = health();
        let (database, redis) = (health.add("database", Severity::Hard), health.add("redis", Severity::Soft));
        assert_eq!(health.readiness(), Err("database: not checked yet".to_owned()));
        database.report(Ok(()));
        redis.report(Err("refused".to_owned()));
        assert_eq!(health.readiness(), Ok(()));
        assert!(health.verbose().ends_with("[+]database ok\n[-]redis refused\n"), "{}", health.verbose());
    }

    #[test]
    fn one_that_is_hard_at_first_is_waited_for_and_then_only_shown() {
        let (health, _) = health();
        let redis = health.add("redis", Severity::HardAtFirst);
        assert_eq!(health.readiness(), Err("redis: not checked yet".to_owned()));
        redis.report(Err("refused".to_owned()));
        assert_eq!(health.readiness(), Ok(()));
    }

    #[test]
    fn not_ready_from_the_first_signal_on() {
        let (health, lifecycle) = health();
        assert_eq!(health.readiness(), Ok(()));
        lifecycle.advance(Phase::Draining);
        assert_eq!(health.readiness(), Err("shutdown: shutting down".to_owned()));
    }
}
