//! One retry, where the contract has one, within the one deadline.

use std::time::{Duration, Instant};

use e2e::Fault;

use crate::{calls, faced_with, ok};

#[test]
fn a_503_without_a_time_to_wait_is_tried_once_more() {
    let (upstream, service) = faced_with(Fault::answer(503, "", r#"{"error":"request timed out"}"#), &[]);
    let answer = service.get("/parameters");
    assert_eq!((answer.status, upstream.requests().len()), (503, 2));
    assert_eq!((calls(&service, "server_error"), service.metric("upstream_retries_total", &[])), (1.0, 1.0));
}

#[test]
fn a_retry_that_succeeds_is_a_success() {
    for first in [Fault::answer(503, "", "{}"), Fault::Cut(Vec::new()), Fault::Reset] {
        let (upstream, service) = faced_with(ok(), &[]);
        upstream.once(first);
        assert_eq!(service.get("/parameters").status, 200);
        assert_eq!((upstream.requests().len(), calls(&service, "ok")), (2, 1.0));
    }
}

#[test]
fn nothing_else_is_tried_again() {
    for fault in [
        Fault::answer(503, "retry-after: 1\r\n", "{}"),
        Fault::answer(500, "", "{}"),
        Fault::answer(502, "", "{}"),
        Fault::answer(404, "", "{}"),
        Fault::answer(200, "", "<html>"),
    ] {
        let (upstream, service) = faced_with(fault.clone(), &[]);
        service.get("/parameters");
        assert_eq!(upstream.requests().len(), 1, "{fault:?}");
    }
}

#[test]
fn a_retry_has_only_what_is_left_of_the_deadline() {
    let (upstream, service) = faced_with(Fault::hang(), &[("UPSTREAM_TIMEOUT_SEC", "0.5")]);
    upstream.once(Fault::answer(503, "", "{}"));
    let started = Instant::now();
    assert_eq!(service.get("/parameters").status, 504);
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    assert_eq!((upstream.requests().len(), calls(&service, "timeout")), (2, 1.0));
}

#[test]
fn a_connection_that_the_upstream_has_closed_meanwhile_costs_nobody_an_error() {
    let (upstream, service) = faced_with(ok(), &[]);
    for _ in 0..20 {
        // Announced nowhere: the pool finds out when it uses the connection.
        let Fault::Answer(bytes) = ok() else { unreachable!() };
        upstream.set(Fault::Cut(bytes));
        assert_eq!(service.get("/parameters").status, 200);
    }
    assert_eq!(calls(&service, "ok"), 20.0);
}
