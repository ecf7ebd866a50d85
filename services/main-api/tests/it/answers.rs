//! What is passed on: to the upstream, and from it.

use e2e::{Fault, Service, binary};
use serde_json::Value;

use crate::{faced_with, ok, start};

#[test]
fn the_three_paths_answer_with_sorted_keys_with_and_without_api() {
    let variables = [("AWS_BACKEND", "embedded"), ("SERVICE_VERSION", "2")];
    let auxiliary = Service::start(binary("auxiliary-service"), &variables);
    let service = start(auxiliary.public, &[("SERVICE_VERSION", "3")]);
    for prefix in ["", "/api"] {
        for (path, body) in [
            ("/s3-buckets", r#"{"auxiliary_service_version":"2","buckets":["#),
            ("/parameters", r#"{"auxiliary_service_version":"2","main_api_version":"3","parameters":["#),
            (
                "/parameter/database/port",
                r#"{"auxiliary_service_version":"2","main_api_version":"3","value":"5432"}"#,
            ),
        ] {
            let answer = service.get(&format!("{prefix}{path}"));
            assert_eq!(answer.status, 200);
            assert!(answer.body.starts_with(body), "{prefix}{path}: {}", answer.body);
            assert_eq!(answer.json()["main_api_version"], "3");
            assert_eq!(answer.header("x-backend"), "embedded");
        }
    }
}

#[test]
fn the_request_id_and_the_trace_are_passed_on_and_nothing_else_of_the_client() {
    let (upstream, service) = faced_with(ok(), &[]);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("x-request-id", "mine-1"),
        ("traceparent", trace),
        ("tracestate", "vendor=1"),
        ("authorization", "Bearer secret"),
        ("cookie", "a=b"),
    ];
    let answer = service.send("GET", "/s3-buckets?limit=1", &headers, "");
    assert_eq!((answer.status, answer.header("x-request-id")), (200, "mine-1"));
    let request = &upstream.requests()[0];
    assert!(request.starts_with("GET /s3-buckets HTTP/1.1\r\n"), "{request}");
    for line in ["x-request-id: mine-1", &format!("traceparent: {trace}"), "tracestate: vendor=1"] {
        assert!(request.contains(line), "{line} in {request}");
    }
    assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
}

#[test]
fn a_request_without_an_id_gets_one_that_both_services_know() {
    let (upstream, service) = faced_with(ok(), &[]);
    let answer = service.get("/parameters");
    let line = format!("x-request-id: {}", answer.header("x-request-id"));
    assert!(upstream.requests()[0].contains(&line), "{line}");
}

#[test]
fn connections_are_used_again() {
    let (upstream, service) = faced_with(ok(), &[]);
    for _ in 0..50 {
        assert_eq!(service.get("/s3-buckets").status, 200);
    }
    // The soft check in the background may need a second one.
    assert!(upstream.connections() <= 2, "{}", upstream.connections());
}

#[test]
fn a_path_in_the_url_stands_before_every_other() {
    let upstream = e2e::Faulty::start(ok());
    let url = format!("http://{}/aux/v1/", upstream.address);
    let service = Service::start(crate::BINARY, &[("AUXILIARY_SERVICE_URL", &url)]);
    assert_eq!(service.get("/api/parameters").status, 200);
    let requests = upstream.requests();
    assert!(requests.iter().any(|head| head.starts_with("GET /aux/v1/parameters HTTP")), "{requests:?}");
}

#[test]
fn a_name_in_the_url_is_looked_up() {
    let upstream = e2e::Faulty::start(ok());
    let url = format!("http://localhost:{}", upstream.address.port());
    let service = Service::start(crate::BINARY, &[("AUXILIARY_SERVICE_URL", &url)]);
    assert_eq!(service.get("/parameters").status, 200);
}

#[test]
fn a_client_error_passes_with_its_status_and_error() {
    let body = r#"{"error":"Parameter x not found"}"#;
    for status in [400, 403, 404, 429] {
        let (_upstream, service) = faced_with(Fault::answer(status, "retry-after: 7\r\n", body), &[]);
        let answer = service.get("/parameter/x");
        assert_eq!((answer.status, answer.body.as_str()), (status, body));
        assert_eq!(answer.header("retry-after"), "7");
        assert_eq!(crate::calls(&service, "client_error"), 1.0);
    }
}

#[test]
fn a_server_error_in_json_passes_and_names_the_upstream() {
    for status in [500, 502, 503, 504] {
        let fault =
            Fault::answer(status, "retry-after: 1\r\n", r#"{"error":"AWS throttled s3:ListBuckets"}"#);
        let (_upstream, service) = faced_with(fault, &[]);
        let answer = service.get("/s3-buckets");
        let expected = r#"{"error":"AWS throttled s3:ListBuckets","upstream":"auxiliary-service"}"#;
        assert_eq!((answer.status, answer.body.as_str()), (status, expected));
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.headers.get_all("content-type").iter().count(), 1);
        assert_eq!(crate::calls(&service, "server_error"), 1.0);
    }
}

#[test]
fn numbers_are_passed_on_to_the_last_digit() {
    let (_upstream, service) =
        faced_with(Fault::answer(200, "", r#"{"value":12345678901234567890.10}"#), &[]);
    assert!(service.get("/parameter/x").body.contains("12345678901234567890.10"));
}

#[test]
fn what_every_service_answers_is_answered_here_too() {
    let (_upstream, service) = faced_with(ok(), &[]);
    let health: Value = service.get("/health").json();
    assert_eq!((&health["status"], &health["service"]), (&"healthy".into(), &"main-api".into()));
    assert_eq!(service.send("POST", "/s3-buckets", &[], "").status, 405);
    assert_eq!(service.get("/api").status, 404);
}
