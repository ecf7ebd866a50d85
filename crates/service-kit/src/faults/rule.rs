//! One fault rule: what it matches, what it does, and since when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, Method, StatusCode};
use prometheus::{IntCounter, IntCounterVec};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::latency::{Latency, LatencyCounter};
use super::rate::{Rate, RateCounter};
use crate::config::value;

/// A rule as the file states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSpec {
    /// Names the rule in `x-fault` and in the `rule` label.
    pub name: String,
    #[serde(default, rename = "match")]
    pub(super) matches: Match,
    pub(super) error: Option<ErrorSpec>,
    pub(super) latency: Option<Latency>,
    #[serde(default, deserialize_with = "span")]
    pub(super) start_after: Option<Duration>,
    #[serde(default, deserialize_with = "span")]
    pub(super) ttl: Option<Duration>,
}

/// What a request must be to match; what is not given matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    path: Option<String>,
    #[serde(default, deserialize_with = "method")]
    method: Option<Method>,
    version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorSpec {
    pub(super) rate: Rate,
    #[serde(default = "internal_server_error")]
    pub(super) status: u16,
}

fn internal_server_error() -> u16 {
    500
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    value::duration(&String::deserialize(deserializer)?).map(Some).map_err(serde::de::Error::custom)
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Method>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let method =
        Method::from_bytes(name.as_bytes()).ok().filter(|_| !name.contains(|c: char| c.is_ascii_lowercase()));
    method.map(Some).ok_or_else(|| serde::de::Error::custom("must be a method in capitals, such as GET"))
}

impl RuleSpec {
    /// What is wrong with it, if anything.
    pub(super) fn validate(&self) -> Result<(), String> {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=63).contains(&self.name.len()) || !self.name.chars().all(word) {
            return Err("name: must be 1 to 63 letters, digits, '-', '_' or '.'".to_owned());
        }
        let said = |problem: String| format!("rule {:?}: {problem}", self.name);
        if self.matches.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err(said("match: path: must start with '/'".to_owned()));
        }
        if self
            .error
            .as_ref()
            .is_some_and(|error| !(400..=599).contains(&error.status) || error.status == 499)
        {
            return Err(said(
                "error: status: must be from 400 to 599, but not 499, a client that left".to_owned(),
            ));
        }
        if self.error.is_none() && self.latency.is_none() {
            return Err(said("needs error, latency or both".to_owned()));
        }
        self.latency.as_ref().map_or(Ok(()), Latency::validate).map_err(said)
    }
}

/// A rule at work: its specification, its clock and its counters.
#[derive(Debug)]
pub(crate) struct Rule {
    spec: RuleSpec,
    /// As it was written.
    written: Value,
    name: HeaderValue,
    status: StatusCode,
    since: Instant,
    errors: RateCounter,
    latencies: LatencyCounter,
    injected_errors: IntCounter,
    injected_latencies: IntCounter,
}

impl Rule {
    pub(super) fn new(spec: RuleSpec, written: Value, injected: &IntCounterVec) -> Arc<Self> {
        let counter = |kind| injected.with_label_values(&[spec.name.as_str(), kind]);
        let error = spec.error.as_ref();
        let status = error.and_then(|error| StatusCode::from_u16(error.status).ok());
        Arc::new(Self {
            name: HeaderValue::from_str(&spec.name).expect("a valid name is a valid header"),
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            since: Instant::now(),
            errors: RateCounter::new(error.map(|error| error.rate).unwrap_or_default()),
            latencies: LatencyCounter::default(),
            injected_errors: counter("error"),
            injected_latencies: counter("latency"),
            spec,
            written,
        })
    }

    pub(super) fn written(&self) -> &Value {
        &self.written
    }

    pub(super) fn spec(&self) -> &RuleSpec {
        &self.spec
    }

    /// Whether its time has come and not passed: both count from when the rule was first loaded.
    pub(super) fn active(&self) -> bool {
        let age = self.since.elapsed();
        let start = self.spec.start_after.unwrap_or_default();
        age >= start && self.spec.ttl.is_none_or(|ttl| age < start.saturating_add(ttl))
    }

    pub(super) fn matches(&self, method: &Method, template: &str, path: &str, version: &str) -> bool {
        let wanted = &self.spec.matches;
        wanted.method.as_ref().is_none_or(|wanted| wanted == method)
            && wanted.version.as_ref().is_none_or(|wanted| wanted == version)
            && wanted.path.as_ref().is_none_or(|wanted| wanted == template || wanted == path)
            && self.active()
    }

    /// The latency of the next request, if the rule has any.
    pub(super) fn delay(&self) -> Option<Duration> {
        let delay = self.latencies.draw(self.spec.latency.as_ref()?);
        self.injected_latencies.inc();
        Some(delay)
    }

    /// Whether the next request fails.
    pub(super) fn fails(&self) -> bool {
        self.spec.error.is_some() && self.errors.strike()
    }

    /// The name and status of the failure, counted now that it is answered.
    pub(crate) fn failure(&self) -> (HeaderValue, StatusCode) {
        self.injected_errors.inc();
        (self.name.clone(), self.status)
    }

    /// How many errors and how many latencies it has injected.
    pub(super) fn injected(&self) -> (u64, u64) {
        (self.injected_errors.get(), self.injected_latencies.get())
    }
}
