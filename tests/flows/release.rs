//! A release loses no request: SIGTERM under load, as endpoint removal arranges it in a cluster.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Service, binary, within};
use rustix::process::Signal;
use serde_json::Value;

fn start_load(hello: &Service, flags: &[&str]) -> Child {
    let url = format!("http://{}/success", hello.public);
    let mut command = Command::new(binary("flotilla"));
    command
        .args(["load", &url, "--rate", "1000/s", "--for", "6s", "--connections", "32", "--json"])
        .args(flags);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// The load has 4 s to go when the drain begins; three times that, for a machine that is late with it.
const DRAIN_DELAY: Duration = Duration::from_secs(12);

/// 6 s of load, SIGTERM after 2 s of them: every request is answered, also the one that outlasts the listener.
fn release_under_load(flags: &[&str]) {
    let mut hello =
        Service::start(binary("hello"), &[("DRAIN_DELAY_SEC", &DRAIN_DELAY.as_secs().to_string())]);
    let load = start_load(&hello, flags);
    within(Duration::from_secs(20), "2 s of load", || {
        (hello.metric("http_requests_total", &[("path", "/success"), ("status", "200")]) >= 2_000.0)
            .then_some(())
    });
    hello.signal(Signal::TERM);
    let told = Instant::now();
    within(Duration::from_secs(3), "not ready on both listeners", || {
        let statuses = [hello.get("/readyz").status, hello.manage("GET", "/readyz", &[], "").status];
        (statuses == [503, 503]).then_some(())
    });
    within(DRAIN_DELAY, "a second before the listener closes", || {
        (told.elapsed() + Duration::from_secs(1) >= DRAIN_DELAY).then_some(())
    });
    assert_eq!(hello.get("/work?sleep=3s&cpu=0ms").status, 200);
    assert_eq!(hello.wait(Duration::from_secs(5)).code(), Some(0));
    // The drain delay, the longest request, and a second.
    assert!(told.elapsed() < DRAIN_DELAY + Duration::from_secs(3 + 1), "{:?}", told.elapsed());
    let report = load.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!((&report["sent"], &report["lost"]), (&6_000.into(), &0.into()), "{report}");
    assert_eq!(report["status"]["200"], 6_000, "{report}");
}

#[test]
fn sigterm_under_load_loses_nothing_on_kept_connections() {
    release_under_load(&[]);
}

#[test]
fn sigterm_under_load_loses_nothing_on_new_connections() {
    release_under_load(&["--new-connections"]);
}
