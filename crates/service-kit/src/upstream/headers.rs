//! What of a request's headers goes on to the upstream, and what of the answer's comes back.

use http::{HeaderMap, HeaderName, header};

use crate::request_id::X_REQUEST_ID;
use crate::trace::TRACEPARENT;

const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What ties the requests of several services together.
const CONTEXT: [HeaderName; 3] = [X_REQUEST_ID, TRACEPARENT, TRACESTATE];

/// What belongs to one connection (RFC 9110, 7.6.1), and the length, which the body in hand knows better.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

/// Makes the headers of a request those of our own connection, with the context of the request that is answered.
pub(super) fn prepare(headers: &mut HeaderMap, context: &HeaderMap) {
    remove_connection(headers);
    // Each is the upstream's business, not the client's: its name, and whether the body is worth sending.
    headers.remove(header::HOST);
    headers.remove(header::EXPECT);
    for name in CONTEXT {
        headers.remove(&name);
        for value in context.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
}

/// Removes what says nothing about the message itself, the fields that `Connection` names included.
pub(super) fn remove_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_THE_CONNECTION) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_message_and_the_context_are_passed_on() {
        let mut request = headers(&[
            ("host", "shop.example"),
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("content-length", "7"),
            ("x-request-id", "stale"),
            ("content-type", "application/json"),
        ]);
        let context = headers(&[("x-request-id", "mine"), ("traceparent", "00-a-b-01"), ("cookie", "no")]);
        prepare(&mut request, &context);
        let expected =
            [("content-type", "application/json"), ("x-request-id", "mine"), ("traceparent", "00-a-b-01")];
        assert_eq!(request, headers(&expected));
    }
}
