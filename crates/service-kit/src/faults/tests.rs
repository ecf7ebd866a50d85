//! Rules as requests meet them.

use http::{HeaderMap, Method};

use super::*;

const RULES: &str = "
rules:
  - name: slow-and-failing
    match: { path: /success, method: GET, version: 1.1.0 }
    error: { rate: 0.03, status: 503 }
    latency: { p50: 20ms, p90: 120ms, p99: 900ms }
    start_after: 0s
    ttl: 10m
  - name: rest
    error: { rate: 1 }
    latency: 5ms
";

fn faults(version: &str) -> Faults {
    Faults::new(&Metrics::new("test", version, "none"), version)
}

fn load(faults: &Faults, text: &str) {
    faults.put_in_force(document::of_file(text).unwrap(), true);
}

fn ask(faults: &Faults, path: &str, headers: &[(&'static str, &str)]) -> Option<Box<Plan>> {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
    faults.plan(&Asked { method: &Method::GET, template: path, path, headers: &headers })
}

fn fails(faults: &Faults, path: &str) -> bool {
    ask(faults, path, &[]).is_some_and(|plan| plan.replacement.is_some())
}

#[test]
fn the_first_rule_that_matches_wins() {
    let faults = faults("1.1.0");
    load(&faults, RULES);
    let failures = |path: &str| (0..1_000).filter(|_| fails(&faults, path)).count();
    assert_eq!((failures("/success"), failures("/other")), (30, 1_000));
}

#[test]
fn a_rule_for_another_version_or_method_is_passed_over() {
    let faults = faults("1.0.0");
    load(&faults, RULES);
    assert_eq!(ask(&faults, "/success", &[]).unwrap().delay, Some(Duration::from_millis(5)));
}

#[test]
fn a_rule_about_the_process_or_one_that_only_counts_hides_no_other() {
    let faults = faults("1");
    load(
        &faults,
        "rules: [{name: a, readiness: never}, {name: b, crash: {requests: 1000}}, {name: c, error: {rate: 1}}]",
    );
    assert!(fails(&faults, "/"));
}

#[test]
fn a_header_must_have_its_value_whatever_the_case_of_its_name() {
    let faults = faults("1");
    load(&faults, "rules: [{name: a, match: {header: {X-Tenant: 17, x-plan: 1.10}}, error: {rate: 1}}]");
    let hit = |headers: &[(&'static str, &str)]| ask(&faults, "/", headers).is_some();
    assert!(hit(&[("x-tenant", "17"), ("x-plan", "1.10")]));
    assert!(!hit(&[]) && !hit(&[("x-tenant", "17")]) && !hit(&[("x-tenant", "17"), ("x-plan", "1.1")]));
}

#[test]
fn an_unchanged_rule_keeps_its_counter_over_a_reload() {
    let faults = faults("1");
    load(&faults, "rules: [{name: half, error: {rate: 0.5}}]");
    let before = fails(&faults, "/");
    load(
        &faults,
        "rules: [{name: other, match: {path: /x}, error: {rate: 1}}, {name: half, error: {rate: 0.5}}]",
    );
    assert_ne!(before, fails(&faults, "/"));
}

#[test]
fn a_rule_waits_for_its_start_and_ends_with_its_ttl() {
    let faults = faults("1");
    load(&faults, "rules: [{name: later, start_after: 1h, error: {rate: 1}}]");
    assert!(!fails(&faults, "/"));
    load(&faults, "rules: [{name: over, ttl: 0s, error: {rate: 1}}]");
    assert!(!fails(&faults, "/"));
}

#[test]
fn a_rule_that_is_never_ready_is_so_at_once_and_no_longer_than_it_stands() {
    let faults = faults("1");
    assert_eq!(faults.readiness(), None);
    load(&faults, "rules: [{name: a, match: {version: '2'}, readiness: never}]");
    assert_eq!(faults.readiness(), Some(Ok(())));
    load(&faults, "rules: [{name: a, readiness: never}]");
    assert_eq!(faults.readiness(), Some(Err("rule a".to_owned())));
    load(&faults, "");
    assert_eq!(faults.readiness(), None);
}

#[test]
fn of_two_rules_with_one_name_the_first_counts() {
    let faults = faults("1");
    let text = "rules: [{name: a, latency: 1ms}]\n";
    let (operator, release) =
        (document::of_file("rules: [{name: a, latency: 2ms}]"), document::of_file(text));
    faults.put_in_force([operator.unwrap(), release.unwrap()].concat(), true);
    assert_eq!(ask(&faults, "/", &[]).unwrap().delay, Some(Duration::from_millis(2)));
}

fn series(metrics: &Metrics) -> usize {
    metrics.render().lines().filter(|line| line.starts_with("fault_injected_total{")).count()
}

#[test]
fn series_end_with_their_rules_but_what_was_counted_is_seen_once_more() {
    let metrics = Metrics::new("test", "1", "none");
    let faults = Faults::new(&metrics, "1");
    for generation in 0..100 {
        let rules: Vec<_> = (0..100).map(|n| format!("{{name: r{generation}-{n}, latency: 1ms}}")).collect();
        load(&faults, &format!("rules: [{}]", rules.join(", ")));
        ask(&faults, "/", &[]);
    }
    // The rules of now, and of the 99 generations before the one rule that has done something.
    assert_eq!(series(&metrics), 100 + 99);
    for generation in 100..300 {
        load(&faults, &format!("rules: [{{name: r{generation}, latency: 1ms}}]"));
        ask(&faults, "/", &[]);
    }
    load(&faults, "");
    assert_eq!(series(&metrics), 100);
    assert!(metrics.render().contains(r#"rule="r299""#) && !metrics.render().contains(r#"rule="r99-0""#));
}

#[test]
fn a_rule_that_comes_back_goes_on_counting() {
    let metrics = Metrics::new("test", "1", "none");
    let faults = Faults::new(&metrics, "1");
    for _ in 0..3 {
        load(&faults, "rules: [{name: a, latency: 1ms}]");
        ask(&faults, "/", &[]);
        load(&faults, "");
    }
    assert!(metrics.render().lines().any(|line| line.contains(r#"rule="a""#) && line.ends_with(" 3")));
}
