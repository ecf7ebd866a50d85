//! Heads that are refused: in the one envelope of errors, with an id and a version, and counted once.

use crate::harness::TestService;
use crate::wire::{HTTP2, Reply, Wire, http2_frame, http2_get};

/// Sends the head, and expects nothing but one answer that ends the connection.
fn refusal(service: &TestService, head: &str) -> Reply {
    let mut wire = Wire::open(service.public);
    wire.send(format!("{head}\r\n\r\nGET /ok HTTP/1.1\r\nhost: a\r\n\r\n"));
    let reply = wire.reply().unwrap_or_else(|| panic!("no answer to {head}"));
    assert!(reply.body.starts_with(r#"{"error":""#), "{head}: {reply:?}");
    assert_eq!(reply.header("content-type"), ["application/json"], "{head}");
    assert_eq!((reply.header("x-version"), reply.header("x-request-id").len()), (vec!["1.2.3"], 1), "{head}");
    assert_eq!(reply.header("connection"), ["close"], "{head}");
    assert!(wire.reply().is_none(), "{head}");
    reply
}

#[test]
fn a_host_that_is_missing_double_or_no_host_is_400() {
    let service = TestService::start(&[]);
    let heads = [
        "GET /ok HTTP/1.1",
        "GET http://a/ok HTTP/1.1",
        "GET /ok HTTP/1.1\r\nhost: a\r\nhost: a",
        "GET /ok HTTP/1.1\r\nhost: a\r\nHost: b",
        "GET /ok HTTP/1.1\r\nhost:",
        "GET /ok HTTP/1.1\r\nhost: a b",
        "GET /ok HTTP/1.1\r\nhost: user@a",
        "GET /ok HTTP/1.1\r\nhost: a/b",
        "GET /ok HTTP/1.1\r\nhost: a:b",
        "GET /ok HTTP/1.1\r\nhost: [::1",
        "GET /ok HTTP/1.1\r\nhost: \u{fc}",
        "GET /ok HTTP/1.0\r\nhost: a\r\nhost: a",
        "GET /ok HTTP/1.0\r\nconnection: keep-alive\r\nhost: a b",
    ];
    for head in heads {
        assert_eq!(refusal(&service, head).status(), 400, "{head}");
    }
    service.expect_requests(&[("path", "/ok"), ("status", "400")], heads.len() as f64);
    service.expect_requests(&[], heads.len() as f64);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
    for fine in
        ["GET /ok HTTP/1.0", "GET /ok HTTP/1.1\r\nhost: [::1]:80", "GET http://b/ok HTTP/1.1\r\nhost: a"]
    {
        let answer = e2e::raw(service.public, format!("{fine}\r\nconnection: close\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 200 OK"), "{fine}: {answer}");
    }
}

#[test]
fn over_http2_the_authority_is_the_host_and_nothing_may_contradict_it() {
    let service = TestService::start(&[]);
    for (fields, status) in [
        (&[(":authority", "a")][..], "200"),
        (&[(":authority", "a"), ("host", "A:80")], "200"),
        (&[("host", "a")], "200"),
        (&[], "400"),
        (&[(":authority", "a"), ("host", "b")], "400"),
        (&[("host", "a"), ("host", "a")], "400"),
        (&[("host", "a b")], "400"),
    ] {
        let labels = [("path", "/ok"), ("status", status)];
        let before = service.metric("http_requests_total", &labels);
        let mut wire = Wire::open(service.public);
        wire.send([HTTP2, &http2_get(fields)].concat());
        e2e::eventually(&format!("{fields:?} is {status}"), || {
            service.metric("http_requests_total", &labels) == before + 1.0
        });
    }
}

#[test]
fn a_transfer_coding_that_is_not_undone_is_refused() {
    let service = TestService::start(&[]);
    for (codings, status) in [
        ("gzip, chunked", 501),
        ("identity, chunked", 501),
        ("GZIP,Chunked", 501),
        ("gzip\r\ntransfer-encoding: chunked", 501),
        ("chunked, chunked", 400),
        ("chunked\r\ntransfer-encoding: chunked", 400),
        ("gzip, chunked, chunked", 400),
        (", chunked", 400),
    ] {
        let head = format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {codings}");
        assert_eq!(refusal(&service, &head).status(), status, "{codings}");
    }
    service.expect_requests(&[("path", "/echo")], 8.0);
    // Where the end of the body cannot be told at all, hyper refuses.
    for codings in ["chunked, gzip", "identity", "gzip", "xchunked", "chunked\r\ntransfer-encoding: gzip"] {
        let head = format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {codings}\r\n\r\n");
        let answer = e2e::raw(service.public, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{codings}: {answer}");
    }
    let answer =
        e2e::raw(service.public, b"POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 400 ") || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    e2e::eventually("each is counted", || service.metric("http_connection_errors_total", &[]) == 6.0);
    let mut wire = Wire::open(service.public);
    wire.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    assert_eq!(wire.reply().unwrap().body, "hi");
}

#[test]
fn a_body_that_is_packed_is_415_and_says_what_is_taken() {
    let service = TestService::start(&[]);
    let mut wire = Wire::open(service.public);
    for (codings, status) in [
        ("gzip", 415),
        ("GZIP", 415),
        ("identity, br", 415),
        ("identity\r\ncontent-encoding: deflate", 415),
        ("x", 415),
        ("identity", 200),
        ("Identity, identity", 200),
    ] {
        for path in ["/echo", "/json"] {
            let head = "host: a\r\ncontent-type: application/json\r\ncontent-length: 2";
            wire.send(format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-encoding: {codings}\r\n\r\n{{}}"));
            let reply = wire.reply().expect("the connection lives");
            assert_eq!(reply.status(), status, "{path} {codings}");
            let accepted: &[&str] = if status == 415 { &["identity"] } else { &[] };
            assert_eq!(reply.header("accept-encoding"), accepted, "{path} {codings}");
        }
    }
    wire.send("GET /ok HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\n\r\n");
    assert_eq!(wire.reply().unwrap().status(), 200, "without a body nothing is packed");
}

#[test]
fn a_target_that_is_too_long_is_414() {
    let service = TestService::start(&[]);
    let lengths = [16_385, 20_000, 20_480, 20_481, 32_000, 32_768, 40_000, 70_000, 1_000_000];
    for length in lengths {
        let head = format!("GET /{} HTTP/1.1\r\nhost: a", "x".repeat(length - 1));
        assert_eq!(refusal(&service, &head).status(), 414, "{length}");
    }
    // Behind a good request, in pieces, where the beginning would be a good request, and with another method.
    let mut wire = Wire::open(service.public);
    wire.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(wire.reply().unwrap().status(), 200);
    wire.send("POST /ok?");
    (0..500).for_each(|_| wire.send("x".repeat(100)));
    assert_eq!(wire.reply().unwrap().status(), 414);
    for (method, query, answer) in
        [(20_400, 0, "1.1 405 "), (15_000, 40_000, "1.1 414 "), (40_000, 0, "1.1 400 ")]
    {
        let (method, query) = ("X".repeat(method), "x".repeat(query));
        let head = format!("{method} /ok?{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let got = e2e::raw(service.public, head.as_bytes());
        assert!(got.starts_with(&format!("HTTP/{answer}")), "{}: {got}", method.len());
    }
    service.expect_requests(&[("path", "unmatched"), ("status", "414")], lengths.len() as f64);
    service.expect_requests(&[("path", "/ok"), ("status", "414")], 2.0);
    let longest = format!("GET /ok?{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(16_384 - 4));
    let mut wire = Wire::open(service.public);
    wire.send(longest);
    assert_eq!(wire.reply().unwrap().status(), 200);
    // A header's length is another matter, also where its head is behind another.
    let long_header = format!("GET /ok HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(30_000));
    for cut in [20, 100, 21_000] {
        let (start, rest) = long_header.split_at(cut);
        let mut wire = Wire::open(service.public);
        wire.send(format!("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n{start}"));
        assert_eq!(wire.reply().unwrap().status(), 200, "{cut}");
        wire.send(rest);
        assert_eq!(wire.reply().unwrap().status(), 200, "{cut}");
    }
}

#[test]
fn a_client_of_version_1_0_that_keeps_its_connection_is_never_told_both() {
    let service = TestService::start(&[]);
    let keep = "connection: keep-alive\r\nhost: a\r\n";
    let mut wire = Wire::open(service.public);
    wire.send(format!("GET /ok HTTP/1.0\r\n{keep}\r\n"));
    assert_eq!(wire.reply().unwrap().header("connection"), ["keep-alive"]);
    for (target, more) in [("/ok?connection=close", ""), ("/ok", "content-length: 9\r\n")] {
        let mut wire = Wire::open(service.public);
        wire.send(format!("GET {target} HTTP/1.0\r\n{keep}{more}\r\n"));
        assert_eq!(wire.reply().unwrap().header("connection"), ["close"], "{target}");
        assert!(wire.reply().is_none(), "{target}");
    }
}

#[test]
fn bytes_over_http2_are_no_lines_however_many_come_without_an_end() {
    let service = TestService::start(&[]);
    let mut wire = Wire::open(service.public);
    // The whole preface first, then a head of more than two frames, and then a body: POST /echo, and a header of 24,000 x.
    wire.send(HTTP2);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let mut block = b"\x83\x86\x04\x05/echo\x01\x01a\0\x01x\x7f\xc1\xba\x01".to_vec();
    block.extend(vec![b'x'; 24_000]);
    wire.send([http2_frame(1, 0, &block[..12_100]), http2_frame(9, 4, &block[12_100..])].concat());
    std::thread::sleep(std::time::Duration::from_millis(50));
    wire.send([http2_frame(0, 0, &[b'x'; 16_000]), http2_frame(0, 0, &[b'x'; 16_000])].concat());
    std::thread::sleep(std::time::Duration::from_millis(50));
    wire.send(http2_frame(0, 1, &[b'x'; 16_000]));
    service.expect_requests(&[("path", "/echo"), ("status", "200")], 1.0);
}
