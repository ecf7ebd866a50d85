//! Reads what a handler has left of a request's body, so that the connection can take the next request.

use std::time::Duration;

use axum::response::Response;
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::body::RequestBody;

/// Beyond it a new connection costs the client less than the rest of the body; Go's server draws the same line.
const MAX_BYTES: u64 = 256 * 1024;

/// How long the answer waits for the rest, which most clients send right behind the head.
const MAX_TIME: Duration = Duration::from_millis(500);

/// Whether there is any hope of its end.
pub(super) fn is_worth_it(rest: &RequestBody) -> bool {
    rest.size_hint().lower() <= MAX_BYTES
}

/// Returns the answer when the rest was read, or has shown to be too much.
pub(super) async fn drain(response: Response, rest: RequestBody) -> Response {
    // In time or not: the body's state says whether the end was seen.
    let _ = tokio::time::timeout(MAX_TIME, read(rest)).await;
    response
}

async fn read(mut rest: RequestBody) {
    let mut left = MAX_BYTES;
    while let Some(Ok(frame)) = rest.frame().await {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match left.checked_sub(length) {
            Some(still_left) => left = still_left,
            None => return,
        }
    }
}
