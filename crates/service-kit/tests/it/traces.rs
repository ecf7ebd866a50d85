//! What a service reports of its requests, to a collector that takes everything, and to others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Fault, Faulty, Span, eventually, within};
use serde_json::{Value, json};

use crate::harness::TestService;
use crate::wire::{HTTP2, http2_get};

const TOKEN: &[(&str, &str)] = &[("authorization", "Bearer secret")];

fn taken() -> Fault {
    Fault::answer(200, "", "")
}

/// A service that reports to a collector, after a twentieth of a second.
fn traced(flags: &[&str]) -> (Faulty, TestService) {
    let collector = Faulty::start(taken());
    let service = start(&collector, &[&["--otel-bsp-schedule-delay=50"], flags].concat());
    (collector, service)
}

fn start(collector: &Faulty, flags: &[&str]) -> TestService {
    let endpoint = format!("--otel-exporter-otlp-endpoint=http://{}", collector.address);
    TestService::start(&[&[endpoint.as_str()], flags].concat())
}

fn spans(collector: &Faulty) -> Vec<Span> {
    let bodies = collector.bodies();
    Span::decode(bodies.iter().map(Vec::as_slice))
}

/// The spans, as soon as there are so many.
fn wait(collector: &Faulty, count: usize) -> Vec<Span> {
    within(Duration::from_secs(10), &format!("{count} spans"), || {
        let spans = spans(collector);
        assert!(spans.len() <= count, "{spans:#?}");
        (spans.len() == count).then_some(spans)
    })
}

fn dropped(service: &TestService, reason: &str) -> f64 {
    service.metric("otel_spans_dropped_total", &[("reason", reason)])
}

/// Leaves a request in the middle.
fn leave(service: &TestService, path: &str) {
    let mut leaver = TcpStream::connect(service.public).unwrap();
    leaver.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).unwrap();
    eventually("the request is in flight", || service.metric("http_requests_in_flight", &[]) == 1.0);
    drop(leaver);
    eventually("it has left", || service.metric("http_requests_in_flight", &[]) == 0.0);
}

