//! Under 500 requests a second, with an upstream that is gone, hangs, or returns.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use e2e::{Fault, Service, binary, eventually, within};
use rustix::process::Signal;

use crate::{calls, faced_with, start};

const RATE: u32 = 500;

/// Clients that send, so that those which wait for an answer do not keep the others from theirs.
const CLIENTS: u32 = 60;

struct Sent {
    status: u16,
    took: Duration,
}

/// Sends at the rate for so long, and returns what came of each request.
fn load(service: &Service, length: Duration) -> Vec<Sent> {
    let (started, sent, next) = (Instant::now(), Mutex::new(Vec::new()), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            // Whoever is free takes the next one that is due.
            scope.spawn(|| {
                loop {
                    let due = next.fetch_add(1, Ordering::Relaxed) * Duration::from_secs(1) / RATE;
                    if due >= length {
                        break;
                    }
                    std::thread::sleep((started + due).saturating_duration_since(Instant::now()));
                    let begun = Instant::now();
                    let status = service.get("/s3-buckets").status;
                    sent.lock().expect("no panic").push(Sent { status, took: begun.elapsed() });
                }
            });
        }
    });
    sent.into_inner().expect("no panic")
}

fn count(sent: &[Sent], status: u16) -> usize {
    sent.iter().filter(|sent| sent.status == status).count()
}

#[test]
fn a_stopped_upstream_costs_502_no_memory_and_no_time_after_its_return() {
    let embedded = |address: &str| {
        Service::start(binary("auxiliary-service"), &[("AWS_BACKEND", "embedded"), ("HTTP_ADDR", address)])
    };
    let mut auxiliary = embedded("127.0.0.1:0");
    let address = auxiliary.public.to_string();
    let service = start(auxiliary.public, &[]);
    assert_eq!(count(&load(&service, Duration::from_secs(1)), 200), 500);
    auxiliary.signal(Signal::KILL);
    auxiliary.wait(Duration::from_secs(5));

    load(&service, Duration::from_secs(1));
    let before = service.resident_bytes();
    let sent = load(&service, Duration::from_secs(4));
    let grown = service.resident_bytes().saturating_sub(before);
    assert_eq!(count(&sent, 502), 2_000, "of {}", sent.len());
    let slowest = sent.iter().map(|sent| sent.took).max().unwrap();
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert!(grown < 2 << 20, "{grown} bytes");

    let _auxiliary = embedded(&address);
    within(Duration::from_secs(1), "it recovers", || {
        (service.get("/s3-buckets").status == 200).then_some(())
    });
    assert_eq!(count(&load(&service, Duration::from_secs(1)), 200), 500);
}

#[test]
fn a_hanging_upstream_costs_504_up_to_the_limit_and_503_beyond() {
    let limit = 16;
    let variables = [("UPSTREAM_MAX_IN_FLIGHT", "16"), ("UPSTREAM_TIMEOUT_SEC", "2")];
    let (upstream, service) = faced_with(Fault::hang(), &variables);
    let sent = load(&service, Duration::from_secs(1));
    // Nothing was sent after the first deadline, so none that main-api has given up is counted here.
    assert_eq!(
        (upstream.most_in_flight(), count(&sent, 504), count(&sent, 503)),
        (limit, limit, 500 - limit)
    );

    let before = service.resident_bytes();
    let sent = load(&service, Duration::from_secs(3));
    let grown = service.resident_bytes().saturating_sub(before);

    let (late, shed) = (count(&sent, 504), count(&sent, 503));
    assert_eq!((late + shed, sent.len()), (1_500, 1_500));
    assert!((limit..=3 * limit).contains(&late), "{late} timed out");
    let slowest_shed = sent.iter().filter(|sent| sent.status == 503).map(|sent| sent.took).max().unwrap();
    assert!(slowest_shed < Duration::from_secs(1), "{slowest_shed:?}");
    assert!(grown < 2 << 20, "{grown} bytes");
    eventually("all are recorded", || calls(&service, "shed") + calls(&service, "timeout") == 2_000.0);
}

#[test]
fn what_is_shed_is_503_with_a_time_to_wait() {
    let variables = [("UPSTREAM_MAX_IN_FLIGHT", "1"), ("UPSTREAM_TIMEOUT_SEC", "2")];
    let (upstream, service) = faced_with(Fault::hang(), &variables);
    std::thread::scope(|scope| {
        scope.spawn(|| service.get("/parameters"));
        eventually("the first is in flight", || upstream.most_in_flight() == 1);
        let answer = service.get("/parameters");
        let expected =
            r#"{"error":"auxiliary-service has too many requests in flight","upstream":"auxiliary-service"}"#;
        assert_eq!((answer.status, answer.body.as_str()), (503, expected));
        assert_eq!(answer.header("retry-after"), "1");
    });
}
