//! Every request is recorded once, whatever becomes of it.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::TestService;

#[test]
fn every_request_is_counted_once_with_its_path_method_and_status() {
    let service = TestService::start(&["--request-timeout-sec=0.2", "--max-body-bytes=10"]);
    (0..5).for_each(|_| assert_eq!(service.get("/ok").status, 200));
    (0..3).for_each(|id| assert_eq!(service.get(&format!("/item/{id}")).status, 200));
    (0..2).for_each(|_| assert_eq!(service.get("/hang").status, 503));
    assert_eq!(service.get("/panic").status, 500);
    assert_eq!(service.get("/nowhere").status, 404);
    assert_eq!(service.send("DELETE", "/ok", "").status, 405);
    assert_eq!(service.send("POST", "/echo", "longer than ten").status, 413);
    assert_eq!(service.send("HEAD", "/ok", "").status, 200);
    let mut leaver = TcpStream::connect(service.public).unwrap();
    leaver.write_all(b"GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    e2e::eventually("the request is in flight", || service.metric("http_requests_in_flight", &[]) == 1.0);
    drop(leaver);
    service.expect_requests(&[("path", "/hang"), ("method", "GET"), ("status", "499")], 1.0);
    for (path, method, status, count) in [
        ("/ok", "GET", "200", 5.0),
        ("/item/{id}", "GET", "200", 3.0),
        ("/hang", "GET", "503", 2.0),
        ("/panic", "GET", "500", 1.0),
        ("unmatched", "GET", "404", 1.0),
        ("/ok", "DELETE", "405", 1.0),
        ("/echo", "POST", "413", 1.0),
        ("/ok", "HEAD", "200", 1.0),
    ] {
        service.expect_requests(&[("path", path), ("method", method), ("status", status)], count);
    }
    service.expect_requests(&[], 16.0);
    assert_eq!(service.metric("http_requests_in_flight", &[]), 0.0);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_is_a_499() {
    let service = TestService::start(&[]);
    let mut leaver = TcpStream::connect(service.public).unwrap();
    leaver.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
    e2e::eventually("the request is in flight", || service.metric("http_requests_in_flight", &[]) == 1.0);
    drop(leaver);
    service.expect_requests(&[("path", "/echo"), ("status", "499")], 1.0);
    service.expect_requests(&[], 1.0);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
}

#[test]
fn bytes_that_never_become_a_head_are_a_connection_error_and_no_request() {
    let service = TestService::start(&[]);
    for garbage in [
        "\x16\x03\x01 not http\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nhost",
        "GET /a\u{0}b HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(service.public).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    e2e::eventually("four errors", || service.metric("http_connection_errors_total", &[]) == 4.0);
    service.expect_requests(&[], 0.0);
}

#[test]
fn odd_paths_and_methods_add_a_handful_of_series() {
    let service = TestService::start(&[]);
    let before = service.metrics().len();
    for number in 0..10_000 {
        assert_eq!(service.get(&format!("/{number}/{}", fastrand::u64(..))).status, 404);
    }
    for number in 0..100 {
        let request = format!("ODD{number} /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert!(e2e::raw(service.public, request.as_bytes()).starts_with("HTTP/1.1 405 "));
    }
    let added = service.metrics().len() - before;
    // A counter and a histogram (17 edges, +Inf, sum, count) each for GET of an unknown path, for any other method of
    // a known one, and for the first scrape.
    assert_eq!(added, 3 * 21);
}

#[test]
fn documented_answers_and_their_failures_exist_at_zero_from_the_start() {
    let service = TestService::start(&[]);
    for status in ["200", "500", "503"] {
        let labels = [("path", "/ok"), ("method", "GET"), ("status", status)];
        assert!(service.metrics().iter().any(|series| series.is("http_requests_total", &labels)), "{status}");
    }
    let labels = [("path", "/ok"), ("status", "200")];
    assert!(service.metrics().iter().any(|series| series.is("http_request_duration_seconds_count", &labels)));
    service.expect_requests(&[], 0.0);
}

#[test]
fn no_label_takes_a_name_that_the_prometheus_operator_owns() {
    let service = TestService::start(&["--environment=qa"]);
    service.get("/ok");
    for series in service.metrics() {
        for owned in ["service", "namespace", "pod", "job", "instance", "container", "endpoint"] {
            assert!(!series.labels.contains_key(owned), "{series:?}");
        }
        assert!(series.is(&series.name, &[("env", "qa"), ("version", "1.2.3")]), "{series:?}");
    }
}

#[test]
fn probes_and_scrapes_of_the_management_listener_are_counted_apart() {
    let service = TestService::start(&[]);
    (0..3).for_each(|_| assert_eq!(service.manage("GET", "/healthz", &[], "").body, "ok"));
    assert_eq!(service.manage("GET", "/ok", &[], "").status, 404);
    assert_eq!(
        service.metric("management_http_requests_total", &[("path", "/healthz"), ("status", "200")]),
        3.0
    );
    service.expect_requests(&[], 0.0);
}

#[test]
fn a_client_that_leaves_after_its_request_or_says_nothing_is_no_connection_error() {
    let service = TestService::start(&[]);
    for _ in 0..20 {
        let mut leaver = TcpStream::connect(service.public).unwrap();
        leaver.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    }
    e2e::eventually("all were recorded", || {
        service.metric("http_requests_total", &[("path", "/ok")]) == 20.0
    });
    for _ in 0..20 {
        drop(TcpStream::connect(service.public).unwrap());
    }
    e2e::eventually("nothing is in flight", || service.metric("http_requests_in_flight", &[]) == 0.0);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
}
