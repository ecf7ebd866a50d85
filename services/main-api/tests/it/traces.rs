//! What main-api reports of what it asks, and what it tells those whom it asks.

use std::time::Duration;

use e2e::{Fault, Faulty, Service, Span, within};
use serde_json::{Value, json};

use crate::{faced_with, ok};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Reports to a collector, in front of a server that misbehaves.
fn traced(fault: Fault, more: &[(&str, &str)]) -> (Faulty, Faulty, Service) {
    let collector = Faulty::start(Fault::answer(200, "", ""));
    let url = format!("http://{}", collector.address);
    let own = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let (upstream, service) = faced_with(fault, &[&own, more].concat());
    (collector, upstream, service)
}

/// The span of the request, and those of its attempts in their order.
fn tree(collector: &Faulty, attempts: usize) -> (Span, Vec<Span>) {
    let mut spans = within(Duration::from_secs(10), "the spans are reported", || {
        let bodies = collector.bodies();
        let spans = Span::decode(bodies.iter().map(Vec::as_slice));
        (spans.len() > attempts).then_some(spans)
    });
    spans.sort_by_key(|span| (span.kind, span.start));
    let server = spans.remove(0);
    assert_eq!((server.kind, spans.len()), (2, attempts), "{spans:#?}");
    for span in &spans {
        assert_eq!((span.kind, &span.parent, &span.trace_id), (3, &server.span_id, &server.trace_id));
        assert!(server.start <= span.start && span.end <= server.end);
    }
    (server, spans)
}

/// A header of each request that the upstream got.
fn told(upstream: &Faulty, name: &str) -> Vec<Option<String>> {
    let of = |request: &String| {
        let lines = request.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
    };
    upstream.requests().iter().map(of).collect()
}

fn send(service: &Service, headers: &[(&str, &str)]) -> u16 {
    service.send("GET", "/parameters", headers, "").status
}

#[test]
fn each_attempt_is_a_span_and_the_parent_of_what_it_asks() {
    let (collector, upstream, service) = traced(ok(), &[]);
    upstream.once(Fault::answer(503, "", "{}"));
    assert_eq!(send(&service, &[("traceparent", PARENT), ("tracestate", "a=1")]), 200);
    let (server, attempts) = tree(&collector, 2);
    assert_eq!((server.trace_id.as_str(), server.parent.as_str()), (&PARENT[3..35], &PARENT[36..52]));
    assert_eq!(server.service(), "main-api");
    let own = |span: &Span| Some(format!("00-{}-{}-01", span.trace_id, span.span_id));
    assert_eq!(told(&upstream, "traceparent"), attempts.iter().map(own).collect::<Vec<_>>());
    assert_eq!(told(&upstream, "tracestate"), [Some("a=1".to_owned()), Some("a=1".to_owned())]);
    let port = json!(upstream.address.port());
    for (span, status, resent, failed) in
        [(&attempts[0], 503, Value::Null, true), (&attempts[1], 200, json!(1), false)]
    {
        let url = format!("http://{}/parameters", upstream.address);
        for (key, value) in [
            ("http.request.method", json!("GET")),
            ("http.response.status_code", json!(status)),
            ("http.request.resend_count", resent),
            ("url.full", json!(url)),
            ("server.address", json!("127.0.0.1")),
            ("server.port", port.clone()),
            ("error.type", if failed { json!("503") } else { Value::Null }),
        ] {
            assert_eq!(span.get(key), value, "{key}");
        }
        assert_eq!((span.name.as_str(), span.failed), ("GET", failed));
    }
}

#[test]
fn an_attempt_without_an_answer_says_why() {
    for (fault, attempts, error) in [
        (Fault::Reset, 2, "unreachable"),
        (Fault::Answer(b"no http\r\n\r\n".to_vec()), 1, "invalid_answer"),
        (Fault::hang(), 1, "timeout"),
    ] {
        let (collector, _upstream, service) = traced(fault, &[("UPSTREAM_TIMEOUT_SEC", "0.3")]);
        let status = send(&service, &[]);
        let (server, attempts) = tree(&collector, attempts);
        assert_eq!((server.get("http.response.status_code"), server.failed), (json!(status), true));
        for attempt in attempts {
            assert_eq!((attempt.get("error.type"), attempt.failed), (json!(error), true));
        }
    }
}