#[test]
fn every_request_that_is_counted_is_a_span_with_the_status_of_the_metrics() {
    let (collector, service) = traced(&["--request-timeout-sec=0.2", "--max-body-bytes=10"]);
    (0..3).for_each(|id| assert_eq!(service.get(&format!("/item/{id}?q=1")).status, 200));
    for (method, path, body, status) in [
        ("GET", "/hang", "", 503),
        ("GET", "/panic", "", 500),
        ("GET", "/nowhere", "", 404),
        ("DELETE", "/ok", "", 405),
        ("POST", "/echo", "longer than ten", 413),
        ("HEAD", "/ok", "", 200),
        ("GET", "/readyz", "", 200),
    ] {
        assert_eq!(service.send(method, path, body).status, status, "{method} {path}");
    }
    let odd = e2e::raw(service.public, b"BREW /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(odd.starts_with("HTTP/1.1 405 "), "{odd}");
    leave(&service, "/hang");
    // Probes and scrapes, which are apart in the metrics, are in no trace.
    service.expect_requests(&[], 12.0);
    let mut found: Vec<_> = wait(&collector, 12)
        .iter()
        .map(|span| {
            assert_eq!((span.kind, span.service()), (2, "test"));
            assert!(span.parent.is_empty() && span.start < span.end);
            let status = span.get("http.response.status_code").as_i64().unwrap();
            (span.name.clone(), status, span.get("error.type"), span.failed)
        })
        .collect();
    found.sort_by_key(|span| (span.0.clone(), span.1));
    let none = Value::Null;
    assert_eq!(
        found,
        [
            ("DELETE /ok".into(), 405, none.clone(), false),
            ("GET".into(), 404, none.clone(), false),
            ("GET /hang".into(), 499, json!("client_disconnect"), false),
            ("GET /hang".into(), 503, json!("timeout"), true),
            ("GET /item/{id}".into(), 200, none.clone(), false),
            ("GET /item/{id}".into(), 200, none.clone(), false),
            ("GET /item/{id}".into(), 200, none.clone(), false),
            ("GET /panic".into(), 500, json!("panic"), true),
            ("GET /readyz".into(), 200, none.clone(), false),
            ("HEAD /ok".into(), 200, none.clone(), false),
            ("HTTP /ok".into(), 405, none.clone(), false),
            ("POST /echo".into(), 413, none, false),
        ]
    );
}

#[test]
fn a_span_says_what_was_asked_by_whom_and_how() {
    let pod = "--otel-resource-attributes=service.namespace=shop,k8s.namespace.name=shop";
    let (collector, service) = traced(&["--environment=qa", "--service-version=7", pod]);
    let headers = [("x-forwarded-for", "192.0.2.7, 10.0.0.1"), ("x-forwarded-proto", "https")];
    let mut request = http::Request::get(format!("http://{}/item/4?secret=1", service.public));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    assert_eq!(e2e::send(request.body(Vec::new()).unwrap()).unwrap().status, 200);
    let span = &wait(&collector, 1)[0];
    for (key, value) in [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/item/{id}")),
        ("http.response.status_code", json!(200)),
        ("url.path", json!("/item/4")),
        ("url.scheme", json!("https")),
        ("client.address", json!("192.0.2.7")),
        ("network.peer.address", json!("127.0.0.1")),
        ("network.protocol.version", json!("1.1")),
        ("server.address", json!("127.0.0.1")),
        ("server.port", json!(service.public.port())),
        ("error.type", Value::Null),
    ] {
        assert_eq!(span.get(key), value, "{key}");
    }
    for (key, value) in [
        ("service.version", "7"),
        ("deployment.environment.name", "qa"),
        ("k8s.namespace.name", "shop"),
        ("service.namespace", "shop"),
    ] {
        assert_eq!(span.resource[key], value, "{key}");
    }
    assert!(!format!("{span:?}").contains("secret"), "{span:?}");
}

#[test]
fn a_request_over_http_2_says_so() {
    let (collector, service) = traced(&[]);
    let mut stream = TcpStream::connect(service.public).unwrap();
    stream.write_all(&[HTTP2, &http2_get(&[(":authority", "shop.example")])].concat()).unwrap();
    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    let span = &wait(&collector, 1)[0];
    assert_eq!(span.get("network.protocol.version"), "2");
    assert_eq!((span.get("server.address"), span.get("server.port")), (json!("shop.example"), Value::Null));
}

#[test]
fn a_body_that_breaks_off_ends_the_span_with_500() {
    let (collector, service) = traced(&["--admin-token=secret"]);
    let rules = "rules: [{name: cut, match: {path: /item/1}, truncate: true}]";
    assert_eq!(service.manage("PUT", "/faults", TOKEN, rules).status, 200);
    e2e::raw(service.public, b"GET /item/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    service.expect_requests(&[("path", "/item/{id}"), ("status", "500")], 1.0);
    let span = &wait(&collector, 1)[0];
    assert_eq!((span.get("http.response.status_code"), span.failed), (json!(500), true));
    assert_eq!(span.get("error.type"), "body_failed");
    assert_eq!(faults(span), [("cut".to_owned(), "truncate".to_owned())]);
}

/// The rules and kinds of a span's events.
fn faults(span: &Span) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fault = |(name, about): &(String, e2e::Attributes)| {
        assert_eq!(name, "fault");
        (text(&about["fault.rule"]), text(&about["fault.kind"]))
    };
    span.events.iter().map(fault).collect()
}

#[test]
fn an_injected_fault_is_an_event_of_the_request_that_it_was_made_in() {
    let (collector, service) = traced(&["--admin-token=secret"]);
    let rules = "rules: [{name: bad, match: {path: /ok}, error: {rate: 1, status: 418}, latency: 5ms}]";
    assert_eq!(service.manage("PUT", "/faults", TOKEN, rules).status, 200);
    assert_eq!((service.get("/ok").status, service.get("/item/1").status), (418, 200));
    let spans = wait(&collector, 2);
    let of = |route: &str| spans.iter().find(|span| span.get("http.route") == route).unwrap();
    let pair = |kind: &str| ("bad".to_owned(), kind.to_owned());
    assert_eq!(faults(of("/ok")), [pair("latency"), pair("error")]);
    assert_eq!((of("/ok").get("fault.injected"), of("/ok").failed), (json!(true), false));
    assert_eq!((of("/item/{id}").get("fault.injected"), faults(of("/item/{id}"))), (Value::Null, vec![]));
}

#[test]
fn a_caller_decides_what_is_reported_where_the_sampler_follows_it() {
    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    for (sampler, root, of_reported, of_other) in [
        ("parentbased_always_on", true, true, false),
        ("parentbased_always_off", false, true, false),
        ("always_off", false, false, false),
        ("always_on", true, true, true),
    ] {
        let (collector, mut service) = traced(&[&format!("--otel-traces-sampler={sampler}")]);
        let send = |path: &str, flags: &str| {
            let request = http::Request::get(format!("http://{}{path}", service.public));
            let request = request.header("traceparent", format!("00-{ID}-b7ad6b7169203331-{flags}"));
            e2e::send(request.body(Vec::new()).unwrap()).unwrap()
        };
        assert_eq!(service.get("/ok").status, 200);
        assert_eq!((send("/item/1", "01").status, send("/openapi.json", "00").status), (200, 200));
        service.finish();
        let count = [root, of_reported, of_other].iter().filter(|reported| **reported).count();
        let spans = spans(&collector);
        assert_eq!(spans.len(), count, "{sampler}");
        let of = |route: &str| spans.iter().find(|span| span.get("http.route") == route);
        assert_eq!((of("/ok").is_some(), of("/openapi.json").is_some()), (root, of_other), "{sampler}");
        if let Some(child) = of("/item/{id}") {
            assert_eq!((child.trace_id.as_str(), child.parent.as_str()), (ID, "b7ad6b7169203331"));
        }
        assert!(of("/ok").is_none_or(|root| root.trace_id != ID && root.parent.is_empty()));
    }
}

#[test]
fn a_share_of_the_requests_is_reported() {
    let (collector, mut service) =
        traced(&["--otel-traces-sampler=traceidratio", "--otel-traces-sampler-arg=0.25"]);
    (0..400).for_each(|_| assert_eq!(service.get("/ok").status, 200));
    service.finish();
    let count = spans(&collector).len();
    // Five standard deviations to either side of 100.
    assert!((56..=144).contains(&count), "{count}");
}

#[test]
fn without_an_endpoint_or_switched_off_nothing_is_there() {
    let collector = Faulty::start(taken());
    let off = start(&collector, &["--otel-sdk-disabled=true", "--otel-bsp-schedule-delay=1"]);
    for service in [TestService::start(&[]), off] {
        assert_eq!(service.get("/ok").status, 200);
        assert!(!service.metrics().iter().any(|series| series.name.starts_with("otel_")));
    }
    assert_eq!(collector.connections(), 0);
}

#[test]
fn the_collector_is_asked_as_its_standard_says() {
    let collector = Faulty::start(taken());
    let service = start(
        &collector,
        &["--otel-bsp-schedule-delay=1", "--otel-exporter-otlp-headers=authorization=Bearer%20hunter2"],
    );
    assert_eq!(service.get("/ok").status, 200);
    wait(&collector, 1);
    let request = collector.requests().remove(0).to_lowercase();
    assert!(request.starts_with("post /v1/traces http/1.1\r\n"), "{request}");
    for line in ["content-type: application/x-protobuf", "authorization: bearer hunter2"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{request}");
    }
}

#[test]
fn what_is_refused_for_now_is_sent_again_and_nothing_else() {
    let (collector, service) = traced(&[]);
    collector.once(Fault::answer(503, "", ""));
    collector.once(Fault::Reset);
    assert_eq!(service.get("/ok").status, 200);
    eventually("it was sent thrice", || collector.requests().len() == 3);
    let ids: Vec<String> = spans(&collector).into_iter().map(|span| span.span_id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    collector.once(Fault::answer(400, "", ""));
    assert_eq!(service.get("/ok").status, 200);
    eventually("it was refused", || dropped(&service, "not_exported") == 1.0);
    // Taken, but for two, of which it had one.
    collector.once(Fault::answer(200, "", "\x0a\x02\x08\x02"));
    assert_eq!(service.get("/ok").status, 200);
    eventually("it was rejected", || dropped(&service, "rejected") == 1.0);
    assert_eq!((collector.requests().len(), dropped(&service, "queue_full")), (5, 0.0));
}

#[test]
fn a_collector_that_hangs_costs_no_request_anything_and_the_end_two_seconds() {
    let collector = Faulty::start(Fault::hang());
    let flags = ["--otel-bsp-max-queue-size=10", "--otel-bsp-schedule-delay=1"];
    let mut service = start(&collector, &flags);
    assert_eq!(service.get("/ok").status, 200);
    eventually("it is asked", || !collector.requests().is_empty());
    let started = Instant::now();
    (0..50).for_each(|_| assert_eq!(service.get("/ok").status, 200));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(dropped(&service, "queue_full"), 40.0);
    let told = Instant::now();
    service.finish();
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
}

#[test]
fn what_waits_is_delivered_when_the_service_ends() {
    let collector = Faulty::start(taken());
    let mut service = start(&collector, &["--otel-bsp-schedule-delay=3600000"]);
    (0..700).for_each(|_| assert_eq!(service.get("/ok").status, 200));
    eventually("a full batch does not wait", || collector.requests().len() == 1);
    let told = Instant::now();
    service.finish();
    assert_eq!((spans(&collector).len(), collector.requests().len()), (700, 2));
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

#[test]
fn an_absent_collector_keeps_nobody_waiting_at_the_end() {
    let absent = format!("--otel-exporter-otlp-endpoint=http://127.0.0.1:{}", e2e::free_port());
    let mut service = TestService::start(&[&absent]);
    (0..700).for_each(|_| assert_eq!(service.get("/ok").status, 200));
    let told = Instant::now();
    service.finish();
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}
