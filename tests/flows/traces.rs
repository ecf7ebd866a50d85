//! Traces through the chain, as the OpenTelemetry Collector receives them.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Aws, Otelcol, Postgres, Redis, Service, Span, binary, eventually};
use rustix::process::Signal;
use serde_json::{Value, json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const BROWSER: &str = "b7ad6b7169203331";

/// A service that reports to the collector, soon after.
fn traced(name: &str, collector: &Otelcol, more: &[(&str, &str)]) -> Service {
    let url = collector.url();
    let own = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    Service::start(binary(name), &[&own, more].concat())
}

fn ready(service: &Service) {
    eventually("it is ready", || service.manage("GET", "/readyz", &[], "").status == 200);
}

/// storefront in front of product-api, on the best database and cache that there are here.
struct Shop {
    storefront: Service,
    api: Service,
    redis: Option<Redis>,
    postgres: Option<Postgres>,
}

impl Shop {
    fn start(collector: &Otelcol) -> Self {
        let (redis, postgres) = (Redis::start(&[]), Postgres::start());
        let mut variables = Vec::new();
        variables.extend(redis.as_ref().map(|redis| ("REDIS_URL", redis.url())));
        variables.extend(postgres.as_ref().map(|postgres| ("DATABASE_URL", postgres.database())));
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let api = traced("product-api", collector, &variables);
        ready(&api);
        let url = format!("http://{}", api.public);
        let storefront = traced("storefront", collector, &[("PRODUCT_API_URL", &url)]);
        Self { storefront, api, redis, postgres }
    }
}

/// The spans of a trace, as soon as there are so many. Each follows from one that is there, or from the browser.
fn trace(collector: &Otelcol, id: &str, count: usize) -> Vec<Span> {
    let mut spans = collector.wait(&format!("{count} spans"), |spans| {
        let found: Vec<Span> = spans.into_iter().filter(|span| span.trace_id == id).collect();
        (found.len() >= count).then_some(found)
    });
    assert_eq!(spans.len(), count, "{spans:#?}");
    spans.sort_by_key(|span| span.start);
    let ids: Vec<String> = spans.iter().map(|span| span.span_id.clone()).collect();
    for span in &spans {
        assert!(span.parent == BROWSER || ids.contains(&span.parent), "{span:#?}");
    }
    spans
}

/// What auxiliary-service needs to call AWS at this address.
fn aws_at(url: &str) -> [(&str, &str); 4] {
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "eu-central-1"),
    ]
}

/// The only one of a service with this name.
fn one<'a>(spans: &'a [Span], service: &str, name: &str) -> &'a Span {
    let found: Vec<&Span> =
        spans.iter().filter(|span| span.service() == service && span.name == name).collect();
    assert_eq!(found.len(), 1, "{service} {name}: {spans:#?}");
    found[0]
}

fn with_parent(flags: &str) -> String {
    format!("00-{TRACE}-{BROWSER}-{flags}")
}

