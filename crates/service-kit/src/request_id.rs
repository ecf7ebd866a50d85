//! `x-request-id`: taken from the client when it is sane, else made.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::hex;

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
        Self { start: hex::digits(fastrand::u64(..)), next: AtomicU64::new(1) }
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
        id[16..].copy_from_slice(&hex::digits(number));
        // An owner is shared from the start: clones for the request, the answer and the log allocate nothing.
        HeaderValue::from_maybe_shared(Bytes::from_owner(id)).expect("hexadecimal digits are visible")
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

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
