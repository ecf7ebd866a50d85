//! Failures at the configured rate: exactly, not on average.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use e2e::Service;

use crate::hello;

const WORK: &str = "/work?sleep=0ms&cpu=0ms";

fn failures(service: &Service, requests: usize) -> usize {
    (0..requests).filter(|_| service.get(WORK).status == 500).count()
}

#[test]
fn two_percent_of_ten_thousand_requests_are_two_hundred() {
    let hello = hello(&[("FAIL_RATE", "0.02"), ("LOG_LEVEL", "info,http=off")]);
    assert_eq!(failures(&hello, 10_000), 200);
    assert_eq!(hello.metric("fault_injected_total", &[("rule", "FAIL_RATE"), ("kind", "error")]), 200.0);
    assert_eq!(hello.metric("http_requests_total", &[("path", "/work"), ("status", "500")]), 200.0);
}

#[test]
fn any_rate_is_exact() {
    for (rate, expected) in [("0.3", 3_000), ("0.5", 5_000), ("0.6", 6_000), ("1", 10_000), ("0", 0)] {
        let hello = hello(&[("FAIL_RATE", rate), ("LOG_LEVEL", "info,http=off")]);
        assert_eq!(failures(&hello, 10_000), expected, "{rate}");
    }
}

#[test]
fn the_rate_holds_under_concurrency() {
    for (rate, expected) in
        [("0.02", 200_usize), ("0.3", 3_000), ("0.5", 5_000), ("0.6", 6_000), ("1", 10_000)]
    {
        let hello = hello(&[("FAIL_RATE", rate), ("LOG_LEVEL", "info,http=off")]);
        let left = AtomicUsize::new(10_000);
        let take = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        let client = || std::iter::from_fn(|| take().then(|| failures(&hello, 1))).sum::<usize>();
        let failed: usize = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..64).map(|_| scope.spawn(client)).collect();
            clients.into_iter().map(|client| client.join().unwrap()).sum()
        });
        assert!(failed.abs_diff(expected) <= 1, "{rate}: {failed}");
    }
}

#[test]
fn a_failure_says_what_it_is_and_a_refused_request_is_not_counted() {
    let hello = hello(&[("FAIL_RATE", "0.5")]);
    for _ in 0..10 {
        assert_eq!(hello.get("/work?cpu=never").status, 400);
        assert_eq!(hello.get(WORK).body, r#"{"greeting":"hello","ok":true}"#);
        assert_eq!(hello.get("/work?sleep=1h").status, 400);
        let failed = hello.get(WORK);
        assert_eq!(
            (failed.status, failed.body.as_str()),
            (500, r#"{"error":"simulated failure","ok":false}"#)
        );
        assert_eq!((failed.header("x-fault"), failed.header("x-endpoint-path")), ("FAIL_RATE", "/work"));
    }
}
