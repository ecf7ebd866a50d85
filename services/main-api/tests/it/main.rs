//! Drives the real binary: in front of the real auxiliary service, and of a server that misbehaves.

mod answers;
mod chain;
mod configuration;
mod failures;
mod load;
mod names;
mod openapi;
mod retries;
mod traces;

use std::net::SocketAddr;

use e2e::{Fault, Faulty, Service};

const BINARY: &str = env!("CARGO_BIN_EXE_main-api");

/// The service in front of an upstream.
fn start(upstream: SocketAddr, more: &[(&str, &str)]) -> Service {
    let url = format!("http://{upstream}");
    let mut variables = vec![("AUXILIARY_SERVICE_URL", url.as_str())];
    variables.extend(more);
    Service::start(BINARY, &variables)
}

/// The service in front of a server that misbehaves.
fn faced_with(fault: Fault, more: &[(&str, &str)]) -> (Faulty, Service) {
    let upstream = Faulty::start(fault);
    let service = start(upstream.address, more);
    (upstream, service)
}

/// An answer in JSON with 200.
fn ok() -> Fault {
    Fault::answer(
        200,
        "content-type: application/json\r\n",
        r#"{"auxiliary_service_version":"1","buckets":[]}"#,
    )
}

/// Calls that ended so: the counter's value, which the histogram's count must equal.
fn calls(service: &Service, outcome: &str) -> f64 {
    let labels = [("upstream", "auxiliary-service"), ("outcome", outcome)];
    let scrape = service.metrics();
    let value =
        |name| scrape.iter().filter(|series| series.is(name, &labels)).map(|series| series.value).sum();
    let (calls, count): (f64, f64) =
        (value("upstream_requests_total"), value("upstream_request_duration_seconds_count"));
    assert_eq!(calls, count, "{outcome}");
    calls
}
