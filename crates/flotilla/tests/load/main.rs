//! `flotilla load` as its user runs it: the real binary against servers that answer well, late, badly or not at all.

mod goaway;
mod request;
mod support;
mod tls;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Call, Load, Reply, Server, load, start};

/// 100 requests in half a second: enough to count, short enough to run often.
const HUNDRED: [&str; 4] = ["--rate", "200/s", "--for", "500ms"];

fn with(arguments: &[&'static str]) -> Vec<&'static str> {
    [&HUNDRED, arguments].concat()
}

fn ok(_: &Call) -> Reply {
    Reply::ok()
}

/// Runs a hundred requests of which some get `broken`, and expects exactly these to be lost for this reason.
#[track_caller]
fn assert_lost(every: usize, broken: fn() -> Reply, reason: &str) {
    let server =
        Server::start(move |call| if call.index.is_multiple_of(every) { broken() } else { Reply::ok() });
    let run = load(&server.url(), &with(&["--connections", "4"]));
    let (report, lost) = (run.json(), 100 / every);
    assert_eq!(report["sent"], 100);
    assert_eq!((&report["lost"], &report["lost_reasons"]), (&json!(lost), &json!({ reason: lost })));
    assert_eq!(report["status"].get("200").and_then(Value::as_u64).unwrap_or(0), 100 - lost as u64);
    assert_eq!(run.code, Some(1));
    // Nothing is sent twice, whatever happened to it.
    assert_eq!(server.calls().len(), 100);
}

fn latency(run: &Load, quantile: &str) -> f64 {
    run.json()["latency_ms"][quantile].as_f64().expect("something was answered")
}

#[test]
fn a_healthy_server_answers_every_request() {
    let server = Server::start(ok);
    let run = load(&server.url(), &HUNDRED);
    let report = run.json();
    assert_eq!((&report["sent"], &report["lost"]), (&json!(100), &json!(0)));
    assert_eq!((&report["lost_reasons"], &report["status"]), (&json!({}), &json!({"200": 100})));
    assert_eq!(report["url"], server.url());
    assert!(report["duration_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.5), "{report}");
    assert!(report["rate"].as_f64().is_some_and(|rate| rate <= 200.0), "{report}");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn each_connection_is_kept_for_its_next_request() {
    let server = Server::start(ok);
    assert_eq!(load(&server.url(), &with(&["--connections", "4"])).code, Some(0));
    assert_eq!(server.connections(), 4);
}

#[test]
fn every_number_is_sent_exactly_once() {
    let server = Server::start(ok);
    load(&server.url(), &HUNDRED);
    let calls = server.calls();
    let ids: BTreeSet<_> = calls.iter().filter_map(|call| call.header("x-request-id")).collect();
    let run = ids.first().and_then(|id| id.strip_prefix("load-")?.split_once('-')).expect("numbered").0;
    assert!(run.len() == 8 && run.bytes().all(|byte| byte.is_ascii_hexdigit()), "{run}");
    let expected: BTreeSet<_> = (1..=100).map(|number| format!("load-{run}-{number}")).collect();
    assert_eq!(calls.len(), 100);
    assert!(ids.iter().eq(&expected), "{ids:?}");
}

#[test]
fn a_stall_shows_in_every_request_that_was_due_behind_it() {
    let server = Server::start(|call| {
        if call.index == 100 {
            std::thread::sleep(Duration::from_millis(500));
        }
        Reply::ok()
    });
    let run = load(&server.url(), &["--rate", "200/s", "--for", "2s", "--connections", "4"]);
    // 100 of the 400 were due within the stall and waited for what was left of it: a tenth of all for 300 ms or more.
    assert_eq!((&run.json()["sent"], run.code), (&json!(400), Some(0)));
    assert!(latency(&run, "max") >= 490.0, "{run:?}");
    assert!(latency(&run, "p99") >= 400.0, "{run:?}");
    assert!(latency(&run, "p90") >= 200.0, "{run:?}");
    assert!(latency(&run, "p50") < 200.0, "{run:?}");
}

#[test]
fn a_reset_loses_the_request() {
    assert_lost(10, || Reply::Reset, "reset");
}

#[test]
fn a_connection_closed_without_an_answer_loses_the_request() {
    assert_lost(10, || Reply::Last(String::new()), "closed");
}

#[test]
fn garbage_is_not_an_answer() {
    assert_lost(1, || Reply::Last("SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned()), "bad_response");
}

#[test]
fn a_head_that_breaks_off_is_not_an_answer() {
    assert_lost(10, || Reply::Last("HTTP/1.1 200 OK\r\ncontent-le".to_owned()), "closed");
}

#[test]
fn a_truncated_body_is_not_an_answer() {
    assert_lost(10, || Reply::Last("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok".to_owned()), "truncated");
}

#[test]
fn a_truncated_chunked_body_is_not_an_answer() {
    let chunked =
        || Reply::Last("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n".to_owned());
    assert_lost(10, chunked, "truncated");
}

#[test]
fn broken_chunk_framing_is_not_an_answer() {
    let chunked =
        || Reply::Last("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n".to_owned());
    assert_lost(10, chunked, "bad_response");
}

#[test]
fn a_closed_port_loses_every_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let run = load(&url, &HUNDRED);
    let report = run.json();
    assert_eq!((&report["sent"], &report["lost"]), (&json!(100), &json!(100)));
    assert_eq!(report["lost_reasons"], json!({"refused": 100}));
    assert_eq!(report["latency_ms"], json!({"p50": null, "p90": null, "p99": null, "max": null}));
    assert_eq!(run.code, Some(1));
}

#[test]
fn a_server_that_never_answers_costs_each_request_its_timeout() {
    let server = Server::start(|_| Reply::Silence);
    let began = Instant::now();
    let run = load(&server.url(), &with(&["--connections", "2", "--timeout", "300ms"]));
    let report = run.json();
    assert_eq!((&report["sent"], &report["lost"]), (&json!(100), &json!(100)));
    let [timeout, not_sent] =
        ["timeout", "not_sent"].map(|reason| report["lost_reasons"][reason].as_u64().unwrap_or(0));
    // Two connections take two requests each 300 ms until 300 ms after the end; the others never have a turn.
    assert!(timeout >= 2 && not_sent > timeout && timeout + not_sent == 100, "{report}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(run.code, Some(1));
}

#[test]
fn a_server_that_says_close_each_time_loses_nothing() {
    let server = Server::start(|_| Reply::Last(Reply::response("connection: close\r\n")));
    let run = load(&server.url(), &HUNDRED);
    assert_eq!((&run.json()["lost"], run.code), (&json!(0), Some(0)));
    assert_eq!(server.connections(), 100);
}

#[test]
fn an_idle_connection_that_the_server_closed_loses_nothing() {
    // Without a word in the head: the end of the stream is all there is to see.
    let server = Server::start(|_| Reply::Last(Reply::response("")));
    let run = load(&server.url(), &with(&["--connections", "4"]));
    assert_eq!((&run.json()["lost"], run.code), (&json!(0), Some(0)), "{run:?}");
}

#[test]
fn new_connections_opens_one_for_each_request() {
    let server = Server::start(ok);
    let run = load(&server.url(), &with(&["--new-connections"]));
    assert_eq!((&run.json()["lost"], run.code), (&json!(0), Some(0)));
    assert_eq!(server.connections(), 100);
    assert!(server.calls().iter().all(|call| call.header("connection") == Some("close")));
}

#[test]
fn versions_are_counted_with_their_share() {
    let server = Server::start(|call| match call.index % 10 {
        0 => Reply::ok(),
        1 | 2 => Reply::Bytes(Reply::response("x-version: 1.1.0\r\n")),
        _ => Reply::Bytes(Reply::response("x-version: 1.0.0\r\n")),
    });
    let versions = load(&server.url(), &HUNDRED).json()["versions"].clone();
    let expected = json!({
        "-": {"count": 10, "share": 0.1},
        "1.0.0": {"count": 70, "share": 0.7},
        "1.1.0": {"count": 20, "share": 0.2},
    });
    assert_eq!(versions, expected);
}

#[test]
fn the_method_and_the_url_arrive_as_given() {
    let server = Server::start(ok);
    let url = format!("{}work?cpu=0ms", server.url());
    assert_eq!(load(&url, &["--rate", "10", "--for", "100ms", "--method", "DELETE"]).code, Some(0));
    assert!(server.calls()[0].head.starts_with("DELETE /work?cpu=0ms HTTP/1.1\r\n"), "{:?}", server.calls());
}

#[test]
fn without_json_the_report_is_a_table() {
    let server = Server::start(|_| Reply::Bytes(Reply::response("x-version: 1.0.0\r\n")));
    let run = start(&server.url(), &HUNDRED).finish();
    let labels: Vec<_> = run.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(labels[1..], ["sent", "lost", "duration", "rate", "latency", "status", "version"], "{run:?}");
    assert!(run.stdout.contains("\nsent       100\nlost       0\n"), "{run:?}");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_interrupt_ends_the_run_with_its_report() {
    let server = Server::start(ok);
    let run = start(&server.url(), &["--for", "1h", "--json"]);
    server.wait_for_calls(10);
    run.interrupt();
    let run = run.finish();
    let report = run.json();
    assert_eq!(report["sent"], server.calls().len());
    assert_eq!((&report["lost"], run.code), (&json!(0), Some(0)));
}

#[test]
fn a_second_interrupt_counts_what_is_in_flight_as_lost() {
    let server = Server::start(|_| Reply::Silence);
    let run = start(&server.url(), &["--for", "1h", "--timeout", "1h", "--connections", "4", "--json"]);
    server.wait_for_calls(4);
    let run = run.interrupt_until_it_ends();
    let report = run.json();
    assert!(report["sent"].as_u64().is_some_and(|sent| sent >= 4), "{report}");
    assert_eq!(report["lost_reasons"], json!({"interrupted": report["sent"]}));
    assert_eq!(run.code, Some(1));
}

#[test]
fn bad_urls_are_refused_in_one_line() {
    for url in [
        "ftp://127.0.0.1/",
        "127.0.0.1:8080",
        "https://127.0.0.1:/",
        "not a url",
        "http://",
        "http://127.0.0.1:99999/",
    ] {
        let run = load(url, &[]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{url}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        assert!(run.stderr.contains(url), "{run:?}");
    }
}

#[test]
fn bad_arguments_are_refused() {
    let bad = [
        ["--rate", "0"],
        ["--rate", "fast"],
        ["--for", "0s"],
        ["--timeout", "x"],
        ["--connections", "0"],
        ["--method", "CONNECT"],
    ];
    for arguments in bad {
        let run = load("http://127.0.0.1:1/", &arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.stderr.contains(arguments[0]), "{run:?}");
    }
}

#[test]
fn a_run_that_would_send_nothing_is_refused() {
    let run = load("http://127.0.0.1:1/", &["--rate", "1/m", "--for", "30s"]);
    assert_eq!((run.code, run.stderr.lines().count()), (Some(2), 1), "{run:?}");
}
