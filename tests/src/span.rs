//! A span as a collector has it, whichever way it came there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost::Message;
use serde_json::Value;

use crate::otlp::{self, Export, KeyValue};

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;

/// One span. Ids are in hexadecimal digits, times in nanoseconds of Unix time.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace that it is of.
    pub trace_id: String,
    /// Its own id.
    pub span_id: String,
    /// The span above it; empty at the root.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// 1 internal, 2 server, 3 client.
    pub kind: i64,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// Whether its status is an error.
    pub failed: bool,
    /// What is said of it.
    pub attributes: Attributes,
    /// What happened in it: names, each with what is said of it.
    pub events: Vec<(String, Attributes)>,
    /// Who reports it.
    pub resource: Attributes,
}

impl Span {
    /// What stands in messages of OTLP in Protocol Buffers.
    pub fn decode<'a>(messages: impl IntoIterator<Item = &'a [u8]>) -> Vec<Self> {
        let exports = messages.into_iter().map(|bytes| Export::decode(bytes).expect("a message of OTLP"));
        let mut spans = Vec::new();
        for group in exports.flat_map(|export| export.resource_spans) {
            let resource = attributes(&group.resource.expect("someone reports it").attributes);
            let found = group.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.extend(found.map(|span| Self::of_message(span, &resource)));
        }
        spans
    }

    fn of_message(span: &otlp::Span, resource: &Attributes) -> Self {
        Self {
            trace_id: hex(&span.trace_id),
            span_id: hex(&span.id),
            parent: hex(&span.parent),
            name: span.name.clone(),
            kind: span.kind.into(),
            start: span.start,
            end: span.end,
            failed: span.status.as_ref().is_some_and(|status| status.code == 2),
            attributes: attributes(&span.attributes),
            events: span
                .events
                .iter()
                .map(|event| (event.name.clone(), attributes(&event.attributes)))
                .collect(),
            resource: resource.clone(),
        }
    }

    /// What stands in a line of OTLP in JSON.
    pub(crate) fn of_line(line: &str) -> Vec<Self> {
        let export: Value = serde_json::from_str(line).expect("a line of JSON");
        let mut spans = Vec::new();
        for group in list(&export["resourceSpans"]) {
            let resource = json_attributes(&group["resource"]["attributes"]);
            let found = list(&group["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"]));
            spans.extend(found.map(|span| Self::of_json(span, &resource)));
        }
        spans
    }

    fn of_json(span: &Value, resource: &Attributes) -> Self {
        let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
        let event = |event: &Value| {
            (event["name"].as_str().unwrap_or_default().to_owned(), json_attributes(&event["attributes"]))
        };
        Self {
            trace_id: text("traceId"),
            span_id: text("spanId"),
            parent: text("parentSpanId"),
            name: text("name"),
            kind: span["kind"].as_i64().unwrap_or_default(),
            start: text("startTimeUnixNano").parse().expect("a number"),
            end: text("endTimeUnixNano").parse().expect("a number"),
            failed: span["status"]["code"] == 2,
            attributes: json_attributes(&span["attributes"]),
            events: list(&span["events"]).iter().map(event).collect(),
            resource: resource.clone(),
        }
    }

    /// The service that reports it.
    pub fn service(&self) -> &str {
        self.resource["service.name"].as_str().expect("a text")
    }

    /// An attribute's value; null where it has none of this name.
    pub fn get(&self, key: &str) -> Value {
        self.attributes.get(key).cloned().unwrap_or_default()
    }
}

fn attributes(list: &[KeyValue]) -> Attributes {
    let value = |value: &otlp::Value| match value {
        otlp::Value::Text(text) => text.as_str().into(),
        otlp::Value::Boolean(value) => (*value).into(),
        otlp::Value::Number(number) => (*number).into(),
    };
    let pairs = list.iter().map(|pair| {
        let found = pair.value.as_ref().and_then(|any| any.value.as_ref()).expect("a value");
        (pair.key.clone(), value(found))
    });
    unique(pairs)
}

fn json_attributes(pairs: &Value) -> Attributes {
    // Whole numbers are texts in this format.
    let value = |value: &Value| match value["intValue"].as_str() {
        Some(number) => number.parse::<i64>().expect("a number").into(),
        None => value.as_object().and_then(|value| value.values().next()).expect("a value").clone(),
    };
    let key = |pair: &Value| pair["key"].as_str().expect("a key").to_owned();
    unique(list(pairs).iter().map(|pair| (key(pair), value(&pair["value"]))))
}

/// A name that stands twice is a mistake of whoever reports it.
fn unique(pairs: impl Iterator<Item = (String, Value)>) -> Attributes {
    let mut attributes = Attributes::new();
    for (key, value) in pairs {
        assert!(attributes.insert(key.clone(), value).is_none(), "{key} stands twice");
    }
    attributes
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a String takes every write");
        digits
    })
}
