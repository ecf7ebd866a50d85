//! A rule as its document states it.

use std::time::Duration;

use serde_json::Value;

use super::answer::{BodySpec, ErrorSpec};
use super::field::{Field, Fields};
use super::kind::Kind;
use super::latency::Latency;
use super::matches::Match;
use super::process::{self, ProcessFault};
use super::yaml::Node;
use crate::config::value;

/// The longest name: that of a label's value in Kubernetes.
const MAX_NAME: usize = 63;

/// What `GET /faults` adds to a rule. A `PUT` may bring it back, but nobody can set it.
pub(super) const SHOWN: [&str; 2] = ["active", "injected"];

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleSpec {
    /// Names the rule in `x-fault` and in the `rule` label.
    pub(super) name: String,
    pub(super) matches: Match,
    pub(super) error: Option<ErrorSpec>,
    pub(super) latency: Option<Latency>,
    pub(super) body: Option<BodySpec>,
    pub(super) truncate: bool,
    /// The number of the request that ends the process.
    pub(super) crash_at: Option<u64>,
    pub(super) process: Vec<ProcessFault>,
    pub(super) start_after: Duration,
    pub(super) ttl: Option<Duration>,
}

impl RuleSpec {
    /// Reads a rule; `place` names one that has no name.
    pub(super) fn read(node: &Node, place: usize) -> Result<Self, String> {
        let named = match node {
            Node::Map(entries) => entries.iter().find(|(key, _)| key == "name"),
            _ => None,
        };
        let who = match named {
            Some((_, Node::Scalar { text, .. })) => format!("rule {text:?}"),
            _ => format!("rule {place}"),
        };
        Self::read_fields(node).map_err(|problem| format!("{who}: {problem}"))
    }

    fn read_fields(node: &Node) -> Result<Self, String> {
        let mut allowed = vec!["name", "match", "start_after", "ttl"];
        allowed.extend(Kind::ALL.map(Kind::name));
        let known = [&allowed[..], &SHOWN].concat();
        let fields = Field::root(node)
            .fields(&known)
            .map_err(|problem| problem.replace(&format!(", {}", SHOWN.join(", ")), ""))?;
        let rule = Self {
            name: fields.need("name", name)?,
            matches: fields.get("match").map(|field| Match::read(&field)).transpose()?.unwrap_or_default(),
            error: fields.get("error").map(|field| ErrorSpec::read(&field)).transpose()?,
            latency: fields.get("latency").map(|field| Latency::read(&field)).transpose()?,
            body: fields.get("body").map(|field| BodySpec::read(&field)).transpose()?,
            truncate: fields.parse("truncate", value::boolean)?.unwrap_or_default(),
            crash_at: crash_at(&fields)?,
            process: ProcessFault::read_all(&fields)?,
            start_after: fields.parse("start_after", value::duration)?.unwrap_or_default(),
            ttl: fields.parse("ttl", value::duration)?,
        };
        rule.check().map(|()| rule)
    }

    /// What its fields do not allow together.
    fn check(&self) -> Result<(), String> {
        let kinds = self.kinds();
        if kinds.is_empty() {
            return Err(format!("does nothing: needs one of {}", Kind::ALL.map(Kind::name).join(", ")));
        }
        if !self.is_about_requests() && self.matches.is_about_requests() {
            let kind = kinds[0].name();
            return Err(format!("match: only version may be given with {kind}, which is about the process"));
        }
        let timed = !self.start_after.is_zero() || self.ttl.is_some();
        if timed && kinds.contains(&Kind::Start) {
            return Err("start: cannot be combined with start_after or ttl".to_owned());
        }
        Ok(())
    }

    /// Whether it may answer a request: the first that matches then wins.
    pub(super) fn answers(&self) -> bool {
        self.error.is_some() || self.latency.is_some() || self.body.is_some() || self.truncate
    }

    pub(super) fn is_about_requests(&self) -> bool {
        self.answers() || self.crash_at.is_some()
    }

    pub(super) fn kinds(&self) -> Vec<Kind> {
        let about_requests = [
            (self.error.is_some(), Kind::Error),
            (self.latency.is_some(), Kind::Latency),
            (self.body.is_some(), Kind::Body),
            (self.truncate, Kind::Truncate),
            (self.crash_at.is_some(), Kind::Crash),
        ];
        let about_requests = about_requests.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind);
        about_requests.chain(self.process.iter().map(ProcessFault::kind)).collect()
    }

    /// Whether it has what only `GET /faults` says: a file that hopes to switch a rule off with it is wrong.
    pub(super) fn refuse_shown(node: &Node) -> Result<(), String> {
        let Node::Map(entries) = node else { return Ok(()) };
        match entries.iter().find(|(key, _)| SHOWN.contains(&&**key)) {
            Some((key, _)) => Err(format!("{key}: is only shown by GET /faults: a file cannot set it")),
            None => Ok(()),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match (1..=MAX_NAME).contains(&text.len()) && text.chars().all(word) {
        true => Ok(text.to_owned()),
        false => Err(format!("must be 1 to {MAX_NAME} letters, digits, '-', '_' or '.'")),
    }
}

fn crash_at(rule: &Fields<'_>) -> Result<Option<u64>, String> {
    let field = rule.get(Kind::Crash.name());
    Ok(field.map(|field| process::crash(&field)).transpose()?.and_then(|(_, requests)| requests))
}

/// The rule for people: as it was written, without what is added to it anew.
pub(super) fn shown(node: &Node) -> Value {
    let mut shown = node.shown();
    if let (Node::Map(entries), Value::Object(fields)) = (node, &mut shown) {
        fields.retain(|name, _| !SHOWN.contains(&&**name));
        // Its JSON has types of its own.
        if let Some((_, Node::Map(body))) = entries.iter().find(|(key, _)| key == "body")
            && let Some((_, json)) = body.iter().find(|(key, _)| key == "json")
        {
            fields["body"]["json"] = json.value();
        }
    }
    shown
}
