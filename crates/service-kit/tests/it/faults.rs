//! Fault rules on the request path, from the file and from the management listener.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::within;

use crate::harness::TestService;

const TOKEN: &[(&str, &str)] = &[("authorization", "Bearer secret")];

/// A folder that is removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!(
            "flotilla-faults-{}-{}",
            std::process::id(),
            fastrand::u64(..)
        ));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes the file as the kubelet mounts a ConfigMap: a link to a file in a folder that is swapped as a whole.
    fn mount(&self, generation: u32, text: &str) -> PathBuf {
        let data = self.0.join(format!("..{generation}"));
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("faults.yaml"), text).unwrap();
        let swap = self.0.join("..data_tmp");
        std::os::unix::fs::symlink(&data, &swap).unwrap();
        std::fs::rename(&swap, self.0.join("..data")).unwrap();
        let file = self.0.join("faults.yaml");
        let _ = std::os::unix::fs::symlink("..data/faults.yaml", &file);
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_failing_rule_fails_its_share_says_so_and_is_counted() {
    let folder = Folder::new();
    let file = folder
        .mount(1, "rules: [{name: some, match: {path: '/item/{id}'}, error: {rate: 0.3, status: 418}}]");
    let service = TestService::start(&[&format!("--faults-file={}", file.display())]);
    e2e::eventually("the rules are in force", || service.get("/item/1").status == 418);
    let before = service.metric("fault_injected_total", &[("rule", "some"), ("kind", "error")]);
    let failed = (0..1_000).map(|_| service.get("/item/1")).filter(|answer| answer.status == 418);
    let failed = failed.inspect(|answer| assert_eq!(answer.header("x-fault"), "some")).count();
    assert!((299..=301).contains(&failed), "{failed}");
    assert_eq!(
        service.metric("fault_injected_total", &[("rule", "some"), ("kind", "error")]) - before,
        failed as f64
    );
    for untouched in ["/ok", "/healthz", "/readyz", "/health", "/ready", "/version", "/metrics"] {
        assert_eq!(service.get(untouched).status, 200, "{untouched}");
    }
}

#[test]
fn a_rule_for_everything_spares_health_readiness_metrics_and_version() {
    let service = TestService::start(&["--admin-token=secret"]);
    let rules = "rules: [{name: all, error: {rate: 1, status: 503}}]";
    assert_eq!(service.manage("PUT", "/faults", TOKEN, rules).status, 200);
    assert_eq!((service.get("/ok").status, service.get("/nowhere").status), (503, 503));
    for untouched in ["/healthz", "/readyz", "/health", "/ready", "/version", "/metrics"] {
        assert_eq!(service.get(untouched).status, 200, "{untouched}");
        assert_eq!(service.manage("GET", "/healthz", &[], "").status, 200);
    }
}

#[test]
fn a_changed_file_is_in_force_within_two_seconds_also_behind_a_swapped_link() {
    let folder = Folder::new();
    let rules = |rate: u32| format!("rules: [{{name: all, error: {{rate: {rate}}}}}]");
    let file = folder.mount(1, &rules(0));
    let service = TestService::start(&[&format!("--faults-file={}", file.display())]);
    for (generation, rate, status) in [(2, 1, 500), (3, 0, 200), (4, 1, 500)] {
        folder.mount(generation, &rules(rate));
        let changed = Instant::now();
        within(Duration::from_secs(6), "the change is in force", || {
            (service.get("/ok").status == status).then_some(())
        });
        // The contract says 2 s; a busy machine gets thrice as long before it is a failure.
        println!("in force after {:?}", changed.elapsed());
    }
}

#[test]
fn a_broken_file_keeps_the_rules_and_says_so() {
    let folder = Folder::new();
    let file = folder.mount(1, "rules: [{name: all, error: {rate: 1}}]");
    let service = TestService::start(&[&format!("--faults-file={}", file.display())]);
    within(Duration::from_secs(6), "the rule is in force", || {
        (service.get("/ok").status == 500).then_some(())
    });
    assert_eq!(service.metric("fault_config_valid", &[]), 1.0);
    folder.mount(2, "rules: [{name: all, error: {rate: 7}}]");
    e2e::eventually("the file is refused", || service.metric("fault_config_valid", &[]) == 0.0);
    assert_eq!(service.get("/ok").status, 500);
    folder.mount(3, "rules: []");
    e2e::eventually("the file is accepted", || service.metric("fault_config_valid", &[]) == 1.0);
    assert_eq!(service.get("/ok").status, 200);
}

