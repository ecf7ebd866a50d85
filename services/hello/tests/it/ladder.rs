//! The rungs of the release ladder, from their files as an image has them: each does what it shows.

use std::path::Path;
use std::time::{Duration, Instant};

use e2e::{Service, within};
use http::Request;
use rustix::process::Signal;

use crate::hello;

fn rung(version: &str) -> Service {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../ladder/hello/{version}.yaml"));
    let hello = hello(&[("SERVICE_VERSION", version), ("RELEASE_FAULTS_FILE", file.to_str().unwrap())]);
    assert_eq!(hello.metric("fault_config_valid", &[]), 1.0);
    hello
}

fn failed(service: &Service, requests: usize, path: &str, headers: &[(&str, &str)]) -> usize {
    (0..requests).filter(|_| service.send("GET", path, headers, "").status >= 500).count()
}

#[test]
fn the_good_ones_do_nothing() {
    for version in ["1.0.0", "1.9.0"] {
        let hello = rung(version);
        assert_eq!(failed(&hello, 200, "/success", &[]), 0);
        assert_eq!(hello.get("/success").header("x-version"), version);
        assert_eq!(hello.get("/readyz").status, 200);
        assert!(
            !hello
                .metrics()
                .iter()
                .any(|series| series.is("fault_injected_total", &[]) && series.value > 0.0)
        );
    }
}

#[test]
fn rung_1_1_0_fails_3_of_100() {
    assert_eq!(failed(&rung("1.1.0"), 1_000, "/success", &[]), 30);
}

#[test]
fn rung_1_2_0_has_a_p99_of_four_times_the_objective() {
    let hello = rung("1.2.0");
    let client = || {
        let time = |_| {
            let began = Instant::now();
            assert_eq!(hello.get("/success").status, 200);
            began.elapsed()
        };
        (0..15).map(time).collect::<Vec<_>>()
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..20).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    times.sort();
    // What a busy machine adds makes them slower, never faster.
    assert!(times[297] >= Duration::from_millis(1_100), "{:?}", times[297]);
    let slow = times.iter().filter(|time| **time > Duration::from_millis(400)).count();
    assert!(slow >= 25, "{slow} of 300 are beyond 400 ms");
}

#[test]
fn rung_1_3_0_leaks_a_mebibyte_in_four_seconds() {
    let hello = rung("1.3.0");
    let leaked = || hello.metric("fault_injected_total", &[("kind", "leak")]);
    let (began, before) = (Instant::now(), leaked());
    within(Duration::from_mins(1), "it leaks", || (leaked() >= before + 3.0).then_some(()));
    let seconds = began.elapsed().as_secs_f64();
    assert!((8.0..=60.0).contains(&seconds), "3 MiB in {seconds} s");
}

#[test]
fn rung_1_4_0_is_never_ready() {
    let hello = rung("1.4.0");
    assert_eq!((hello.get("/readyz").status, hello.get("/healthz").status), (503, 200));
}

#[test]
fn rung_1_5_0_crashes_40_seconds_after_its_start() {
    let began = Instant::now();
    let mut hello = rung("1.5.0");
    let status = hello.wait(Duration::from_mins(2));
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(6));
    assert!(began.elapsed() >= Duration::from_secs(40));
}

#[test]
fn rung_1_6_0_fails_what_exceeds_30_requests_a_second() {
    let hello = rung("1.6.0");
    let began = Instant::now();
    let failed = failed(&hello, 300, "/success", &[]);
    let allowed = 30 + (began.elapsed().as_secs_f64() * 30.0).ceil() as usize;
    assert!(failed >= 300_usize.saturating_sub(allowed) && failed <= 270, "{failed} with {allowed} allowed");
}

#[test]
fn rung_1_7_0_breaks_one_tenant_on_one_route() {
    let hello = rung("1.7.0");
    let path = "/work?sleep=0ms&cpu=0ms";
    let broken: Vec<usize> = (1..=20)
        .filter(|tenant| failed(&hello, 5, path, &[("x-tenant", &format!("tenant-{tenant:02}"))]) == 5)
        .collect();
    assert_eq!(broken, [7]);
    assert_eq!(failed(&hello, 20, "/success", &[("x-tenant", "tenant-07")]), 0);
}

#[test]
fn rung_1_8_0_answers_the_wrong_thing_with_200() {
    let answer = rung("1.8.0").get("/success");
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("error")));
}

#[test]
fn rung_1_10_0_loses_what_is_in_flight_when_it_is_replaced() {
    let mut hello = rung("1.10.0");
    assert_eq!(failed(&hello, 100, "/success", &[]), 0);
    let uri = format!("http://{}/work?sleep=9s&cpu=0ms", hello.public);
    let request = Request::builder().uri(uri).body(Vec::new()).unwrap();
    std::thread::scope(|scope| {
        let lost = scope.spawn(|| e2e::send(request).is_err());
        e2e::eventually("it is in flight", || hello.metric("http_requests_in_flight", &[]) == 1.0);
        hello.signal(Signal::TERM);
        assert!(lost.join().unwrap());
    });
    assert_eq!(hello.wait(Duration::from_secs(20)).code(), Some(0));
}
