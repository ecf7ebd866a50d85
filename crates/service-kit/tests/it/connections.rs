//! What every answer carries, and what slow and broken clients get.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::harness::TestService;

#[test]
fn every_answer_carries_its_request_id_and_the_version() {
    let service = TestService::start(&["--service-version=9.9.9"]);
    for path in ["/ok", "/panic", "/nowhere"] {
        let answer = service.get(path);
        assert_eq!(
            (answer.header("x-version"), answer.header("x-request-id").len()),
            ("9.9.9", 32),
            "{path}"
        );
    }
    let answer = service.manage("GET", "/healthz", &[("x-request-id", "mine")], "");
    assert_eq!(answer.header("x-request-id"), "mine");
}

#[test]
fn errors_are_json_on_every_path() {
    let service = TestService::start(&[]);
    assert_eq!(service.get("/nowhere").body, r#"{"error":"not found"}"#);
    assert_eq!(service.get("/panic").body, r#"{"error":"internal error"}"#);
    let refused = service.send("PUT", "/ok", "");
    assert_eq!((refused.status, refused.body.as_str()), (405, r#"{"error":"method not allowed"}"#));
    assert_eq!(refused.header("allow"), "GET,HEAD");
}

#[test]
fn a_panic_leaves_the_connection_usable() {
    let service = TestService::start(&[]);
    let requests =
        "GET /panic HTTP/1.1\r\nhost: a\r\n\r\nGET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = e2e::raw(service.public, requests.as_bytes());
    assert!(answers.starts_with("HTTP/1.1 500 ") && answers.ends_with("fine"), "{answers}");
}

#[test]
fn odd_bytes_in_paths_are_answered() {
    let service = TestService::start(&[]);
    for (path, status) in
        [("/item/%00", "200"), ("/item/%ff%fe", "200"), ("/%2e%2e", "404"), ("//", "404"), ("*", "404")]
    {
        let answer = e2e::raw(
            service.public,
            format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes(),
        );
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    let answer = e2e::raw(service.public, b"GET /item/\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}

#[test]
fn a_head_of_ten_thousand_bytes_is_read_and_an_endless_one_refused() {
    let service = TestService::start(&[]);
    let head =
        |size: usize| format!("GET /ok HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(size));
    assert!(e2e::raw(service.public, head(10_000).as_bytes()).starts_with("HTTP/1.1 200 "));
    assert!(e2e::raw(service.public, head(40_000).as_bytes()).starts_with("HTTP/1.1 431 "));
    e2e::eventually("one connection error", || service.metric("http_connection_errors_total", &[]) == 1.0);
}

#[test]
fn garbage_behind_a_request_ends_the_connection_and_nothing_else() {
    let service = TestService::start(&[]);
    let answer = e2e::raw(service.public, b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n\x00\x01garbage\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(service.get("/ok").status, 200);
}

#[test]
fn a_client_that_trickles_its_head_is_cut_off() {
    let service = TestService::start(&[]);
    let mut stream = TcpStream::connect(service.public).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    stream.write_all(b"GET /ok HTTP/1.1\r\n").unwrap();
    let started = std::time::Instant::now();
    // A header a second, for as long as the server takes it.
    let cut = e2e::within(std::time::Duration::from_secs(30), "the connection ends", || {
        let ended =
            stream.read(&mut [0; 1]).is_ok_and(|read| read == 0) || stream.write_all(b"x: y\r\n").is_err();
        ended.then(|| started.elapsed())
    });
    assert!(cut.as_secs() >= 9, "{cut:?}");
    e2e::eventually("one connection error", || service.metric("http_connection_errors_total", &[]) == 1.0);
}

#[test]
fn a_connection_that_says_nothing_and_ends_is_no_error() {
    let service = TestService::start(&[]);
    let stream = TcpStream::connect(service.public).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    assert_eq!(service.get("/ok").status, 200);
    assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
}
