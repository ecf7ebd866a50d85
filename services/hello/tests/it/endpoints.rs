//! The greeting endpoints and those that every service has.

use crate::hello;

#[test]
fn greets_with_its_version_environment_and_time() {
    let hello = hello(&[("SERVICE_VERSION", "1.2.3"), ("ENVIRONMENT", "qa"), ("GREETING", "héllo \"you\"")]);
    for (path, status, rest) in [
        ("/", 200, r#""endpoint":"/"}"#),
        ("/success", 200, r#""endpoint":"/success","status":"success"}"#),
        ("/fail", 500, r#""endpoint":"/fail","status":"error"}"#),
    ] {
        let answer = hello.get(path);
        let message = if status == 200 { r#"héllo \"you\""# } else { "This endpoint always fails" };
        let start = format!(r#"{{"message":"{message}","version":"1.2.3","environment":"qa","timestamp":""#);
        assert_eq!(answer.status, status);
        assert!(answer.body.starts_with(&start) && answer.body.ends_with(rest), "{}", answer.body);
        assert!(answer.json()["timestamp"].as_str().unwrap().ends_with("+00:00"));
        assert_eq!(answer.header("x-endpoint-path"), path);
        let content_types: Vec<_> = answer.headers.get_all("content-type").iter().collect();
        assert_eq!(content_types, ["application/json"]);
    }
}

#[test]
fn paths_match_exactly() {
    let hello = hello(&[]);
    for path in ["/success/", "/successful", "/fail/x", "/work/", "/Success", "/index.html"] {
        let answer = hello.get(path);
        assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"error":"not found"}"#), "{path}");
    }
}

#[test]
fn health_readiness_and_version_say_who_answers() {
    let hello = hello(&[("SERVICE_VERSION", "1.2.3"), ("ENVIRONMENT", "qa"), ("BUILD_COMMIT", "0f1e2d3")]);
    let health = hello.get("/health").body;
    let start = r#"{"status":"healthy","service":"hello","version":"1.2.3","environment":"qa","timestamp":""#;
    assert!(health.starts_with(start), "{health}");
    assert_eq!(
        hello.get("/ready").body,
        r#"{"status":"ready","ready":true,"version":"1.2.3","environment":"qa"}"#
    );
    let version = hello.get("/version").body;
    assert!(
        version.starts_with(
            r#"{"service":"hello","version":"1.2.3","environment":"qa","commit":"0f1e2d3","rustc":""#
        ),
        "{version}"
    );
    assert_eq!(hello.metric("app_build_info", &[("commit", "0f1e2d3")]), 1.0);
    for (path, body) in [("/healthz", "ok"), ("/readyz", "ready")] {
        for answer in [hello.get(path), hello.manage("GET", path, &[], "")] {
            assert_eq!((answer.status, answer.body.as_str()), (200, body));
            assert!(answer.header("content-type").starts_with("text/plain"));
        }
    }
    let verbose = hello.manage("GET", "/readyz?verbose", &[], "").body;
    assert_eq!(verbose, "[+]readiness-delay ok\n[+]shutdown ok\nready");
    assert_eq!(hello.get("/metrics").header("content-type"), "text/plain; version=0.0.4");
}

#[test]
fn is_ready_when_its_delay_is_over_and_healthy_before() {
    let hello = hello(&[("READINESS_DELAY_SEC", "0.8")]);
    assert_eq!(hello.get("/healthz").status, 200);
    let early = hello.get("/ready");
    assert_eq!(early.status, 503);
    assert!(early.body.starts_with(r#"{"status":"not ready","ready":false,"reason":"#), "{}", early.body);
    assert_eq!((hello.get("/readyz").status, hello.get("/success").status), (503, 200));
    e2e::eventually("ready", || hello.get("/readyz").status == 200);
}

#[test]
fn a_trace_id_and_a_request_id_stand_in_the_access_line() {
    let hello = hello(&[]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
    hello.send("GET", "/success?q=1", &[("traceparent", &traceparent), ("x-request-id", "mine-1")], "");
    e2e::eventually("the access line", || {
        hello.log().iter().any(|line| {
            let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { panic!("no JSON: {line}") };
            line["target"] == "http"
                && line["service"] == "hello"
                && line["path"] == "/success"
                && line["status"] == 200
                && line["trace_id"] == trace
                && line["request_id"] == "mine-1"
        })
    });
}
