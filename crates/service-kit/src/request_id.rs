//! `x-request-id`: taken from the client when it is sane, else made.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header's name.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes request ids: a random start, then a counter. The system's generator would cost more than the rest of the
/// request, and an id has to be unique, not secret.
pub(crate) struct RequestIds {
    /// The first half of every id.
    start: [u8; 16],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { start: hex(fastrand::u64(..)), next: AtomicU64::new(1) }
    }

    /// The request's id. It stands in the headers afterwards, for whoever passes it on.
    pub(crate) fn ensure(&self, headers: &mut HeaderMap) -> HeaderValue {
        match headers.entry(X_REQUEST_ID) {
            Entry::Occupied(given) if is_sane(given.get().as_bytes()) => given.get().clone(),
            Entry::Occupied(mut given) => {
                given.insert(self.make());
                given.get().clone()
            }
            Entry::Vacant(vacant) => vacant.insert(self.make()).clone(),
        }
    }

    fn make(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = [0; 32];
        id[..16].copy_from_slice(&self.start);
        id[16..].copy_from_slice(&hex(number));
        // An owner is shared from the start: clones for the request, the answer and the log allocate nothing.
        HeaderValue::from_maybe_shared(Bytes::from_owner(id)).expect("hexadecimal digits are visible")
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// All digits at a time: each half byte of the number is spread to a byte of its own, which then becomes its letter.
fn hex(value: u64) -> [u8; 16] {
    let mut spread = u128::from(value);
    for (shift, mask) in SPREAD {
        spread = (spread | (spread << shift)) & mask;
    }
    // 1 in each byte that is a letter: ten and six carry into the upper half.
    let letters = ((spread + SIX) >> 4) & ONE;
    (spread + letters * u128::from(b'a' - b'9' - 1) + ONE * u128::from(b'0')).to_be_bytes()
}

const ONE: u128 = u128::from_be_bytes([1; 16]);
const SIX: u128 = u128::from_be_bytes([6; 16]);

/// Halves the distance of what belongs together four times.
const SPREAD: [(u32, u128); 4] = [
    (32, 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff),
    (16, 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff),
    (8, 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff),
    (4, 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_sixteen_digits() {
        for number in [0, 1, 9, 10, 15, 16, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX] {
            assert_eq!(str::from_utf8(&hex(number)).unwrap(), format!("{number:016x}"));
        }
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced_by_one_of_its_own() {
        let ids = RequestIds::new();
        let mut seen = std::collections::HashSet::new();
        for given in ["", "two words", &"x".repeat(129), "t\u{fc}r"] {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap());
            let id = ids.ensure(&mut headers);
            assert_eq!(headers[X_REQUEST_ID], id);
            assert!(id.len() == 32 && seen.insert(id), "{given}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("mine-1"));
        assert_eq!(ids.ensure(&mut headers), "mine-1");
    }
}
