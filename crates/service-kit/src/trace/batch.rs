//! Spans in the message that a collector takes.

use super::attribute::{self, Value};
use super::protobuf;

// ExportTraceServiceRequest, ResourceSpans, Resource and ScopeSpans of opentelemetry/proto, and InstrumentationScope.
const RESOURCE_SPANS: u32 = 1;
const RESOURCE: u32 = 1;
const RESOURCE_ATTRIBUTES: u32 = 1;
const SCOPE_SPANS: u32 = 2;
const SCOPE: u32 = 1;
const SCOPE_NAME: u32 = 1;
const SCOPE_VERSION: u32 = 2;
const SPANS: u32 = 2;

// ExportTraceServiceResponse, and its ExportTracePartialSuccess.
const PARTIAL_SUCCESS: u64 = 1;
const REJECTED_SPANS: u64 = 1;

/// What every message of a service begins with.
pub(super) struct Envelope {
    resource: Vec<u8>,
    scope: Vec<u8>,
}

impl Envelope {
    pub(super) fn new(resource: &[(String, String)]) -> Self {
        let mut attributes = Vec::new();
        for (key, value) in resource {
            attribute::write(&mut attributes, RESOURCE_ATTRIBUTES, key, Value::Text(value));
        }
        let mut scope = Vec::new();
        protobuf::bytes(&mut scope, SCOPE_NAME, env!("CARGO_PKG_NAME").as_bytes());
        protobuf::bytes(&mut scope, SCOPE_VERSION, env!("CARGO_PKG_VERSION").as_bytes());
        Self { resource: attributes, scope }
    }

    /// The message with these spans.
    pub(super) fn message(&self, spans: &[Vec<u8>]) -> Vec<u8> {
        let all: usize = spans.iter().map(|span| protobuf::bytes_len(SPANS, span.len())).sum();
        let scope_spans = protobuf::bytes_len(SCOPE, self.scope.len()) + all;
        let resource = protobuf::bytes_len(RESOURCE, self.resource.len());
        let length = resource + protobuf::bytes_len(SCOPE_SPANS, scope_spans);
        let mut out = Vec::with_capacity(protobuf::bytes_len(RESOURCE_SPANS, length));
        protobuf::head(&mut out, RESOURCE_SPANS, length);
        protobuf::bytes(&mut out, RESOURCE, &self.resource);
        protobuf::head(&mut out, SCOPE_SPANS, scope_spans);
        protobuf::bytes(&mut out, SCOPE, &self.scope);
        for span in spans {
            protobuf::bytes(&mut out, SPANS, span);
        }
        out
    }
}

/// How many spans the collector says that it has refused, in an answer to a message that it took.
pub(super) fn rejected(answer: &[u8]) -> u64 {
    match protobuf::find(answer, PARTIAL_SUCCESS) {
        Some(protobuf::Field::Bytes(partial)) => match protobuf::find(partial, REJECTED_SPANS) {
            Some(protobuf::Field::Number(count)) => count,
            _ => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::protobuf::{Field, find};
    use super::*;

    #[test]
    fn a_message_says_who_sends_it_and_holds_the_spans_as_they_are() {
        let envelope = Envelope::new(&[("service.name".to_owned(), "hello".to_owned())]);
        let message = envelope.message(&[vec![7; 200], vec![8; 3]]);
        assert_eq!(message.capacity(), message.len());
        let Some(Field::Bytes(resource_spans)) = find(&message, 1) else { panic!("no resource spans") };
        let Some(Field::Bytes(scope_spans)) = find(resource_spans, 2) else { panic!("no scope spans") };
        assert_eq!(find(scope_spans, 2), Some(Field::Bytes(&[7; 200])));
        assert!(message.ends_with(&[0x12, 3, 8, 8, 8]));
    }

    #[test]
    fn a_partial_success_says_how_many_were_refused() {
        assert_eq!(rejected(b"\x0a\x06\x08\x03\x12\x02no"), 3);
        for none in [b"".as_slice(), b"\x0a\x00", b"\x0a\x04\x12\x02no", b"no message"] {
            assert_eq!(rejected(none), 0, "{none:?}");
        }
    }
}
