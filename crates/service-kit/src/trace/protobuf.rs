//! The wire format of Protocol Buffers, as much of it as spans need: a field is its number and type, then its value.
//! The order of fields is free, so that a span is written in the order in which it becomes known.

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// The most bytes of a varint.
const LONGEST: usize = 10;

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn tag(out: &mut Vec<u8>, field: u32, kind: u32) {
    varint(out, u64::from(field << 3 | kind));
}

/// A number, an enum or a boolean.
pub(super) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, VARINT);
    varint(out, value);
}

pub(super) fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    tag(out, field, FIXED32);
    out.extend(value.to_le_bytes());
}

pub(super) fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, FIXED64);
    out.extend(value.to_le_bytes());
}

/// Bytes, a string, or a message that is written already.
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    head(out, field, value.len());
    out.extend(value);
}

/// What stands before bytes, a string or a message of this length.
pub(super) fn head(out: &mut Vec<u8>, field: u32, length: usize) {
    tag(out, field, LENGTH);
    varint(out, length as u64);
}

/// How many bytes [`number`] writes.
pub(super) fn number_len(field: u32, value: u64) -> usize {
    varint_len(u64::from(field << 3)) + varint_len(value)
}

/// How many bytes [`bytes`] writes.
pub(super) fn bytes_len(field: u32, length: usize) -> usize {
    number_len(field, length as u64) + length
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// A field that was read: a number, or the bytes of a string or message.
#[derive(Debug, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The first field of this number in a message; None where there is none, or the message is malformed.
pub(super) fn find(message: &[u8], field: u64) -> Option<Field<'_>> {
    let mut rest = message;
    while !rest.is_empty() {
        let tag = read_varint(&mut rest)?;
        let value = match (tag & 7) as u32 {
            VARINT => Field::Number(read_varint(&mut rest)?),
            LENGTH => {
                let length = usize::try_from(read_varint(&mut rest)?).ok()?;
                Field::Bytes(take(&mut rest, length)?)
            }
            FIXED64 => Field::Bytes(take(&mut rest, 8)?),
            FIXED32 => Field::Bytes(take(&mut rest, 4)?),
            _ => return None,
        };
        if tag >> 3 == field {
            return Some(value);
        }
    }
    None
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let length = rest.iter().take(LONGEST).position(|byte| *byte < 0x80)? + 1;
    let bytes = take(rest, length)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of https://protobuf.dev/programming-guides/encoding.
    #[test]
    fn fields_are_written_as_the_format_wants_them() {
        let mut out = Vec::new();
        number(&mut out, 1, 150);
        bytes(&mut out, 2, b"testing");
        assert_eq!(out, b"\x08\x96\x01\x12\x07testing");
        let mut out = Vec::new();
        fixed64(&mut out, 7, 1);
        fixed32(&mut out, 16, 0x0102);
        assert_eq!(out, [0x39, 1, 0, 0, 0, 0, 0, 0, 0, 0x85, 0x01, 2, 1, 0, 0]);
    }

    #[test]
    fn lengths_are_known_before_anything_is_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            for field in [1, 15, 16] {
                let mut out = Vec::new();
                number(&mut out, field, value);
                assert_eq!(out.len(), number_len(field, value), "{field} {value}");
            }
        }
        let mut out = Vec::new();
        bytes(&mut out, 3, &[0; 200]);
        assert_eq!(out.len(), bytes_len(3, 200));
    }

    #[test]
    fn a_field_is_found_behind_others_and_nothing_in_what_is_cut_off() {
        let mut out = Vec::new();
        fixed64(&mut out, 1, 9);
        fixed32(&mut out, 2, 9);
        bytes(&mut out, 3, b"text");
        number(&mut out, 4, u64::MAX);
        assert_eq!(find(&out, 3), Some(Field::Bytes(b"text")));
        assert_eq!(find(&out, 4), Some(Field::Number(u64::MAX)));
        assert_eq!(find(&out, 5), None);
        for length in 0..out.len() {
            assert_eq!(find(&out[..length], 4), None, "{length}");
        }
        assert_eq!(find(&[0x0b], 1), None);
    }
}
