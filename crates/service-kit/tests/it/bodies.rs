//! Request bodies: bounded, and refused before they are read where their length is known.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::TestService;
use crate::wire::Wire;

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

const CHUNKED: &str =
    "host: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n, a\r\n0\r\nx: y\r\n\r\n";

#[test]
fn five_hundred_bodies_in_chunks_go_over_one_connection_whoever_reads_them() {
    let service = TestService::start(&["--max-body-bytes=100"]);
    let mut wire = Wire::open(service.public);
    for (path, status) in [("/echo", 200), ("/json", 415), ("/ok", 405), ("/nowhere", 404)] {
        for _ in 0..125 {
            wire.send(format!("POST {path} HTTP/1.1\r\n{CHUNKED}"));
            let reply = wire.reply().expect("the connection lives");
            assert_eq!((reply.status(), reply.header("connection")), (status, vec![]), "{path}");
        }
    }
    service.expect_requests(&[], 500.0);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
}

#[test]
fn what_a_handler_leaves_unread_of_a_body_is_read_when_it_is_small() {
    let service = TestService::start(&["--max-body-bytes=100000"]);
    let mut wire = Wire::open(service.public);
    for (path, length, status) in [
        ("/ok", 4, 405),
        ("/nowhere", 80_000, 404),
        ("/echo", 200_000, 413),
        ("/json", 4, 415),
        ("/echo", 4, 200),
    ] {
        wire.send(format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"));
        // The rest comes in its own time.
        std::thread::sleep(Duration::from_millis(20));
        wire.send("x".repeat(length));
        let reply = wire.reply().expect("the connection lives");
        assert_eq!((reply.status(), reply.header("connection")), (status, vec![]), "{path}");
    }
}

#[test]
fn what_is_too_much_or_does_not_come_ends_the_connection_as_the_answer_says() {
    let service = TestService::start(&["--max-body-bytes=100"]);
    let chunks = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n", 300_000, "x".repeat(300_000));
    for (path, rest, status) in [
        ("/ok", "content-length: 10\r\n\r\nhalf", 405),
        ("/nowhere", "content-length: 1000000\r\n\r\n", 413),
        ("/echo", chunks.as_str(), 413),
        ("/ok", chunks.as_str(), 405),
    ] {
        let mut wire = Wire::open(service.public);
        wire.send(format!("POST {path} HTTP/1.1\r\nhost: a\r\n{rest}"));
        let reply = wire.reply().expect("an answer");
        assert_eq!((reply.status(), reply.header("connection")), (status, vec!["close"]), "{path}");
        assert!(wire.reply().is_none(), "{path}");
        service.expect_requests(&[("status", "499")], 0.0);
    }
}

#[test]
fn a_client_that_is_still_sending_gets_the_answer_that_ends_its_connection() {
    let service = TestService::start(&["--max-body-bytes=100"]);
    for _ in 0..20 {
        let mut wire = Wire::open(service.public);
        wire.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\n");
        wire.send("x".repeat(200_000));
        std::thread::sleep(Duration::from_millis(20));
        let reply = wire.reply().expect("an answer");
        assert_eq!((reply.status(), reply.header("connection")), (413, vec!["close"]));
    }
    service.expect_requests(&[("status", "413")], 20.0);
}

#[test]
fn a_length_beside_chunks_ends_the_connection() {
    let service = TestService::start(&[]);
    for headers in
        ["content-length: 2\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 2"]
    {
        let mut wire = Wire::open(service.public);
        wire.send(format!("POST /echo HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /ok HTTP/1.1\r\nhost: a\r\n\r\n"));
        let reply = wire.reply().expect("an answer");
        assert_eq!((reply.status(), reply.header("connection")), (200, vec!["close"]), "{headers}");
        assert!(wire.reply().is_none(), "{headers}");
    }
    service.expect_requests(&[], 2.0);
}

#[test]
fn a_client_is_told_to_go_on_only_when_its_body_is_wanted() {
    let service = TestService::start(&["--max-body-bytes=100"]);
    for (path, more, status) in [
        ("/json", "content-type: text/plain\r\ncontent-length: 2", 415),
        ("/json", "content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 2", 415),
        ("/echo", "content-length: 101", 413),
        ("/echo", "host: b\r\ncontent-length: 2", 400),
        ("/echo", "transfer-encoding: gzip, chunked", 501),
        ("/ok", "content-length: 2", 405),
        ("/nowhere", "transfer-encoding: chunked", 404),
    ] {
        let mut wire = Wire::open(service.public);
        wire.send(format!("POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n{more}\r\n\r\n"));
        let reply = wire.reply().expect("an answer");
        assert_eq!((reply.status(), reply.header("connection")), (status, vec!["close"]), "{path} {more}");
        assert!(wire.reply().is_none(), "{path} {more}");
    }
    let mut wire = Wire::open(service.public);
    for _ in 0..2 {
        wire.send("POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n");
        assert_eq!(wire.reply().unwrap().status(), 100);
        wire.send("hi");
        assert_eq!(wire.reply().unwrap().body, "hi");
    }
}
