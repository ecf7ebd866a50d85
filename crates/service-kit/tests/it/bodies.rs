//! Request bodies: bounded, and refused before they are read where their length is known.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::TestService;

#[test]
fn a_declared_length_beyond_the_limit_is_refused_on_every_route() {
    let service = TestService::start(&["--max-body-bytes=10"]);
    for path in ["/ok", "/echo", "/nowhere"] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n");
        let answer = e2e::raw(service.public, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.ends_with(r#"{"error":"the body is larger than 10 bytes"}"#), "{answer}");
    }
}

#[test]
fn a_body_of_unknown_length_is_refused_where_it_passes_the_limit() {
    let service = TestService::start(&["--max-body-bytes=10"]);
    let request = b"POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n";
    let answer = e2e::raw(service.public, request);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_limit_above_two_megabytes_is_what_it_says() {
    let service = TestService::start(&["--max-body-bytes=8000000"]);
    assert_eq!(service.send("POST", "/echo", &"x".repeat(5_000_000)).body.len(), 5_000_000);
}

#[test]
fn a_body_that_never_ends_is_answered_when_its_time_is_up() {
    let service = TestService::start(&["--request-timeout-sec=0.3"]);
    let mut stream = TcpStream::connect(service.public).unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.ends_with(r#"{"error":"request timed out"}"#),
        "{answer}"
    );
    service.expect_requests(&[("path", "/echo"), ("status", "503")], 1.0);
}

#[test]
fn a_malformed_body_is_the_clients_mistake() {
    let service = TestService::start(&[]);
    let request = b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n";
    let answer = e2e::raw(service.public, request);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    service.expect_requests(&[("path", "/echo"), ("status", "400")], 1.0);
}

#[test]
fn a_connection_with_an_unread_body_is_said_to_end_and_one_with_a_read_body_lives_on() {
    let service = TestService::start(&[]);
    for (path, connection) in [("/ok", "close"), ("/nowhere", "close"), ("/echo", "")] {
        assert_eq!(service.send("POST", path, "body").header("connection"), connection, "{path}");
    }
    assert_eq!(service.send("POST", "/ok", "").header("connection"), "");
}