#[test]
fn a_browsers_request_is_one_trace_down_to_the_database_and_the_cache() {
    let Some(collector) = Otelcol::start() else { return };
    let shop = Shop::start(&collector);
    let parent = with_parent("01");
    let answer = shop.storefront.send("GET", "/api/products/1", &[("traceparent", &parent)], "");
    assert_eq!((answer.status, &answer.json()["cached"]), (200, &json!(false)));
    // Both services, the attempt, and the query; with Redis, its two keys, the new generation, and what was stored.
    let spans = trace(&collector, TRACE, if shop.redis.is_some() { 7 } else { 4 });
    let outer = one(&spans, "storefront", "GET /api/{*path}");
    let attempt = one(&spans, "storefront", "GET");
    let inner = one(&spans, "product-api", "GET /products/{id}");
    let query = one(&spans, "product-api", "SELECT products");
    assert_eq!((outer.kind, attempt.kind, inner.kind, query.kind), (2, 3, 2, 3));
    assert_eq!(outer.parent, BROWSER);
    assert_eq!((&attempt.parent, &inner.parent), (&outer.span_id, &attempt.span_id));
    // The query runs in a task of its own.
    assert_eq!(query.parent, inner.span_id);
    let system = if shop.postgres.is_some() { "postgresql" } else { "sqlite" };
    for (key, value) in [
        ("db.system.name", system),
        ("db.operation.name", "SELECT"),
        ("db.collection.name", "products"),
        ("db.query.summary", "SELECT products"),
    ] {
        assert_eq!(query.get(key), value, "{key}");
    }
    if let Some(postgres) = &shop.postgres {
        assert_eq!(query.get("server.port"), json!(postgres.port()));
    }
    let operations: Vec<&Span> = spans.iter().filter(|span| span.get("db.system.name") == "redis").collect();
    let names: Vec<&str> = operations.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, if shop.redis.is_some() { vec!["GET", "SET", "SET"] } else { vec![] });
    assert!(operations.iter().all(|span| span.kind == 3 && span.parent == inner.span_id));
    assert!(spans.iter().all(|span| !span.failed), "{spans:#?}");
    let replica = outer.resource["service.instance.id"].as_str().unwrap();
    assert_eq!(answer.header("x-replica"), replica);
}

#[test]
fn a_database_and_a_cache_that_are_gone_show_in_their_spans() {
    let Some(collector) = Otelcol::start() else { return };
    let mut shop = Shop::start(&collector);
    let (Some(redis), Some(postgres)) = (&mut shop.redis, &mut shop.postgres) else { return };
    redis.kill();
    postgres.kill();
    let parent = with_parent("01");
    assert_eq!(shop.api.send("GET", "/products/1", &[("traceparent", &parent)], "").status, 503);
    let spans = collector.wait("the request and what it asked", |spans| {
        let found: Vec<Span> = spans.into_iter().filter(|span| span.trace_id == TRACE).collect();
        let asked = |system: &str| found.iter().any(|span| span.get("db.system.name") == system);
        (asked("redis") && asked("postgresql") && found.iter().any(|span| span.kind == 2)).then_some(found)
    });
    for span in &spans {
        assert!(span.failed && span.get("error.type").is_string(), "{span:#?}");
    }
}

