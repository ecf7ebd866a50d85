//! What the variables come to together.

use super::*;

const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
const TRACES: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other/in/here");

fn target(variables: &[(&str, &str)]) -> Option<Target> {
    Settings::for_tests(variables).unwrap().target()
}

fn refused(variables: &[(&str, &str)]) -> String {
    Settings::for_tests(variables).unwrap_err().to_string()
}

#[test]
fn nothing_is_traced_without_an_endpoint_or_when_it_is_switched_off() {
    assert!(target(&[]).is_none());
    assert!(target(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).is_none());
    assert!(target(&[ALL, ("OTEL_SDK_DISABLED", "True")]).is_none());
    assert!(target(&[ALL, ("OTEL_TRACES_EXPORTER", "none")]).is_none());
    assert!(target(&[ALL, ("OTEL_SDK_DISABLED", "false"), ("OTEL_TRACES_EXPORTER", "otlp")]).is_some());
}

#[test]
fn what_is_for_traces_goes_before_what_is_for_all_signals() {
    let found = target(&[ALL]).unwrap();
    assert_eq!(found.endpoint.to_string(), "http://collector:4318/v1/traces");
    assert_eq!((found.attempt, found.patience, found.delay), defaults());
    let found = target(&[ALL, TRACES]).unwrap();
    assert_eq!(found.endpoint.to_string(), "http://other/in/here");
    let timeouts = [("OTEL_EXPORTER_OTLP_TIMEOUT", "50"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7")];
    for (given, expected) in [(&timeouts[..1], 50), (&timeouts[..], 7)] {
        let found = target(&[&[ALL], given].concat()).unwrap();
        assert_eq!(found.attempt, Duration::from_millis(expected));
    }
    let headers = [("OTEL_EXPORTER_OTLP_HEADERS", "a=1"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2")];
    for (given, name) in [(&headers[..1], "a"), (&headers[..], "b")] {
        let found = target(&[&[ALL], given].concat()).unwrap();
        assert_eq!(found.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), [name]);
    }
}

fn defaults() -> (Duration, Duration, Duration) {
    (Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(5))
}

#[test]
fn a_batch_is_no_larger_than_the_queue() {
    let sizes = |variables: &[(&str, &str)]| {
        let settings = Settings::for_tests(variables).unwrap();
        (settings.queue_size(), settings.batch_size())
    };
    assert_eq!(sizes(&[]), (2048, 512));
    assert_eq!(sizes(&[("OTEL_BSP_MAX_QUEUE_SIZE", "100")]), (100, 100));
    assert_eq!(sizes(&[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7")]), (2048, 7));
    assert_eq!(
        refused(&[("OTEL_BSP_MAX_QUEUE_SIZE", "6"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7")]),
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\"7\": must not be more than OTEL_BSP_MAX_QUEUE_SIZE"
    );
}

#[test]
fn every_bad_value_is_refused_with_its_variable_and_what_is_allowed() {
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user@collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "many"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "3600001"),
    ] {
        let message = refused(&[(variable, value)]);
        assert!(message.starts_with(&format!("{variable}={value:?}: must be ")), "{message}");
    }
}

#[test]
fn a_bad_header_is_named_and_not_shown() {
    for variable in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
        let message = refused(&[(variable, "authorization hunter2")]);
        assert!(message.starts_with(&format!("{variable}: must be ")), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    let settings = Settings::for_tests(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")]).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}