#[test]
fn an_absent_file_is_no_rules_until_it_comes() {
    let folder = Folder::new();
    let service = TestService::start(&[&format!("--faults-file={}", folder.0.join("faults.yaml").display())]);
    e2e::eventually("the file is missed", || service.metric("fault_config_valid", &[]) == 0.0);
    assert_eq!(service.get("/ok").status, 200);
    folder.mount(1, "rules: [{name: all, error: {rate: 1}}]");
    e2e::eventually("the rule is in force", || service.get("/ok").status == 500);
    assert_eq!(service.metric("fault_config_valid", &[]), 1.0);
}

#[test]
fn the_declared_quantiles_of_a_latency_hold() {
    let service = TestService::start(&["--admin-token=secret"]);
    let rules = "
rules:
  - { name: slow, match: { path: /ok }, latency: { p50: 20ms, p90: 120ms, p99: 900ms } }
  - { name: even, match: { path: '/item/{id}' }, latency: 20ms }
";
    assert_eq!(service.manage("PUT", "/faults", TOKEN, rules).status, 200);
    // Each client alternates, so that the even rule shows what a machine that is busy with other tests adds to both.
    let clients = 20;
    let client =
        || (0..100).map(|_| (timed(&service, "/ok"), timed(&service, "/item/1"))).collect::<Vec<_>>();
    let (mut slow, mut even): (Vec<f64>, Vec<f64>) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).unzip()
    });
    slow.sort_by(f64::total_cmp);
    even.sort_by(f64::total_cmp);
    let overhead = even[1_000] - 20.0;
    for (index, declared) in [(999, 20.0), (1_799, 120.0), (1_979, 900.0)] {
        let error: f64 = (slow[index] - overhead - declared).abs();
        assert!(error <= declared * 0.05 + 2.0, "{} - {overhead} ms instead of {declared} ms", slow[index]);
    }
    for rule in ["slow", "even"] {
        assert_eq!(service.metric("fault_injected_total", &[("rule", rule), ("kind", "latency")]), 2_000.0);
    }
    service.expect_requests(&[("status", "200")], 4_000.0);
}

fn timed(service: &TestService, path: &str) -> f64 {
    let start = Instant::now();
    assert_eq!(service.get(path).status, 200);
    start.elapsed().as_secs_f64() * 1e3
}

#[test]
fn faults_can_be_shown_replaced_and_cleared_with_the_token_only() {
    let service = TestService::start(&["--admin-token=secret"]);
    for headers in [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", "secret")]] {
        for method in ["GET", "PUT", "DELETE"] {
            let refused = service.manage(method, "/faults", headers, "rules: [{name: a, error: {rate: 1}}]");
            assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
        }
    }
    assert_eq!(service.manage("PUT", "/faults", TOKEN, "rules: [{name: a, error: {rate: 2}}]").status, 400);
    assert_eq!(service.get("/ok").status, 200);
    assert_eq!(service.manage("PUT", "/faults", TOKEN, "rules: [{name: a, error: {rate: 1}}]").status, 200);
    assert_eq!(service.get("/ok").status, 500);
    let shown = service.manage("GET", "/faults", TOKEN, "").json();
    assert_eq!(shown["rules"][0]["name"], "a");
    assert_eq!(shown["rules"][0]["error"]["rate"], 1);
    assert_eq!(shown["rules"][0]["injected"]["errors"], 1);
    assert_eq!(service.manage("DELETE", "/faults", TOKEN, "").status, 204);
    assert_eq!(service.get("/ok").status, 200);
    assert_eq!(service.manage("POST", "/faults", TOKEN, "").status, 405);
}

#[test]
fn faults_are_not_there_without_a_token_nor_on_the_public_listener() {
    assert_eq!(TestService::start(&[]).manage("GET", "/faults", TOKEN, "").status, 404);
    assert_eq!(TestService::start(&["--admin-token=secret"]).get("/faults").status, 404);
}
