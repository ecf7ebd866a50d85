//! A span as the bytes that are sent, from its beginning on: what becomes known of it is written behind the rest, so that
//! a span is one piece of memory.

use super::attribute::{self, Value};
use super::context::SpanContext;
use super::protobuf;

// Span of opentelemetry/proto/trace/v1/trace.proto, with its Event and Status.
const TRACE_ID: u32 = 1;
const SPAN_ID: u32 = 2;
const PARENT_SPAN_ID: u32 = 4;
const NAME: u32 = 5;
const KIND: u32 = 6;
const START: u32 = 7;
const END: u32 = 8;
const ATTRIBUTES: u32 = 9;
const EVENTS: u32 = 11;
const STATUS: u32 = 15;
const FLAGS: u32 = 16;
const EVENT_TIME: u32 = 1;
const EVENT_NAME: u32 = 2;
const EVENT_ATTRIBUTES: u32 = 3;
const STATUS_CODE: u32 = 3;
const STATUS_ERROR: u64 = 2;

/// In the flags: whether it is known where the parent is, and that it is in another process.
const PARENT_IS_KNOWN: u32 = 1 << 8;
const PARENT_IS_REMOTE: u32 = 1 << 9;

/// A server's span has about 350 bytes.
const USUAL: usize = 512;

/// What a span is of the two sides of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither: something within the process.
    Internal = 1,
    /// The one that is asked.
    Server = 2,
    /// The one that asks.
    Client = 3,
}

/// The span that another follows from.
#[derive(Clone, Copy)]
pub(super) enum Parent {
    None,
    /// In this process, by its id.
    Local(u64),
    /// In the caller's.
    Remote(u64),
}

pub(super) struct Draft(Vec<u8>);

impl Draft {
    /// `name` is in parts; `start` in nanoseconds of Unix time, as every time here.
    pub(super) fn new(context: SpanContext, parent: Parent, kind: Kind, name: &[&str], start: u64) -> Self {
        let mut out = Vec::with_capacity(USUAL);
        protobuf::bytes(&mut out, TRACE_ID, &context.trace_id.to_be_bytes());
        protobuf::bytes(&mut out, SPAN_ID, &context.span_id.to_be_bytes());
        let (parent, more) = match parent {
            Parent::None => (None, PARENT_IS_KNOWN),
            Parent::Local(id) => (Some(id), PARENT_IS_KNOWN),
            Parent::Remote(id) => (Some(id), PARENT_IS_KNOWN | PARENT_IS_REMOTE),
        };
        if let Some(id) = parent {
            protobuf::bytes(&mut out, PARENT_SPAN_ID, &id.to_be_bytes());
        }
        protobuf::head(&mut out, NAME, name.iter().map(|part| part.len()).sum());
        for part in name {
            out.extend(part.as_bytes());
        }
        protobuf::number(&mut out, KIND, kind as u64);
        protobuf::fixed64(&mut out, START, start);
        protobuf::fixed32(&mut out, FLAGS, u32::from(context.flags) | more);
        Self(out)
    }

    pub(super) fn attribute<'a>(&mut self, key: &str, value: impl Into<Value<'a>>) {
        attribute::write(&mut self.0, ATTRIBUTES, key, value.into());
    }

    pub(super) fn event(&mut self, time: u64, name: &str, attributes: &[(&str, Value<'_>)]) {
        let mut event = Vec::new();
        protobuf::fixed64(&mut event, EVENT_TIME, time);
        protobuf::bytes(&mut event, EVENT_NAME, name.as_bytes());
        for (key, value) in attributes {
            attribute::write(&mut event, EVENT_ATTRIBUTES, key, *value);
        }
        protobuf::bytes(&mut self.0, EVENTS, &event);
    }

    /// The whole span. Its status is left open where it has not failed: only who asked may say that it went well.
    pub(super) fn end(mut self, time: u64, failed: bool) -> Vec<u8> {
        protobuf::fixed64(&mut self.0, END, time);
        if failed {
            protobuf::head(&mut self.0, STATUS, protobuf::number_len(STATUS_CODE, STATUS_ERROR));
            protobuf::number(&mut self.0, STATUS_CODE, STATUS_ERROR);
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::protobuf::{Field, find};
    use super::*;

    const CONTEXT: SpanContext = SpanContext { trace_id: 0xab, span_id: 0xcd, flags: 1 };

    #[test]
    fn a_span_has_its_place_its_name_and_what_was_said_of_it() {
        let mut draft = Draft::new(CONTEXT, Parent::Remote(0xef), Kind::Server, &["GET", " ", "/a"], 5);
        draft.attribute("http.route", "/a");
        draft.event(6, "fault", &[("fault.rule", "some".into())]);
        let span = draft.end(7, true);
        let bytes = |field| match find(&span, field) {
            Some(Field::Bytes(bytes)) => bytes.to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!((bytes(1), bytes(2)), (0xab_u128.to_be_bytes().to_vec(), 0xcd_u64.to_be_bytes().to_vec()));
        assert_eq!((bytes(4), bytes(5)), (0xef_u64.to_be_bytes().to_vec(), b"GET /a".to_vec()));
        assert_eq!(find(&span, 6), Some(Field::Number(2)));
        assert_eq!((bytes(7), bytes(8)), (5_u64.to_le_bytes().to_vec(), 7_u64.to_le_bytes().to_vec()));
        assert_eq!(find(&bytes(9), 1), Some(Field::Bytes(b"http.route")));
        assert_eq!(find(&bytes(11), 2), Some(Field::Bytes(b"fault")));
        assert_eq!(find(&bytes(15), 3), Some(Field::Number(2)));
        assert_eq!(bytes(16), 0x301_u32.to_le_bytes());
    }

    #[test]
    fn a_root_has_no_parent_and_a_success_no_status() {
        let span = Draft::new(CONTEXT, Parent::None, Kind::Client, &["GET"], 5).end(7, false);
        assert_eq!((find(&span, 4), find(&span, 15)), (None, None));
    }
}
