//! A rule at work: its specification, its clock and its counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use prometheus::IntCounter;
use serde_json::{Map, Value, json};

use super::above::Bucket;
use super::answer::BodySpec;
use super::burn::{Burned, Cores};
use super::document::Stated;
use super::effect::{Effect, Period};
use super::kind::Kind;
use super::latency::LatencyCounters;
use super::matches::Asked;
use super::process::{self, ProcessFault};
use super::rate::RateCounter;
use super::readiness::Readiness;
use super::series::Series;
use super::spec::{self, RuleSpec};
use crate::error::ApiError;
use crate::trace;

/// What a request has to bear.
pub(crate) struct Plan {
    pub(crate) delay: Option<Duration>,
    pub(crate) replacement: Option<Replacement>,
    pub(crate) truncates: bool,
    pub(crate) rule: Arc<Rule>,
}

/// What is answered in place of the handler.
pub(crate) enum Replacement {
    Error(StatusCode),
    Body(BodySpec),
}

impl Replacement {
    /// The answer, counted now that it is given.
    pub(crate) fn answer(&self, rule: &Rule) -> Response {
        let (kind, response) = match self {
            Self::Error(status) => (Kind::Error, ApiError::new(*status, "injected fault").into_response()),
            Self::Body(body) => (Kind::Body, body.answer()),
        };
        rule.count(kind);
        rule.sign(response)
    }
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    spec: RuleSpec,
    shown: Value,
    name: HeaderValue,
    /// Whether it is for this version.
    applies: bool,
    since: Instant,
    errors: RateCounter,
    latencies: LatencyCounters,
    bucket: Option<Bucket>,
    requests: AtomicU64,
    down: AtomicBool,
    counters: [Option<IntCounter>; Kind::ALL.len()],
}

/// A rule that is in force, with the threads in which it does what no request asks for: they end with it.
pub(super) struct Loaded {
    pub(super) rule: Arc<Rule>,
    _effects: Vec<Effect>,
}

impl Loaded {
    pub(super) fn new(stated: Stated, version: &str, series: &Series) -> Arc<Self> {
        let rule = Arc::new(Rule::new(stated, version, series));
        let effects = if rule.applies { rule.effects() } else { Vec::new() };
        Arc::new(Self { rule, _effects: effects })
    }
}

impl Rule {
    fn new(stated: Stated, version: &str, series: &Series) -> Self {
        let Stated { spec, written } = stated;
        let kinds = spec.kinds();
        let applies = spec.matches.fits_version(version);
        let never = spec.process.contains(&ProcessFault::Readiness(Readiness::Never));
        Self {
            name: HeaderValue::from_str(&spec.name).expect("a valid name is a valid header"),
            shown: spec::shown(&written),
            applies,
            since: Instant::now(),
            errors: RateCounter::new(spec.error.as_ref().map(|error| error.rate).unwrap_or_default()),
            latencies: LatencyCounters::default(),
            bucket: spec.matches.above.map(Bucket::new),
            requests: AtomicU64::new(0),
            // At once, not when its thread has begun.
            down: AtomicBool::new(applies && never && spec.start_after.is_zero()),
            counters: Kind::ALL
                .map(|kind| kinds.contains(&kind).then(|| series.counter(&spec.name, kind.name()))),
            spec,
        }
    }

