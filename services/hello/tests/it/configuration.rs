//! Configuration: checked at start, refused with one line.

use std::process::{Command, Output};

use crate::hello;

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello"));
    command
        .args(arguments)
        .env_clear()
        .envs([("HTTP_ADDR", "127.0.0.1:0"), ("MANAGEMENT_ADDR", "127.0.0.1:0")]);
    command.envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn every_bad_value_ends_the_process_with_2_and_a_line_that_names_the_variable() {
    for (variable, value) in [
        ("HTTP_ADDR", "8080"),
        ("HTTP_ADDR", "localhost:8080"),
        ("MANAGEMENT_ADDR", "127.0.0.1:99999"),
        ("ENVIRONMENT", "two words"),
        ("SERVICE_VERSION", "1\n2"),
        ("READINESS_DELAY_SEC", "abc"),
        ("READINESS_DELAY_SEC", "-1"),
        ("DRAIN_DELAY_SEC", "inf"),
        ("SHUTDOWN_TIMEOUT_SEC", "5s"),
        ("REQUEST_TIMEOUT_SEC", "0"),
        ("MAX_BODY_BYTES", "lots"),
        ("MAX_BUFFERED_BYTES", "-1"),
        ("MAX_CONNECTIONS", "0"),
        ("IDLE_TIMEOUT_SEC", "0"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "=[nonsense"),
        ("LOG_LEVEL", "warning"),
        ("HTTP_BUCKETS", "1,0.5"),
        ("FAIL_RATE", "5"),
        ("FAIL_RATE", "0.1234567"),
        ("WORK_SLEEP", "2s..1s"),
        ("WORK_SLEEP", "1h"),
        ("WORK_CPU", "fast"),
        ("WORK_CPU", "11s"),
        ("WORK_MAX_SLEEP", "x"),
        ("WORK_MAX_CPU", "-1s"),
        ("WORK_MAX_MEMORY", "1.5Gi"),
    ] {
        let output = run(&[], &[(variable, value)]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {message}");
        assert!(message.starts_with(&format!("{variable}={value:?}: must ")), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_bad_secret_is_not_shown() {
    let output = run(&[], &[("ADMIN_TOKEN", "hunter 2")]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.starts_with("ADMIN_TOKEN: must ") && !message.contains("hunter"), "{message}");
    let output = run(&[], &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization hunter 2")]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let is_named = message.starts_with("OTEL_EXPORTER_OTLP_HEADERS: must ");
    assert!(is_named && !message.contains("hunter"), "{message}");
}

#[test]
fn help_and_version_are_printed() {
    let help = String::from_utf8(run(&["--help"], &[("ADMIN_TOKEN", "hunter2")]).stdout).unwrap();
    assert!(help.contains("[env: FAIL_RATE]") && !help.contains("hunter2"), "{help}");
    assert!(String::from_utf8(run(&["--version"], &[]).stdout).unwrap().starts_with("hello "));
}

#[test]
fn an_address_that_is_taken_is_one_line_and_exit_code_1() {
    let hello = hello(&[]);
    let taken = hello.public.to_string();
    let output = run(&[], &[("HTTP_ADDR", &taken)]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.starts_with(&format!("HTTP_ADDR: cannot listen on {taken}: ")), "{message}");
}

#[test]
fn the_health_check_succeeds_on_a_2xx_only() {
    let hello = hello(&[("READINESS_DELAY_SEC", "60")]);
    let check = |url: &str| run(&["healthcheck", "--url", url], &[]).status.code();
    let (public, management) = (hello.public, hello.management.to_string());
    assert_eq!(run(&["healthcheck"], &[("MANAGEMENT_ADDR", &management)]).status.code(), Some(0));
    assert_eq!(check(&format!("http://localhost:{}/success", public.port())), Some(0));
    for url in [
        format!("http://{public}/readyz"),
        format!("http://{public}/nowhere"),
        "http://127.0.0.1:1/".to_owned(),
    ] {
        assert_eq!(check(&url), Some(1), "{url}");
    }
    for url in ["nonsense", "https://127.0.0.1/", "", "http://", "/healthz"] {
        assert_eq!(check(url), Some(1), "{url}");
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let started = std::time::Instant::now();
    assert_eq!(check(&format!("http://{}/", silent.local_addr().unwrap())), Some(1));
    assert!(started.elapsed().as_secs() < 6, "{:?}", started.elapsed());
}
