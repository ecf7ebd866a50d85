//! `flotilla drill` as its user runs it: what it prints is a fault file, and it refuses what no fault can do.

use std::process::{Command, Output};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    error: Failure,
    ttl: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    rate: f64,
    status: u16,
}

fn drill(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flotilla"));
    command.arg("drill").args(arguments.split_whitespace()).output().expect("the binary starts")
}

fn printed(arguments: &str) -> String {
    let output = drill(arguments);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments}");
    String::from_utf8(output.stdout).expect("text")
}

/// The words of the line about an alert, which is found by a part of its condition.
fn line(text: &str, condition: &str) -> String {
    let found = text.lines().find(|line| line.starts_with("#   ") && line.contains(condition));
    let words: Vec<&str> =
        found.unwrap_or_else(|| panic!("{condition}: {text}")).split_whitespace().collect();
    words.join(" ")
}

#[test]
fn what_it_prints_is_a_fault_file_with_one_rule() {
    let text = printed("--slo availability --burn 14.4 --for 1h30m");
    let Faults { rules } = serde_saphyr::from_str(&text).expect("YAML");
    let [Rule { name, error, ttl }] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((name.as_str(), ttl.as_str()), ("drill-availability-14.4x", "1h 30m"));
    assert_eq!((error.rate, error.status), (0.0144, 500));
}

#[test]
fn every_alert_of_the_environment_says_when_it_fires() {
    let production = printed("--burn 30 --for 1h");
    assert!(line(&production, "error_ratio_rate5m > 0.005 for 5m").ends_with("fires after 5.9 min"));
    assert!(line(&production, "burn_rate5m >= 14.4").ends_with("fires after 28.8 min"));
    assert!(line(&production, "burn_rate30m >= 6").ends_with("not within 1h: it would take 74.5 min"));
    let staging = printed("--burn 1.4 --for 1h --environment staging");
    assert!(line(&staging, "error_ratio_rate5m > 0.015").ends_with("never at this rate"));
    assert!(printed("--burn 2 --for 5m --environment dev --objective 99").contains("# No alert watches "));
}

#[test]
fn without_history_every_window_holds_nothing_but_the_fault() {
    let text = printed("--burn 30 --for 10m --history none");
    assert!(line(&text, "burn_rate6h >= 1").ends_with("fires after 0.1 min"));
    assert!(line(&text, "error_ratio_rate5m").ends_with("fires after 5.1 min"));
}

#[test]
fn an_alert_that_comes_after_a_short_fault_is_announced() {
    let text = printed("--burn 30 --for 5m");
    assert!(
        line(&text, "error_ratio_rate5m").ends_with("not within 5m, but after 5.9 min: windows remember")
    );
}

#[test]
fn an_alert_at_the_faults_last_moment_is_not_promised() {
    // The long window is at 14.4 in that moment and in no other.
    let condition = "burn_rate5m >= 14.4";
    let edge = line(&printed("--burn 14.4 --for 1h"), condition);
    assert!(edge.ends_with("at the edge of 1h: may fire after 60.0 min"), "{edge}");
    assert!(line(&printed("--burn 14.4 --for 61m"), condition).ends_with("fires after 60.0 min"));
}

#[test]
fn it_says_that_requests_which_are_in_no_objective_are_struck_too() {
    let text = printed("--burn 14.4 --for 5m");
    assert!(text.contains("counts every request to the service: with traffic to /fail or unknown paths"));
}

#[test]
fn what_no_fault_can_do_is_one_line() {
    for (arguments, says) in [
        ("--burn 1001 --for 5m", "100.1 % of all requests would have to fail"),
        ("--burn 0.0001 --for 5m", "six digits"),
        ("--burn 2 --for 5m --environment dev", "only for production (99.9 %), staging (99 %)"),
    ] {
        let output = drill(arguments);
        let message = String::from_utf8(output.stderr).expect("text");
        assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.contains(says) && output.stdout.is_empty(), "{message}");
    }
}

#[test]
fn bad_arguments_say_what_is_allowed() {
    for (arguments, says) in [
        ("--slo latency --burn 1 --for 5m", "[possible values: availability]"),
        ("--burn -1 --for 5m", "such as 14.4"),
        ("--burn 1 --for 5m --objective -1", "such as 99.9"),
        ("--burn 1e3 --for 5m", "such as 14.4"),
        ("--burn 1 --for 0s", "from 1s to 30d"),
        ("--burn 1 --for 31d", "from 1s to 30d"),
        ("--burn 1 --for 5m --objective 100", "such as 99.9"),
        ("--burn 1 --for 5m --environment a:b", "such as staging"),
        ("--burn 1 --for 5m --history some", "[possible values: clean, none]"),
    ] {
        let output = drill(arguments);
        let message = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(message.contains(says) && output.stdout.is_empty(), "{arguments}: {message}");
    }
}
