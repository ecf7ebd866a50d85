//! Drives the real binary against emulators of AWS, and against a server that misbehaves.

mod configuration;
mod credentials;
mod egress;
mod embedded;
mod faults;
mod listings;
mod moto;
mod openapi;
mod parameters;
mod recorded;
mod secrets;
mod settings;

use e2e::Service;

const BINARY: &str = env!("CARGO_BIN_EXE_auxiliary-service");

/// The service in front of an endpoint, with credentials that any emulator takes.
fn start(endpoint: &str, more: &[(&str, &str)]) -> Service {
    let mut variables = vec![
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test-key"),
        ("AWS_SECRET_ACCESS_KEY", secrets::SECRET_KEY),
        ("AWS_SESSION_TOKEN", secrets::SESSION_TOKEN),
    ];
    variables.extend(more);
    Service::start(BINARY, &variables)
}

/// The strings of an answer's list.
fn names(service: &Service, path: &str, key: &str) -> Vec<String> {
    let answer = service.get(path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let names = answer.json()[key].as_array().expect("a list").clone();
    names.iter().map(|name| name.as_str().expect("a string").to_owned()).collect()
}

/// Calls of an operation that ended so: the counter's value, which the histogram's count must equal.
fn calls(service: &Service, operation: &str, outcome: &str) -> f64 {
    let (scrape, labels) = (service.metrics(), [("operation", operation), ("outcome", outcome)]);
    let value =
        |name| scrape.iter().filter(|series| series.is(name, &labels)).map(|series| series.value).sum();
    let (calls, count): (f64, f64) =
        (value("aws_requests_total"), value("aws_request_duration_seconds_count"));
    assert_eq!(calls, count, "{operation} {outcome}");
    calls
}
