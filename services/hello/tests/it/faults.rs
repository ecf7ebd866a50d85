//! Fault rules of every kind, by the binary itself: what they do, how exactly, and that they end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::{Service, within};
use http::Request;
use rustix::process::Signal;

use crate::hello;

const TOKEN: &[(&str, &str)] = &[("authorization", "Bearer secret")];

/// A file that is removed when dropped.
struct Rules(PathBuf);

impl Rules {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!(
            "flotilla-rules-{}-{}.yaml",
            std::process::id(),
            fastrand::u64(..)
        ));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn change(&self, text: &str) {
        let next = self.0.with_extension("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &self.0).unwrap();
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// hello with these rules from its start.
fn with_rules(text: &str) -> (Service, Rules) {
    let rules = Rules::new(&format!("rules: [{text}]"));
    (hello(&[("FAULTS_FILE", rules.path()), ("ADMIN_TOKEN", "secret")]), rules)
}

fn injected(service: &Service, kind: &str) -> f64 {
    service.metric("fault_injected_total", &[("kind", kind)])
}

/// Gives a file that has changed its two seconds, and a busy machine more.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    within(Duration::from_secs(20), what, || condition().then_some(()));
}

#[test]
fn a_header_chooses_one_tenant_and_spares_the_others() {
    let (hello, _rules) = with_rules("{name: one, match: {header: {x-tenant: acme}}, error: {rate: 0.5}}");
    let failed = |tenant: &str| {
        (0..100).filter(|_| hello.send("GET", "/success", &[("x-tenant", tenant)], "").status == 500).count()
    };
    assert_eq!((failed("acme"), failed("other"), failed("acme2")), (50, 0, 0));
    assert_eq!(injected(&hello, "error"), 50.0);
}

#[test]
fn only_what_exceeds_a_rate_fails() {
    let (hello, _rules) =
        with_rules("{name: busy, match: {path: /success, above: 50/m}, error: {rate: 1, status: 503}}");
    let began = Instant::now();
    let failed = (0..200).filter(|_| hello.get("/success").status == 503).count();
    let refilled = (began.elapsed().as_secs_f64() * 50.0 / 60.0).ceil() as usize;
    assert!((150 - refilled..=150).contains(&failed), "{failed} with {refilled} tokens more");
    assert_eq!(injected(&hello, "error"), failed as f64);
    assert_eq!(hello.get("/").status, 200);
}

#[test]
fn a_body_takes_the_place_of_the_handlers_and_keeps_its_status() {
    let (hello, rules) = with_rules(
        "{name: wrong, match: {path: /success}, body: {status: 200, json: {message: '1.10', n: 1.5, ok: true, list: [1, null]}}}, \
         {name: page, match: {path: /work}, body: {status: 503, text: out of order}}",
    );
    let wrong = hello.get("/success");
    assert_eq!(
        (wrong.status, wrong.header("content-type"), wrong.header("x-fault")),
        (200, "application/json", "wrong")
    );
    assert_eq!(wrong.body, r#"{"message":"1.10","n":1.5,"ok":true,"list":[1,null]}"#);
    let page = hello.get("/work");
    assert_eq!(
        (page.status, page.header("content-type"), page.body.as_str()),
        (503, "text/plain; charset=utf-8", "out of order")
    );
    assert_eq!(injected(&hello, "body"), 2.0);
    rules.change("");
    eventually("the handler answers again", || hello.get("/success").json()["status"] == "success");
    assert_eq!(hello.metric("fault_config_valid", &[]), 1.0);
}

#[test]
fn a_truncated_answer_ends_in_the_middle_and_is_counted_as_a_failure() {
    let (hello, rules) = with_rules("{name: cut, match: {path: /success}, truncate: true}");
    for _ in 0..10 {
        let answer = e2e::raw(hello.public, b"GET /success HTTP/1.1\r\nHost: a\r\n\r\n");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("x-fault: cut"), "{head}");
        assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    }
    let request =
        Request::builder().uri(format!("http://{}/success", hello.public)).body(Vec::new()).unwrap();
    assert!(e2e::send(request).is_err(), "a client sees that it is not whole");
    eventually("each is counted", || injected(&hello, "truncate") == 11.0);
    assert_eq!(hello.metric("http_requests_total", &[("path", "/success"), ("status", "500")]), 11.0);
    assert_eq!(hello.get("/").status, 200);
    rules.change("rules: []");
    eventually("it is whole again", || {
        e2e::raw(hello.public, b"GET /success HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .ends_with('}')
    });
}

#[test]
fn an_answer_without_a_body_is_not_truncated() {
    let (hello, _rules) = with_rules("{name: cut, truncate: true}");
    assert_eq!(hello.send("HEAD", "/success", &[], "").status, 200);
    assert_eq!(injected(&hello, "truncate"), 0.0);
}

#[test]
fn a_leak_grows_at_its_rate_to_its_maximum_and_is_given_back() {
    let (hello, rules) = with_rules("{name: leaky, leak: {rate: 40Mi/s, max: 60Mi}}");
    let mib = |service: &Service| service.resident_bytes() as f64 / f64::from(1 << 20);
    eventually("it has leaked all", || injected(&hello, "leak") == 60.0);
    let full = mib(&hello);
    assert!((62.0..100.0).contains(&full), "{full} MiB");
    // Another rule changes nothing for it.
    rules.change(
        "rules: [{name: leaky, leak: {rate: 40Mi/s, max: 60Mi}}, {name: b, match: {path: /x}, latency: 1ms}]",
    );
    eventually("the other rule is there", || {
        hello.manage("GET", "/faults", TOKEN, "").json()["rules"][1]["name"] == "b"
    });
    assert!(mib(&hello) > full - 5.0 && injected(&hello, "leak") == 60.0);
    rules.change("");
    eventually("it is given back", || mib(&hello) < full - 50.0);
    assert_eq!(hello.get("/healthz").status, 200);
}

fn cpu_seconds(service: &Service) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", service.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // Clock ticks, of which Linux has 100 a second for programs.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

#[test]
fn cpu_time_is_burned_beside_the_work_and_counted_by_the_second() {
    let (hello, rules) = with_rules("{name: hot, cpu: 0.3}");
    let (began, before) = (Instant::now(), cpu_seconds(&hello));
    eventually("a second is burned", || injected(&hello, "cpu") == 1.0);
    let (burned, time) = (cpu_seconds(&hello) - before, began.elapsed().as_secs_f64());
    // Never more than asked for, apart from what serving these requests took; less only on a machine that has no more.
    assert!((0.9..=0.3 * time + 1.5).contains(&burned), "{burned} s in {time} s");
    rules.change("");
    eventually("the rule is gone", || {
        hello.manage("GET", "/faults", TOKEN, "").json()["rules"].as_array().unwrap().is_empty()
    });
    let before = cpu_seconds(&hello);
    std::thread::sleep(Duration::from_secs(1));
    assert!(cpu_seconds(&hello) - before < 0.15);
}

#[test]
fn the_request_of_its_number_ends_the_process_and_none_before() {
    let (mut hello, _rules) = with_rules(
        "{name: other, match: {path: /success}, latency: 0s}, {name: bang, match: {path: /success}, crash: {requests: 50}}",
    );
    let last =
        || Request::builder().uri(format!("http://{}/success", hello.public)).body(Vec::new()).unwrap();
    for _ in 0..49 {
        assert_eq!((hello.get("/success").status, hello.get("/").status), (200, 200));
    }
    assert!(e2e::send(last()).is_err());
    assert_eq!(hello.wait(Duration::from_secs(20)).signal(), Some(6));
}

#[test]
fn a_crash_comes_after_its_time() {
    let began = Instant::now();
    let (mut hello, _rules) = with_rules("{name: bang, start_after: 500ms, crash: {after: 1s}}");
    let status = hello.wait(Duration::from_secs(20));
    assert_eq!(status.signal(), Some(6));
    assert!(began.elapsed() >= Duration::from_millis(1_500));
}

#[test]
fn a_crash_that_is_taken_back_does_not_come() {
    let (hello, rules) = with_rules("{name: bang, crash: {after: 6s}}");
    let began = Instant::now();
    rules.change("");
    within(Duration::from_mins(1), "it has outlived its crash", || {
        (began.elapsed() > Duration::from_secs(7)).then_some(())
    });
    assert_eq!(hello.get("/").status, 200);
}

/// The kernel keeps SIGABRT from the first process of a container.
#[test]
fn the_first_process_of_a_container_crashes_with_134_too() {
    let rules = Rules::new("rules: [{name: bang, crash: {after: 300ms}}]");
    let mut command = std::process::Command::new("unshare");
    command.args([
        "--pid",
        "--fork",
        env!("CARGO_BIN_EXE_hello"),
        "--http-addr=127.0.0.1:0",
        "--management-addr=127.0.0.1:0",
    ]);
    let output = command.args(["--faults-file", rules.path()]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("unshare failed") {
        // Not eprintln: the test harness keeps what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: this user may make no process namespace");
        return;
    }
    assert_eq!(output.status.code(), Some(134), "{errors}");
    assert!(errors.contains("fault rule \"bang\": crash"), "{errors}");
}

#[test]
fn readiness_comes_and_goes_at_its_times_and_liveness_stays() {
    let (hello, rules) = with_rules("{name: flaps, readiness: {down_for: 1s, every: 3s}}");
    let ready = || hello.manage("GET", "/readyz", &[], "").status == 200;
    assert!(ready(), "a period begins ready");
    let mut changes = Vec::new();
    for is_ready in [false, true, false, true] {
        within(Duration::from_secs(20), "readiness changes", || (ready() == is_ready).then_some(()));
        changes.push(Instant::now());
        assert_eq!(hello.manage("GET", "/healthz", &[], "").status, 200);
        assert_eq!(hello.get("/success").status, 200);
    }
    let seconds = |from: usize, to: usize| changes[to].duration_since(changes[from]).as_secs_f64();
    for (from, to, expected) in [(0, 1, 1.0), (0, 2, 3.0), (1, 3, 3.0)] {
        assert!((seconds(from, to) - expected).abs() < 0.5, "{} instead of {expected}", seconds(from, to));
    }
    assert_eq!(injected(&hello, "readiness"), 2.0);
    within(Duration::from_secs(20), "it is down", || (!ready()).then_some(()));
    assert!(hello.manage("GET", "/readyz?verbose", &[], "").body.contains("[-]fault rule flaps\n"));
    rules.change("");
    eventually("the rule is gone", || {
        hello.manage("GET", "/faults", TOKEN, "").json()["rules"].as_array().unwrap().is_empty()
    });
    assert!(ready());
}

#[test]
fn never_ready_is_not_ready_from_the_first_moment_until_the_rule_goes() {
    let (hello, rules) = with_rules("{name: no, readiness: never}");
    assert_eq!(
        (hello.get("/readyz").status, hello.get("/ready").status, hello.get("/healthz").status),
        (503, 503, 200)
    );
    assert_eq!(hello.get("/ready").json()["reason"], "fault: rule no");
    eventually("it is counted", || injected(&hello, "readiness") == 1.0);
    rules.change("# nothing\n");
    eventually("it is ready", || hello.get("/readyz").status == 200);
}

#[test]
fn an_abrupt_shutdown_loses_what_is_in_flight_and_does_not_wait() {
    let (mut hello, _rules) = with_rules("{name: rude, shutdown: abrupt}");
    let mut stream = TcpStream::connect(hello.public).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /work?sleep=9s&cpu=0ms HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    eventually("it is in flight", || hello.metric("http_requests_in_flight", &[]) == 1.0);
    let told = Instant::now();
    hello.signal(Signal::TERM);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(hello.wait(Duration::from_secs(20)).code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
}

#[test]
fn a_late_start_listens_after_its_delay() {
    let began = Instant::now();
    let (hello, _rules) = with_rules("{name: late, start: {delay: 1500ms}}");
    assert!(began.elapsed() >= Duration::from_millis(1_500));
    assert_eq!((hello.get("/success").status, injected(&hello, "start")), (200, 1.0));
}

#[test]
fn a_late_start_is_ended_by_sigterm_and_by_the_next_change_of_its_file() {
    let rules = Rules::new("rules: [{name: late, start: {delay: 1h}}]");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hello"));
    command.args(["--http-addr=127.0.0.1:0", "--management-addr=127.0.0.1:0", "--faults-file", rules.path()]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening late") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut output, &mut line).unwrap() > 0, "it has ended");
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    let status = within(Duration::from_secs(20), "it ends", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    let changed = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            rules.change("");
        });
        hello(&[("FAULTS_FILE", rules.path())]).get("/success").status
    });
    assert_eq!(changed, 200);
}

#[test]
fn the_rules_of_the_release_come_after_those_of_the_operator_and_both_are_read_again() {
    let release = Rules::new(
        "rules: [{name: bad, error: {rate: 1}}, {name: slow, match: {path: /work}, latency: 1ms}]",
    );
    let operator =
        Rules::new("rules: [{name: mine, match: {path: /success}, error: {rate: 1, status: 503}}]");
    let hello = hello(&[
        ("FAULTS_FILE", operator.path()),
        ("RELEASE_FAULTS_FILE", release.path()),
        ("ADMIN_TOKEN", "secret"),
    ]);
    assert_eq!((hello.get("/success").status, hello.get("/").status), (503, 500));
    let names = || {
        let shown = hello.manage("GET", "/faults", TOKEN, "").json();
        shown["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["mine", "bad", "slow"]);
    operator.change("rules: [{name: bad, match: {path: /fail}, latency: 1ms}]");
    eventually("the operator takes a rule of the release over", || hello.get("/").status == 200);
    release.change("rules: 5");
    eventually("what is refused is said", || hello.metric("fault_config_valid", &[]) == 0.0);
    assert_eq!(names(), ["bad", "slow"]);
    release.change("");
    eventually("the release has no rules", || names() == ["bad"]);
    assert_eq!(hello.metric("fault_config_valid", &[]), 1.0);
}

#[test]
fn what_faults_shows_can_be_put_back_and_is_the_same() {
    let (hello, _rules) = with_rules("");
    let rules = "
rules:
  - name: a
    match: {path: /success, version: 1.10, header: {x-n: 007}, above: 50/s}
    error: {rate: 0.030, status: 503}
    latency: {p50: 1ms, p90: 0.1s, p99: 100ms}
    ttl: 1m 30s
  - name: b
    match: {version: 1.10}
    body: {json: {price: 1.10, id: '7', list: [yes, true, ~]}}
    truncate: true
    crash: {requests: 1000000}
  - {name: c, leak: {rate: 1Ki/s, max: 1Mi}, readiness: {down_for: 1s, every: 1h}}
";
    assert_eq!(hello.manage("PUT", "/faults", TOKEN, rules).status, 200);
    let shown = hello.manage("GET", "/faults", TOKEN, "");
    let of = |path: &str| shown.json().pointer(path).unwrap().clone();
    assert_eq!(of("/rules/0/match/version"), "1.10");
    assert_eq!(of("/rules/0/match/header/x-n"), "007");
    assert_eq!(of("/rules/0/error/rate"), "0.030");
    assert_eq!(of("/rules/0/error/status"), 503);
    assert_eq!(of("/rules/0/latency/p90"), "0.1s");
    assert_eq!(of("/rules/1/body/json").to_string(), r#"{"price":1.1,"id":"7","list":["yes",true,null]}"#);
    // A log line is written a moment after the answer.
    let replaced = || hello.log().iter().filter(|line| line.contains("replaced")).count();
    e2e::eventually("the first PUT is logged", || replaced() == 1);
    let again = hello.manage("PUT", "/faults", TOKEN, &shown.body);
    assert_eq!((again.status, again.json()), (200, shown.json()));
    assert_eq!(hello.manage("PUT", "/faults", TOKEN, "").json()["rules"].as_array().unwrap().len(), 0);
}
