//! What is bounded: connections, their idle time, and the bytes that requests hold together.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::TestService;

const OK: &[u8] = b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n";

fn connect(service: &TestService) -> TcpStream {
    let stream = TcpStream::connect(service.public).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends bytes and returns what of an answer is there.
fn ask(stream: &mut TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).unwrap();
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

fn shed(service: &TestService, reason: &str) -> f64 {
    service.metric("http_connections_shed_total", &[("reason", reason)])
}

#[test]
fn a_new_client_gets_the_place_of_the_longest_idle() {
    let service = TestService::start(&["--max-connections=3"]);
    let mut streams: Vec<_> = (0..3).map(|_| connect(&service)).collect();
    for stream in &mut streams {
        assert!(ask(stream, OK).starts_with("HTTP/1.1 200 "));
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_millis(1500));
    let mut new = connect(&service);
    assert!(ask(&mut new, OK).starts_with("HTTP/1.1 200 "));
    assert_eq!(streams[0].read(&mut [0; 1]).unwrap(), 0);
    for stream in &mut streams[1..] {
        assert!(ask(stream, OK).starts_with("HTTP/1.1 200 "));
    }
    assert_eq!((shed(&service, "idle"), shed(&service, "refused")), (1.0, 0.0));
}

#[test]
fn a_client_for_which_there_is_no_place_is_told_and_counted_and_the_next_is_served() {
    let service = TestService::start(&["--max-connections=2"]);
    let mut busy: Vec<_> = (0..2).map(|_| connect(&service)).collect();
    for stream in &mut busy {
        stream.write_all(b"GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    }
    e2e::eventually("both are in flight", || service.metric("http_requests_in_flight", &[]) == 2.0);
    let mut answer = String::new();
    connect(&service).read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{answer}");
    assert_eq!(body, r#"{"error":"too many connections"}"#);
    assert_eq!((shed(&service, "idle"), shed(&service, "refused")), (0.0, 1.0));
    drop(busy);
    e2e::eventually("there is a place again", || {
        e2e::raw(service.public, b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .contains(" 200 ")
    });
}

#[test]
fn a_connection_that_has_rested_goes_on_where_it_was() {
    for flags in [&[][..], &["--max-connections=4"]] {
        let service = TestService::start(flags);
        let mut stream = connect(&service);
        // The beginning of the next head comes with the first.
        assert!(ask(&mut stream, b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /it").ends_with("fine"));
        std::thread::sleep(Duration::from_millis(2500));
        assert!(ask(&mut stream, b"em/1 HTTP/1.1\r\nhost: a\r\n\r\n").ends_with("one"));
        std::thread::sleep(Duration::from_millis(2500));
        let upload = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody";
        assert!(ask(&mut stream, upload).ends_with("body"));
        service.expect_requests(&[("status", "200")], 3.0);
        assert_eq!(service.metric("http_connection_errors_total", &[]), 0.0);
    }
}

#[test]
fn an_idle_connection_lives_as_long_as_is_said() {
    let service = TestService::start(&["--idle-timeout-sec=2.5"]);
    let mut stream = connect(&service);
    assert!(ask(&mut stream, OK).starts_with("HTTP/1.1 200 "));
    let started = Instant::now();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    assert!(started.elapsed() >= Duration::from_secs_f64(2.4), "{:?}", started.elapsed());
}

#[test]
fn unfinished_bodies_are_held_up_to_their_limit_however_they_are_cut() {
    for piece in [40_000, 100] {
        let service = TestService::start(&["--max-body-bytes=50000", "--max-buffered-bytes=200000"]);
        let head = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\n";
        let uploads: Vec<_> = (0..20)
            .map(|_| {
                let mut stream = connect(&service);
                stream.set_nodelay(true).unwrap();
                stream.write_all(head).unwrap();
                // Who is refused may be gone before the last piece.
                let _ = vec![b'x'; 40_000].chunks(piece).try_for_each(|bytes| stream.write_all(bytes));
                stream
            })
            .collect();
        let refused = || service.metric("http_requests_total", &[("path", "/echo"), ("status", "503")]);
        e2e::eventually("15 of 20 and more are refused", || refused() >= 15.0);
        assert!(refused() <= 18.0, "{}", refused());
        drop(uploads);
        let whole = "x".repeat(50_000);
        e2e::eventually("what was held is given back", || {
            service.send("POST", "/echo", &whole).status == 200
        });
    }
}

#[test]
fn a_refused_body_is_503_and_says_when_to_come_back() {
    let service = TestService::start(&["--max-body-bytes=50000", "--max-buffered-bytes=1"]);
    // Room for two of the largest.
    let mut held: Vec<_> = (0..2).map(|_| connect(&service)).collect();
    for stream in &mut held {
        stream.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\n").unwrap();
        stream.write_all(&vec![b'x'; 49_000]).unwrap();
    }
    e2e::eventually("a body finds no room", || {
        let answer = service.send("POST", "/echo", &"x".repeat(20_000));
        let refusal = r#"{"error":"too many bytes of requests are held at the moment"}"#;
        answer.status == 503 && answer.header("retry-after") == "1" && answer.body == refusal
    });
    assert_eq!(service.get("/ok").status, 200);
}
