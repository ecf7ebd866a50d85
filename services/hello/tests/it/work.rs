//! `/work`: what it takes, and what it refuses.

use std::time::{Duration, Instant};

use crate::hello;

#[test]
fn sleeps_and_burns_as_long_as_asked() {
    let hello = hello(&[]);
    let started = Instant::now();
    assert_eq!(hello.get("/work?sleep=150ms&cpu=0ms").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(150));
    let before = hello.metric("process_cpu_seconds_total", &[]);
    (0..4).for_each(|_| assert_eq!(hello.get("/work?sleep=0ms&cpu=500ms").status, 200));
    let burned = hello.metric("process_cpu_seconds_total", &[]) - before;
    // The kernel counts CPU time in ticks of 10 ms; the rest of the process takes a little too.
    assert!((1.95..2.6).contains(&burned), "{burned} s instead of 2 s");
}

#[test]
fn sleeps_within_its_default_range() {
    let hello = hello(&[("WORK_SLEEP", "30ms..60ms"), ("WORK_CPU", "0")]);
    let started = Instant::now();
    (0..5).for_each(|_| assert_eq!(hello.get("/work").status, 200));
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[test]
fn refuses_what_is_beyond_its_limits_or_no_amount_at_all() {
    let hello = hello(&[("WORK_MAX_SLEEP", "1s"), ("WORK_MAX_CPU", "1s")]);
    for query in [
        "sleep=2s",
        "cpu=1001ms",
        "sleep=10s..20s",
        "cpu=-1ms",
        "cpu=",
        "sleep=soon",
        "memory=1.5Mi",
        "memory=%00",
        "load=1",
        "cpu=1ms&sleep=ü",
        "memory=18446744073709551616",
        "memory=18446744073709551615",
        "memory=33Mi",
        "memory=33554433",
    ] {
        let answer = hello.get(&format!("/work?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.json()["error"].as_str().unwrap().len() > 10, "{query}");
        assert_eq!(answer.header("x-endpoint-path"), "/work");
    }
}

#[test]
fn memory_that_there_is_never_is_a_mistake_however_much_is_in_use() {
    let hello = hello(&[("WORK_MAX_MEMORY", "0")]);
    let answer = hello.get("/work?memory=1&sleep=0ms&cpu=0ms");
    assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"error":"memory must be at most 0 bytes"}"#));
    assert_eq!(hello.get("/work?memory=0&sleep=0ms&cpu=0ms").status, 200);
}

#[test]
fn holds_memory_for_the_time_of_the_request_and_no_more_than_its_limit() {
    let hello = hello(&[("WORK_MAX_MEMORY", "64Mi")]);
    let idle = hello.resident_bytes();
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| hello.get("/work?memory=48Mi&sleep=1s&cpu=0ms").status);
        e2e::eventually("the memory is resident", || hello.resident_bytes() > idle + (47 << 20));
        let refused = hello.get("/work?memory=32Mi&sleep=0ms&cpu=0ms");
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (503, r#"{"error":"the memory for work is in use"}"#)
        );
        assert_eq!(hello.get("/work?memory=8Mi&sleep=0ms&cpu=0ms").status, 200);
        assert_eq!(holder.join().unwrap(), 200);
    });
    assert_eq!(hello.get("/work?memory=64Mi&sleep=0ms&cpu=0ms").status, 200);
    e2e::eventually("the memory is given back", || hello.resident_bytes() < idle + (16 << 20));
}

#[test]
fn a_probe_is_not_delayed_by_work() {
    let hello = hello(&[("LOG_LEVEL", "info,http=off")]);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..16).map(|_| scope.spawn(|| hello.get("/work?sleep=0ms&cpu=250ms").status)).collect();
        e2e::eventually("work is in flight", || hello.metric("http_requests_in_flight", &[]) >= 16.0);
        while workers.iter().any(|worker| !worker.is_finished()) {
            let asked = Instant::now();
            assert_eq!(hello.manage("GET", "/healthz", &[], "").status, 200);
            // A probe's usual timeout is a second.
            assert!(asked.elapsed() < Duration::from_millis(900), "{:?}", asked.elapsed());
        }
        let mut statuses = workers.into_iter().map(|worker| worker.join().unwrap());
        assert!(statuses.all(|status| status == 200));
    });
}

#[test]
fn a_full_queue_is_refused_and_work_that_nobody_waits_for_is_not_done() {
    let hello = hello(&[("LOG_LEVEL", "info,http=off"), ("REQUEST_TIMEOUT_SEC", "4")]);
    let threads = std::thread::available_parallelism().unwrap().get();
    let clients = 257 * threads + 40;
    let refused = std::thread::scope(|scope| {
        let request = || hello.get("/work?sleep=0ms&cpu=10s");
        let answers: Vec<_> = (0..clients).map(|_| scope.spawn(request)).collect();
        let answers = answers.into_iter().map(|answer| answer.join().unwrap());
        answers
            .inspect(|answer| assert_eq!(answer.status, 503))
            .filter(|answer| answer.body.contains("waiting"))
            .count()
    });
    assert!(refused > 0 && refused < clients, "{refused} of {clients}");
    // Those that waited timed out: what they asked for must not hold up the next one.
    let started = Instant::now();
    assert_eq!(hello.get("/work?sleep=0ms&cpu=1ms").status, 200);
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}
