//! An upstream that gives no answer.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Fault, Service, eventually};

use crate::{BINARY, calls, faced_with, ok};

/// One request, its status and sentence, and its record.
fn expect(service: &Service, status: u16, sentence: &str, outcome: &str) {
    let answer = service.get("/s3-buckets");
    let expected = format!(r#"{{"error":"auxiliary-service {sentence}","upstream":"auxiliary-service"}}"#);
    assert_eq!((answer.status, answer.body), (status, expected));
    assert_eq!(calls(service, outcome), 1.0);
    assert_eq!(service.metric("upstream_requests_total", &[]), 1.0);
}

#[test]
fn an_answer_that_is_none_of_the_contract_is_502() {
    for fault in [
        Fault::answer(200, "content-type: text/html\r\n", "<html>"),
        Fault::answer(200, "", "[]"),
        Fault::answer(200, "", r#"{"buckets":["#),
        Fault::answer(500, "content-type: text/html\r\n", "<html>"),
        Fault::answer(302, "location: http://elsewhere\r\n", "{}"),
        Fault::Cut(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        Fault::answer(200, &format!("x-large: {}\r\n", "x".repeat(64 * 1024)), "{}"),
    ] {
        let (_upstream, service) = faced_with(fault, &[]);
        expect(&service, 502, "gave no valid answer", "server_error");
    }
}

#[test]
fn an_answer_that_is_too_large_is_502_and_not_kept() {
    let body = format!(r#"{{"buckets":["{}"]}}"#, "x".repeat(70_000));
    let (_upstream, service) =
        faced_with(Fault::answer(200, "", &body), &[("UPSTREAM_MAX_BODY_BYTES", "64Ki")]);
    expect(&service, 502, "gave no valid answer", "server_error");
}

#[test]
fn a_connection_that_is_reset_or_cut_is_502() {
    for fault in [
        Fault::Reset,
        Fault::Cut(Vec::new()),
        Fault::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()),
    ] {
        let (_upstream, service) = faced_with(fault, &[]);
        expect(&service, 502, "is unreachable", "unreachable");
    }
}

#[test]
fn a_host_that_refuses_or_has_no_address_is_502() {
    for url in ["http://127.0.0.1:1", "http://no-such-host.invalid"] {
        let service = Service::start(BINARY, &[("AUXILIARY_SERVICE_URL", url)]);
        expect(&service, 502, "is unreachable", "unreachable");
    }
}

#[test]
fn a_hang_is_504_at_the_deadline_wherever_it_hangs() {
    for fault in [Fault::hang(), Fault::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())] {
        let (_upstream, service) = faced_with(fault, &[("UPSTREAM_TIMEOUT_SEC", "0.5")]);
        let started = Instant::now();
        expect(&service, 504, "did not answer in time", "timeout");
        let took = started.elapsed();
        assert!((Duration::from_millis(500)..Duration::from_millis(900)).contains(&took), "{took:?}");
    }
}

#[test]
fn a_client_that_goes_away_leaves_a_cancelled_call() {
    let (upstream, service) = faced_with(Fault::hang(), &[]);
    let mut client = TcpStream::connect(service.public).unwrap();
    client.write_all(b"GET /parameters HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    eventually("the upstream is asked", || !upstream.requests().is_empty());
    drop(client);
    eventually("the call is recorded", || calls(&service, "cancelled") == 1.0);
}

#[test]
fn the_soft_check_shows_the_upstream_and_never_fails_readiness() {
    let (upstream, service) = faced_with(ok(), &[]);
    let shows = |text: &str| {
        let answer = service.manage("GET", "/readyz?verbose", &[], "");
        assert_eq!(answer.status, 200);
        answer.body.contains(text)
    };
    eventually("it is up", || shows("[+]auxiliary-service ok"));
    drop(upstream);
    eventually("it is down", || shows("[-]auxiliary-service auxiliary-service is unreachable"));
    assert_eq!(service.metric("upstream_requests_total", &[]), 0.0, "checks are no calls");
}

#[test]
fn every_outcome_exists_from_the_start() {
    let (_upstream, service) = faced_with(ok(), &[]);
    let count = service.metrics().iter().filter(|series| series.name == "upstream_requests_total").count();
    assert_eq!(count, 7);
}