#[test]
fn a_request_that_is_not_reported_tells_its_decision_on() {
    let (collector, upstream, service) = traced(ok(), &[("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
    assert_eq!(send(&service, &[]), 200);
    let unreported = PARENT.replace("-01", "-00");
    assert_eq!(send(&service, &[("traceparent", unreported.as_str())]), 200);
    let told: Vec<String> = told(&upstream, "traceparent").into_iter().flatten().collect();
    assert!(told.len() == 2 && told.iter().all(|parent| parent.ends_with("-00")), "{told:?}");
    assert_eq!((told[0][3..35] == PARENT[3..35], &told[1][3..35]), (false, &PARENT[3..35]));
    assert!(collector.bodies().is_empty());
}

#[test]
fn the_propagators_say_what_is_read_and_passed_on() {
    for (propagators, parent, baggage) in [
        ("tracecontext,baggage", true, true),
        ("tracecontext", true, false),
        ("baggage", false, true),
        ("none", false, false),
    ] {
        let (collector, upstream, service) = traced(ok(), &[("OTEL_PROPAGATORS", propagators)]);
        assert_eq!(
            send(&service, &[("traceparent", PARENT), ("tracestate", "a=1"), ("baggage", "b=2")]),
            200
        );
        let (server, _) = tree(&collector, 1);
        assert_eq!(server.trace_id == PARENT[3..35], parent, "{propagators}");
        let is_told = |name: &str| told(&upstream, name)[0].is_some();
        assert_eq!(
            (is_told("traceparent"), is_told("tracestate"), is_told("baggage")),
            (parent, parent, baggage),
            "{propagators}"
        );
    }
}

#[test]
fn without_a_collector_the_context_is_passed_on_as_it_is() {
    let (upstream, service) = faced_with(ok(), &[]);
    assert_eq!(send(&service, &[("traceparent", PARENT), ("tracestate", "a=1")]), 200);
    assert_eq!(told(&upstream, "traceparent"), [Some(PARENT.to_owned())]);
    assert_eq!(told(&upstream, "tracestate"), [Some("a=1".to_owned())]);
}

#[test]
fn log_lines_name_the_span_that_is_reported() {
    let (collector, _upstream, service) = traced(Fault::Reset, &[]);
    assert_eq!(send(&service, &[]), 502);
    let (server, _) = tree(&collector, 2);
    let lines = within(Duration::from_secs(10), "both lines are written", || {
        let lines: Vec<Value> =
            service.log().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |target: &str| lines.iter().find(|line| line["target"] == target).cloned();
        Some([of("http")?, of("service_kit::upstream::failure")?])
    });
    for line in lines {
        assert_eq!((&line["trace_id"], &line["span_id"]), (&json!(server.trace_id), &json!(server.span_id)));
    }
}

#[test]
fn the_check_of_the_upstream_is_in_no_trace() {
    let collector = Faulty::start(Fault::answer(200, "", ""));
    let url = format!("http://{}", collector.address);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let auxiliary = Service::start(
        e2e::binary("auxiliary-service"),
        &[&variables[..], &[("AWS_BACKEND", "embedded")]].concat(),
    );
    let service = crate::start(auxiliary.public, &variables);
    e2e::eventually("it was checked twice", || {
        auxiliary.metric("http_requests_total", &[("path", "/readyz")]) >= 2.0
    });
    assert_eq!(send(&service, &[]), 200);
    e2e::eventually("the request is reported", || !collector.bodies().is_empty());
    let bodies = collector.bodies();
    let spans = Span::decode(bodies.iter().map(Vec::as_slice));
    assert!(spans.iter().all(|span| !span.name.contains("readyz")), "{spans:#?}");
}

#[test]
fn one_line_is_logged_when_the_collector_fails_and_one_when_it_is_back() {
    let (collector, _upstream, service) = traced(ok(), &[("OTEL_BSP_EXPORT_TIMEOUT", "100")]);
    collector.set(Fault::answer(503, "", ""));
    let said = || service.log().into_iter().filter(|line| line.contains("\"traces: ")).collect::<Vec<_>>();
    let lost = || service.metric("otel_spans_dropped_total", &[("reason", "not_exported")]);
    for count in 1..=3 {
        let before = lost();
        assert_eq!(send(&service, &[]), 200);
        e2e::eventually("its spans are lost", || lost() >= before + 1.0);
        assert_eq!(said().len(), 1, "after {count}: {:?}", said());
    }
    collector.set(Fault::answer(200, "", ""));
    assert_eq!(send(&service, &[]), 200);
    e2e::eventually("it is said", || said().len() == 2);
    assert!(said()[1].contains("delivered again"), "{:?}", said());
}
