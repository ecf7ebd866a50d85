//! What of a request's headers goes on to the upstream, and what of the answer's comes back.

use http::{HeaderMap, HeaderName, header};

use crate::request_id::X_REQUEST_ID;
use crate::trace::{Propagators, SpanContext, TRACEPARENT};

const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

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

/// Makes the headers of a request those of our own connection, with the context of the request that is answered: what
/// ties the requests of several services together.
pub(super) fn prepare(headers: &mut HeaderMap, context: &HeaderMap, propagators: Option<Propagators>) {
    remove_connection(headers);
    // Each is the upstream's business, not the client's: its name, and whether the body is worth sending.
    headers.remove(header::HOST);
    headers.remove(header::EXPECT);
    copy(headers, context, &X_REQUEST_ID, true);
    match propagators {
        None => {
            copy(headers, context, &TRACEPARENT, true);
            copy(headers, context, &TRACESTATE, true);
        }
        Some(propagators) => {
            // Each attempt says its own.
            headers.remove(TRACEPARENT);
            // It is about a trace that is gone on with.
            let goes_on = context.get(TRACEPARENT).and_then(SpanContext::parse).is_some();
            copy(headers, context, &TRACESTATE, propagators.trace_context && goes_on);
            copy(headers, context, &BAGGAGE, propagators.baggage);
        }
    }
}

/// Puts what the context has of a header in place of what the message has, or nothing.
fn copy(headers: &mut HeaderMap, context: &HeaderMap, name: &HeaderName, pass: bool) {
    headers.remove(name);
    for value in context.get_all(name).iter().filter(|_| pass) {
        headers.append(name, value.clone());
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
        prepare(&mut request, &context, None);
        let expected =
            [("content-type", "application/json"), ("x-request-id", "mine"), ("traceparent", "00-a-b-01")];
        assert_eq!(request, headers(&expected));
    }

    #[test]
    fn where_requests_are_traced_the_propagators_say_what_is_passed_on() {
        const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (propagators, parent, passed) in [
            ("tracecontext,baggage", PARENT, vec![("tracestate", "a=1"), ("baggage", "b=2")]),
            ("tracecontext", PARENT, vec![("tracestate", "a=1")]),
            ("tracecontext", "none", vec![]),
            ("baggage", PARENT, vec![("baggage", "b=2")]),
            ("none", PARENT, vec![]),
        ] {
            let context = headers(&[("traceparent", parent), ("tracestate", "a=1"), ("baggage", "b=2")]);
            let mut request = context.clone();
            prepare(&mut request, &context, Some(propagators.parse().unwrap()));
            assert_eq!(request, headers(&passed), "{propagators} {parent}");
        }
    }
}
