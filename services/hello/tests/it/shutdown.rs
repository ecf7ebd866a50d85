//! How the process ends: by SIGTERM, by Ctrl-C, by a second signal, and by its own deadline.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::hello;

#[test]
fn is_not_ready_from_sigterm_on_but_answers_until_the_delay_is_over() {
    let mut hello = hello(&[("DRAIN_DELAY_SEC", "1.5")]);
    let told = Instant::now();
    hello.signal(Signal::TERM);
    e2e::eventually("not ready", || hello.manage("GET", "/readyz", &[], "").status == 503);
    assert_eq!(hello.get("/readyz").status, 503);
    let answer = hello.get("/success");
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    assert_eq!(
        hello.manage("GET", "/readyz?verbose", &[], "").body.lines().nth(1),
        Some("[-]shutdown shutting down")
    );
    assert_eq!(hello.wait(Duration::from_secs(10)).code(), Some(0));
    assert!(told.elapsed() >= Duration::from_millis(1_500));
}

#[test]
fn a_request_in_flight_is_finished_within_the_shutdown_timeout() {
    let mut hello = hello(&[]);
    std::thread::scope(|scope| {
        let request = scope.spawn(|| hello.get("/work?sleep=1s&cpu=0ms").status);
        e2e::eventually("it is in flight", || hello.metric("http_requests_in_flight", &[]) == 1.0);
        hello.signal(Signal::TERM);
        e2e::eventually("management answers meanwhile", || {
            hello.manage("GET", "/readyz", &[], "").status == 503
        });
        assert_eq!(request.join().unwrap(), 200);
    });
    assert_eq!(hello.wait(Duration::from_secs(10)).code(), Some(0));
}

#[test]
fn a_request_that_takes_longer_than_the_shutdown_timeout_is_cut_off_and_logged() {
    let mut hello = hello(&[("SHUTDOWN_TIMEOUT_SEC", "0.3")]);
    std::thread::scope(|scope| {
        let head = b"GET /work?sleep=9s&cpu=0ms HTTP/1.1\r\nhost: a\r\n\r\n";
        let request = scope.spawn(|| e2e::raw(hello.public, head));
        e2e::eventually("it is in flight", || hello.metric("http_requests_in_flight", &[]) == 1.0);
        hello.signal(Signal::TERM);
        assert_eq!(request.join().unwrap(), "");
    });
    assert_eq!(hello.wait(Duration::from_secs(5)).code(), Some(0));
    e2e::eventually("the log says so", || hello.log().iter().any(|line| line.contains("requests cut off")));
    // It was the service's doing, so it is no 499.
    e2e::eventually("its line", || hello.log().iter().any(|line| line.contains(r#""status":503"#)));
}

#[test]
fn ctrl_c_skips_the_delay() {
    let mut hello = hello(&[("DRAIN_DELAY_SEC", "60")]);
    hello.signal(Signal::INT);
    assert_eq!(hello.wait(Duration::from_secs(3)).code(), Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut hello = hello(&[("DRAIN_DELAY_SEC", "60")]);
    hello.signal(Signal::TERM);
    e2e::eventually("draining", || hello.get("/readyz").status == 503);
    hello.signal(Signal::TERM);
    hello.wait(Duration::from_secs(3));
}

#[test]
fn a_connection_that_was_accepted_last_is_answered() {
    let mut hello = hello(&[]);
    let mut connections: Vec<TcpStream> =
        (0..50).map(|_| TcpStream::connect(hello.public).unwrap()).collect();
    hello.signal(Signal::INT);
    for connection in &mut connections {
        connection.write_all(b"GET /success HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    }
    for mut connection in connections {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!(hello.wait(Duration::from_secs(3)).code(), Some(0));
}

#[test]
fn a_client_that_says_nothing_does_not_hold_up_the_end() {
    let mut hello = hello(&[("SHUTDOWN_TIMEOUT_SEC", "60")]);
    let _silent = TcpStream::connect(hello.public).unwrap();
    let mut half = TcpStream::connect(hello.public).unwrap();
    half.write_all(b"GET /success HTTP/1.1\r\nhost:").unwrap();
    hello.signal(Signal::TERM);
    assert_eq!(hello.wait(Duration::from_secs(3)).code(), Some(0));
}

#[test]
fn the_last_log_line_is_written() {
    let mut hello = hello(&[]);
    hello.signal(Signal::TERM);
    hello.wait(Duration::from_secs(5));
    e2e::eventually("the last line", || hello.log().last().is_some_and(|line| line.contains("stopped")));
}
