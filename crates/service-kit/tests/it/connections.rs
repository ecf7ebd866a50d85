//! What every answer carries, and what slow and broken clients get.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::harness::TestService;
use crate::wire::{HTTP2, Wire, http2_get};

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
fn a_service_without_a_path_of_its_own_says_at_the_root_what_it_is() {
    let service = TestService::start(&["--environment=qa"]);
    let body = r#"{"service":"test","version":"1.2.3","environment":"qa","openapi":"/openapi.json"}"#;
    let answer = service.get("/?x=y");
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
    assert_eq!(service.send("HEAD", "/", "").header("content-length"), body.len().to_string());
    assert_eq!(service.send("POST", "/", "").status, 405);
    service.expect_requests(&[("path", "/"), ("method", "GET"), ("status", "200")], 1.0);
    assert_eq!(service.manage("GET", "/", &[], "").status, 404);
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
    let head = |size: usize| {
        format!("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(size))
    };
    assert!(e2e::raw(service.public, head(10_000).as_bytes()).starts_with("HTTP/1.1 200 "));
    assert!(e2e::raw(service.public, head(40_000).as_bytes()).starts_with("HTTP/1.1 431 "));
    e2e::eventually("one connection error", || service.metric("http_connection_errors_total", &[]) == 1.0);
}

#[test]
fn garbage_behind_requests_ends_the_connection_and_is_counted_once_however_it_is_cut() {
    let service = TestService::start(&[]);
    let good = "GET /ok HTTP/1.1\r\nhost: a\r\n\r\n";
    let garbage = "\0\0garbage\r\n\r\n";
    let cuts = [
        vec![format!("{good}{garbage}")],
        vec![format!("{good}{good}{good}{garbage}")],
        vec![good.to_owned(), garbage.to_owned()],
        vec![format!("{good}\0"), "garbage\r\n\r\n".to_owned()],
        vec!["GET /ok HTTP/1.1\r\nhost: a\r\n".to_owned(), format!("\r\n{garbage}{garbage}")],
        vec![format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi{garbage}")],
        vec![format!("{good}GET /ok HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n")],
    ];
    for (count, segments) in cuts.iter().enumerate() {
        let mut wire = Wire::open(service.public);
        for segment in segments {
            wire.send(segment);
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(wire.reply().unwrap().status(), 200, "{segments:?}");
        let last = std::iter::from_fn(|| wire.reply()).last();
        assert_eq!(last.unwrap().status(), 400, "{segments:?}");
        let errors = || service.metric("http_connection_errors_total", &[]);
        e2e::eventually("one more error", || errors() == count as f64 + 1.0);
    }
    service.expect_requests(&[("status", "200")], 9.0);
    service.expect_requests(&[], 9.0);
}

#[test]
fn a_head_that_never_ends_behind_a_request_is_counted_and_a_client_that_leaves_its_answer_is_not() {
    let service = TestService::start(&[]);
    let errors = || service.metric("http_connection_errors_total", &[]);
    let mut stream = TcpStream::connect(service.public).unwrap();
    stream.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /ok HTTP/1.1\r\nho").unwrap();
    stream.read_exact(&mut [0; 15]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    e2e::eventually("one error", || errors() == 1.0);
    // More than the kernel takes for a client that does not read.
    let mut leaver = TcpStream::connect(service.public).unwrap();
    leaver.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    leaver.read_exact(&mut [0; 15]).unwrap();
    leaver.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(leaver);
    e2e::eventually("nothing is in flight", || service.metric("http_requests_in_flight", &[]) == 0.0);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(errors(), 1.0);
}

#[test]
fn garbage_over_http2_is_counted_once_before_and_behind_requests() {
    let service = TestService::start(&[]);
    // A SETTINGS frame of five bytes, and DATA on stream 0.
    let garbage: [&[u8]; 2] = [b"\0\0\x05\x04\0\0\0\0\0abcde", b"\0\0\x01\0\0\0\0\0\0x"];
    let request = http2_get(&[(":authority", "a")]);
    for (count, garbage) in garbage.iter().enumerate() {
        for (more, start) in [HTTP2.to_vec(), [HTTP2, &request].concat()].iter().enumerate() {
            for (last, whole) in [true, false].iter().enumerate() {
                let mut stream = TcpStream::connect(service.public).unwrap();
                if *whole {
                    stream.write_all(&[start, *garbage].concat()).unwrap();
                } else {
                    stream.write_all(start).unwrap();
                    std::thread::sleep(Duration::from_millis(50));
                    stream.write_all(garbage).unwrap();
                }
                let _ = stream.read_to_end(&mut Vec::new());
                let expected = (4 * count + 2 * more + last + 1) as f64;
                let errors = || service.metric("http_connection_errors_total", &[]);
                e2e::eventually("one more error", || errors() == expected);
            }
        }
    }
}

#[test]
fn a_client_that_trickles_its_head_is_cut_off() {
    let service = TestService::start(&[]);
    let mut stream = TcpStream::connect(service.public).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(b"GET /ok HTTP/1.1\r\n").unwrap();
    let started = std::time::Instant::now();
    // A header a second, for as long as the server takes it.
    let cut = e2e::within(Duration::from_secs(30), "the connection ends", || {
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