#[test]
fn a_call_to_aws_is_one_trace_through_both_services() {
    let (Some(collector), Some(aws)) = (Otelcol::start(), Aws::ministack()) else { return };
    let auxiliary = traced("auxiliary-service", &collector, &aws_at(&aws.url));
    let url = format!("http://{}", auxiliary.public);
    let service = traced("main-api", &collector, &[("AUXILIARY_SERVICE_URL", &url)]);
    let parent = with_parent("01");
    let answer = service.send("GET", "/s3-buckets", &[("traceparent", &parent)], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let spans = trace(&collector, TRACE, 4);
    let outer = one(&spans, "main-api", "GET /s3-buckets");
    let attempt = one(&spans, "main-api", "GET");
    let inner = one(&spans, "auxiliary-service", "GET /s3-buckets");
    let call = one(&spans, "auxiliary-service", "S3.ListBuckets");
    assert_eq!([&outer.parent, &attempt.parent], [BROWSER, &outer.span_id]);
    assert_eq!([&inner.parent, &call.parent], [&attempt.span_id, &inner.span_id]);
    for (key, value) in [
        ("rpc.system", json!("aws-api")),
        ("rpc.service", json!("S3")),
        ("rpc.method", json!("ListBuckets")),
        ("cloud.region", json!("eu-central-1")),
        ("aws.attempts", json!(1)),
    ] {
        assert_eq!(call.get(key), value, "{key}");
    }
    assert_eq!((call.kind, call.failed), (3, false));
}

#[test]
fn a_call_that_aws_does_not_take_is_a_failed_span_of_all_its_attempts() {
    let Some(collector) = Otelcol::start() else { return };
    let auxiliary = traced("auxiliary-service", &collector, &aws_at("http://127.0.0.1:9"));
    let answer = auxiliary.send("GET", "/s3-buckets", &[("traceparent", &with_parent("01"))], "");
    assert!(answer.status >= 502, "{}", answer.status);
    let spans = trace(&collector, TRACE, 2);
    let call = one(&spans, "auxiliary-service", "S3.ListBuckets");
    assert!(call.failed && call.get("error.type").is_string(), "{call:#?}");
    let attempts = auxiliary.metric("aws_request_attempts_total", &[]);
    assert_eq!(call.get("aws.attempts").as_f64(), Some(attempts), "{call:#?}");
}

#[test]
fn there_are_as_many_spans_as_requests() {
    const REQUESTS: usize = 300;
    let Some(collector) = Otelcol::start() else { return };
    let shop = Shop::start(&collector);
    std::thread::scope(|scope| {
        for worker in 0..6 {
            let storefront = &shop.storefront;
            scope.spawn(move || {
                for number in 0..REQUESTS / 6 {
                    // Some of the same thing at the same time, whose queries are shared, and some that is not there.
                    let path = format!("/api/products/{}", (worker + number) % 15 + 1);
                    assert!(matches!(storefront.get(&path).status, 200 | 404));
                }
            });
        }
    });
    let spans = collector.wait("a span of every request", |spans| {
        let of =
            |service: &str| spans.iter().filter(|span| span.kind == 2 && span.service() == service).count();
        (of("storefront") >= REQUESTS && of("product-api") >= REQUESTS).then_some(spans)
    });
    for (service, path) in [(&shop.storefront, "/api/{*path}"), (&shop.api, "/products/{id}")] {
        let metric = service.metric("http_requests_total", &[("path", path)]);
        assert_eq!(metric, REQUESTS as f64, "{path}");
        assert_eq!(service.metric("otel_spans_dropped_total", &[]), 0.0);
    }
    let server = spans.iter().filter(|span| span.kind == 2).count();
    assert_eq!(server, 2 * REQUESTS, "{:?}", names(&spans));
    let mut ids: Vec<&str> = spans.iter().map(|span| span.span_id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "an id stands twice");
    // Each is within a trace that begins at the storefront.
    let roots = spans.iter().filter(|span| span.parent.is_empty());
    assert_eq!(roots.inspect(|span| assert_eq!(span.service(), "storefront")).count(), REQUESTS);
}

fn names(spans: &[Span]) -> BTreeMap<(String, String), usize> {
    let mut names = BTreeMap::new();
    for span in spans {
        *names.entry((span.service().to_owned(), span.name.clone())).or_default() += 1;
    }
    names
}

#[test]
fn a_collector_that_was_killed_is_reported_to_again() {
    let Some(mut collector) = Otelcol::start() else { return };
    let hello = traced("hello", &collector, &[("OTEL_BSP_EXPORT_TIMEOUT", "500")]);
    assert_eq!(hello.get("/success").status, 200);
    collector.wait("the first span", |spans| (spans.len() == 1).then_some(()));
    collector.kill();
    let lost = || hello.metric("otel_spans_dropped_total", &[("reason", "not_exported")]);
    for count in 1..=3 {
        assert_eq!(hello.get("/success").status, 200);
        eventually("its span is lost", || lost() >= f64::from(count));
    }
    collector.run();
    assert_eq!(hello.get("/success").status, 200);
    collector.wait("a span again", |spans| (!spans.is_empty()).then_some(()));
    let said = || hello.log().iter().filter(|line| line.contains("\"traces: ")).count();
    eventually("one line for each change", || said() == 2);
}

#[test]
fn a_collector_that_hangs_costs_no_request_anything() {
    let Some(collector) = Otelcol::start() else { return };
    let hello = traced("hello", &collector, &[]);
    collector.pause();
    let started = Instant::now();
    (0..200).for_each(|_| assert_eq!(hello.get("/success").status, 200));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    collector.unpause();
    collector.wait("all of them", |spans| (spans.len() == 200).then_some(()));
}

#[test]
fn sigterm_under_load_loses_no_span() {
    let Some(collector) = Otelcol::start() else { return };
    let mut hello = traced("hello", &collector, &[("DRAIN_DELAY_SEC", "8")]);
    let url = format!("http://{}/success", hello.public);
    let mut load = Command::new(binary("flotilla"));
    load.args(["load", &url, "--rate", "300/s", "--for", "4s", "--connections", "16", "--json"]);
    let load = load.stdout(Stdio::piped()).spawn().unwrap();
    eventually("a second of load", || hello.metric("http_requests_total", &[("path", "/success")]) >= 300.0);
    hello.signal(Signal::TERM);
    assert_eq!(hello.wait(Duration::from_secs(20)).code(), Some(0));
    let report = load.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!((&report["status"]["200"], &report["lost"]), (&json!(1_200), &json!(0)), "{report}");
    collector.wait("a span of each", |spans| {
        let count = spans.iter().filter(|span| span.name == "GET /success").count();
        assert!(count <= 1_200, "{count}");
        (count == 1_200).then_some(())
    });
}

#[test]
fn the_sampler_decides_where_no_caller_has() {
    let Some(collector) = Otelcol::start() else { return };
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    let none = traced("hello", &collector, &[sampler, ("OTEL_TRACES_SAMPLER_ARG", "0")]);
    let half = traced(
        "hello",
        &collector,
        &[sampler, ("OTEL_TRACES_SAMPLER_ARG", "0.5"), ("OTEL_SERVICE_NAME", "half")],
    );
    let (reported, other) = (with_parent("01"), with_parent("00"));
    for service in [&none, &half] {
        (0..200).for_each(|_| assert_eq!(service.get("/success").status, 200));
        assert_eq!(service.send("GET", "/", &[("traceparent", &reported)], "").status, 200);
        assert_eq!(service.send("GET", "/openapi.json", &[("traceparent", &other)], "").status, 200);
    }
    let spans = collector.wait("both that a caller wants", |spans| {
        (spans.iter().filter(|span| span.trace_id == TRACE).count() == 2).then_some(spans)
    });
    let count = |service: &str, name: &str| {
        spans.iter().filter(|span| span.service() == service && span.name == name).count()
    };
    assert_eq!((count("hello", "GET /"), count("half", "GET /")), (1, 1));
    assert_eq!((count("hello", "GET /success"), count("half", "GET /openapi.json")), (0, 0));
    // Seven standard deviations to either side of a hundred.
    assert!((50..=150).contains(&count("half", "GET /success")), "{:?}", names(&spans));
}

#[test]
fn faults_timeouts_and_clients_that_leave_show_as_the_metrics_have_them() {
    let Some(collector) = Otelcol::start() else { return };
    let hello = traced("hello", &collector, &[("FAIL_RATE", "1"), ("REQUEST_TIMEOUT_SEC", "0.5")]);
    assert_eq!(hello.get("/work?sleep=0ms&cpu=0ms").status, 500);
    assert_eq!(hello.get("/work?sleep=5s&cpu=0ms").status, 503);
    let mut leaver = TcpStream::connect(hello.public).unwrap();
    leaver.write_all(b"GET /work?sleep=5s HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    eventually("it is in flight", || hello.metric("http_requests_in_flight", &[]) == 1.0);
    drop(leaver);
    let mut spans = collector.wait("three spans", |spans| (spans.len() == 3).then_some(spans));
    spans.sort_by_key(|span| span.get("http.response.status_code").as_i64());
    let kinds: Vec<Value> = spans.iter().map(|span| span.get("error.type")).collect();
    assert_eq!(kinds, [json!("client_disconnect"), json!("500"), json!("timeout")]);
    for span in &spans {
        let status = span.get("http.response.status_code").to_string();
        let metric = hello.metric("http_requests_total", &[("path", "/work"), ("status", &status)]);
        assert_eq!(metric, 1.0, "{status}");
    }
    let [(name, about)] = spans[1].events.as_slice() else { panic!("{:#?}", spans[1]) };
    assert_eq!(
        (name.as_str(), &about["fault.rule"], &about["fault.kind"]),
        ("fault", &json!("FAIL_RATE"), &json!("error"))
    );
    assert_eq!(spans[1].get("fault.injected"), json!(true));
}
