//! Attributes of spans, events and resources: a name and a value.

use super::protobuf::{bytes, bytes_len, head, number, number_len};

/// The longest text that is reported, in bytes: a path may have 16 KiB, and nobody reads that in a trace.
const MAX_TEXT: usize = 1024;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text; beyond 1,024 bytes it is cut off.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Boolean(bool),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

// KeyValue of opentelemetry/proto/common/v1/common.proto, and its AnyValue.
const KEY: u32 = 1;
const VALUE: u32 = 2;
const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;

/// Writes an attribute as a field of what has it.
pub(super) fn write(out: &mut Vec<u8>, field: u32, key: &str, value: Value<'_>) {
    let value = clip(value);
    let length = match value {
        Value::Text(text) => bytes_len(STRING, text.len()),
        Value::Number(value) => number_len(INT, value.cast_unsigned()),
        Value::Boolean(value) => number_len(BOOL, value.into()),
    };
    head(out, field, bytes_len(KEY, key.len()) + bytes_len(VALUE, length));
    bytes(out, KEY, key.as_bytes());
    head(out, VALUE, length);
    match value {
        Value::Text(text) => bytes(out, STRING, text.as_bytes()),
        Value::Number(value) => number(out, INT, value.cast_unsigned()),
        Value::Boolean(value) => number(out, BOOL, value.into()),
    }
}

fn clip(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Text(text) => Value::Text(&text[..text.floor_char_boundary(MAX_TEXT)]),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_has_its_field() {
        for (value, encoded) in [
            (Value::from("v"), b"\x4a\x08\x0a\x01k\x12\x03\x0a\x01v".as_slice()),
            (Value::from(200_u16), b"\x4a\x08\x0a\x01k\x12\x03\x18\xc8\x01"),
            (Value::Boolean(true), b"\x4a\x07\x0a\x01k\x12\x02\x10\x01"),
        ] {
            let mut out = Vec::new();
            write(&mut out, 9, "k", value);
            assert_eq!(out, encoded, "{value:?}");
        }
    }

    #[test]
    fn a_text_is_cut_off_between_two_characters() {
        let text = "ü".repeat(600);
        let Value::Text(clipped) = clip(Value::Text(&text)) else { panic!("it was a text") };
        assert_eq!(clipped.len(), 1024);
        let text = format!("x{text}");
        let Value::Text(clipped) = clip(Value::Text(&text)) else { panic!("it was a text") };
        assert_eq!(clipped.len(), 1023);
    }
}