    pub(super) fn spec(&self) -> &RuleSpec {
        &self.spec
    }

    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.counters[kind as usize].is_some()
    }

    /// Whether it is for this version, and its time has come and not passed: both count from when the rule was first loaded.
    pub(super) fn active(&self) -> bool {
        let age = self.since.elapsed();
        self.applies
            && age >= self.spec.start_after
            && self.spec.ttl.is_none_or(|ttl| age < self.spec.start_after.saturating_add(ttl))
    }

    pub(super) fn matches(&self, asked: &Asked<'_>) -> bool {
        self.spec.matches.fits(asked)
            && self.active()
            // Last: only what fits takes a token.
            && self.bucket.as_ref().is_none_or(Bucket::is_exceeded)
    }

    /// Counts a request that matches, and ends the process when it is the one to do so.
    pub(super) fn count_request(&self) {
        if let Some(last) = self.spec.crash_at
            && self.requests.fetch_add(1, Ordering::Relaxed) + 1 >= last
        {
            process::abort(&self.spec.name);
        }
    }

    /// Whether it counts requests that another rule answers.
    pub(super) fn counts(&self) -> bool {
        self.spec.crash_at.is_some()
    }

    pub(super) fn answers(&self) -> bool {
        self.spec.answers()
    }

    /// What the next request has to bear.
    pub(super) fn plan(self: &Arc<Self>) -> Plan {
        let fails = self.spec.error.is_some() && self.errors.strike();
        let replacement = match (&self.spec.error, &self.spec.body) {
            (Some(error), _) if fails => Some(Replacement::Error(error.status)),
            (_, Some(body)) => Some(Replacement::Body(body.clone())),
            _ => None,
        };
        let delay = self.spec.latency.as_ref().map(|latency| self.latencies.draw(latency, fails));
        if delay.is_some() {
            self.count(Kind::Latency);
        }
        Plan { delay, replacement, truncates: self.spec.truncate, rule: Arc::clone(self) }
    }

    /// Says in an answer that a rule made it what it is.
    pub(crate) fn sign(&self, mut response: Response) -> Response {
        response.headers_mut().insert(super::X_FAULT, self.name.clone());
        response
    }

    /// Counts one fault of a kind that the rule has.
    pub(crate) fn count(&self, kind: Kind) {
        if let Some(counter) = &self.counters[kind as usize] {
            counter.inc();
            trace::fault(&self.spec.name, kind.name());
        }
    }

    /// How often it has done this kind; None when it never does.
    pub(super) fn injected(&self, kind: Kind) -> Option<u64> {
        self.counters[kind as usize].as_ref().map(IntCounter::get)
    }

    /// Whether it keeps the process from being ready now.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// How long after its start the process listens.
    pub(super) fn start_delay(&self) -> Option<Duration> {
        let delay =
            |fault: &ProcessFault| if let ProcessFault::Start(delay) = fault { Some(*delay) } else { None };
        self.spec.process.iter().find_map(delay).filter(|_| self.applies)
    }

    /// As it was written, with what has become of it.
    pub(super) fn shown(&self) -> Value {
        let mut injected = Map::new();
        for (kind, name) in [(Kind::Error, "errors"), (Kind::Latency, "latencies")] {
            injected.insert(name.to_owned(), json!(self.injected(kind).unwrap_or_default()));
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Error | Kind::Latency)) {
            if let Some(count) = self.injected(kind) {
                injected.insert(kind.name().to_owned(), json!(count));
            }
        }
        let mut shown = self.shown.clone();
        shown["active"] = json!(self.active());
        shown["injected"] = Value::Object(injected);
        shown
    }

    /// Starts what it does without being asked.
    fn effects(self: &Arc<Self>) -> Vec<Effect> {
        let start = self.since + self.spec.start_after;
        let period = Period { start, end: self.spec.ttl.map(|ttl| start + ttl) };
        self.spec.process.iter().flat_map(|fault| self.effect(fault, period)).collect()
    }

    fn effect(self: &Arc<Self>, fault: &ProcessFault, period: Period) -> Vec<Effect> {
        let rule = Arc::clone(self);
        let counter = self.counters[fault.kind() as usize].clone().expect("a rule counts what it does");
        match fault.clone() {
            ProcessFault::Leak(leak) => {
                vec![Effect::start(period, move |until| leak.run(&counter, until))]
            }
            ProcessFault::Cpu(cores) => {
                let burned = Arc::new(Burned::new(counter));
                let start = |share: Cores| {
                    let burned = Arc::clone(&burned);
                    Effect::start(period, move |until| share.run(&burned, until))
                };
                cores.threads().into_iter().map(start).collect()
            }
            ProcessFault::Crash(after) => vec![Effect::start(period, move |until| {
                if until.pause(after) {
                    process::abort(&rule.spec.name);
                }
            })],
            ProcessFault::Readiness(readiness) => {
                vec![Effect::start(period, move |until| readiness.run(&rule.down, &counter, until))]
            }
            ProcessFault::Shutdown | ProcessFault::Start(_) | ProcessFault::CacheMiss => Vec::new(),
        }
    }
}
