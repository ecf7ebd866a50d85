//! `flotilla ladder` as its user runs it.

use std::process::{Command, Output};

use serde_json::Value;

fn ladder(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flotilla"));
    command.arg("ladder").args(arguments.split_whitespace()).output().expect("the binary starts")
}

fn printed(arguments: &str) -> String {
    let output = ladder(arguments);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments}");
    String::from_utf8(output.stdout).expect("text")
}

fn json(arguments: &str) -> Value {
    serde_json::from_str(&printed(&format!("{arguments} --json"))).expect("JSON")
}

#[test]
fn the_table_has_a_line_for_each_rung() {
    let (all, own) = (printed(""), printed("--service product-api"));
    assert_eq!(all.lines().count(), 1 + json("").as_array().expect("a list").len());
    assert!(
        own.lines().skip(1).all(|line| line.starts_with("product-api ")) && own.lines().count() > 4,
        "{own}"
    );
}

#[test]
fn a_rung_is_shown_with_its_rules_and_verdicts() {
    let text = printed("1.3.0");
    assert!(text.starts_with("hello 1.3.0: aborted at 20 % by memory\n"), "{text}");
    assert!(
        text.contains("leak: { rate: 256Ki/s, max: 512Mi }") && text.contains("memory        fail"),
        "{text}"
    );
    let rung = json("1.10.0");
    assert_eq!(
        (&rung["version"], &rung["final"], &rung["lost"]),
        (&"1.10.0".into(), &"promoted".into(), &"when replaced".into())
    );
    assert_eq!(rung["rules"][0]["shutdown"], "abrupt");
    assert_eq!(rung["verdicts"]["web"], "pass");
    assert_eq!(json("1.3.0 --service product-api")["verdicts"]["stable-success-rate"], "fail");
}

#[test]
fn what_is_no_rung_is_refused_with_those_that_are() {
    for (arguments, said) in
        [("1.99.0", "1.10.0"), ("--service nobody", "product-api"), ("1.9.0 --service product-api", "1.1.0")]
    {
        let output = ladder(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(error.contains(said) && error.lines().count() == 1, "{error}");
    }
}
