//! Names reach the upstream as exactly that name, or are refused; none changes the path or the query.

use e2e::{Service, binary, raw};

use crate::{faced_with, ok, start};

fn get(service: &Service, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    raw(service.public, request.as_bytes())
}

#[test]
fn a_name_is_one_segment_of_the_upstreams_path() {
    let (upstream, service) = faced_with(ok(), &[]);
    for (name, sent) in [
        ("a%2Fb", "a%2Fb"),
        ("a/b", "a%2Fb"),
        ("a%3Fb=1", "a%3Fb%3D1"),
        ("a%23b", "a%23b"),
        ("a%20b", "a%20b"),
        ("%C3%BC", "%C3%BC"),
        ("a+b", "a%2Bb"),
        ("%2e%2e%2fproduction", "..%2Fproduction"),
        ("../production", "..%2Fproduction"),
        ("a/../../s3-buckets", "a%2F..%2F..%2Fs3-buckets"),
        ("/a", "%2Fa"),
        ("%252e%252e", "%252e%252e"),
        ("%zz", "%25zz"),
        ("a%00b", "a%00b"),
        ("%0d%0ax-evil:%201", "%0D%0Ax-evil%3A%201"),
        ("name?query=1", "name"),
    ] {
        let answer = get(&service, &format!("/parameter/{name}"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{name}: {answer}");
        let request = upstream.requests().pop().unwrap();
        assert!(request.starts_with(&format!("GET /parameter/{sent} HTTP/1.1\r\n")), "{name}: {request}");
        assert!(!request.contains("\r\nx-evil"), "{request}");
    }
}

#[test]
fn what_no_path_can_hold_is_400_and_not_sent() {
    let (upstream, service) = faced_with(ok(), &[]);
    let long = "x".repeat(3_000);
    for name in ["", "..", ".", "%2e%2e", "%2E", "%ff", "%c3%28", &long] {
        for prefix in ["", "/api"] {
            let answer = get(&service, &format!("{prefix}/parameter/{name}"));
            assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
            assert!(
                answer.contains("application/json") && answer.contains(r#"{"error":"#),
                "{name}: {answer}"
            );
        }
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[test]
fn through_both_services_no_name_leaves_the_prefix() {
    let variables = [("AWS_BACKEND", "embedded"), ("ENVIRONMENT", "dev")];
    let auxiliary = Service::start(binary("auxiliary-service"), &variables);
    let service = start(auxiliary.public, &[]);
    for name in
        ["../dev/greeting", "%2e%2e%2fdev%2fgreeting", "//greeting", "%2Fflotilla%2Fdev%2Fgreeting", "a%3Fb"]
    {
        let answer = get(&service, &format!("/parameter/{name}"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
    }
    for name in ["database%2Fhost", "database/host", "database%2fhost"] {
        let answer = get(&service, &format!("/parameter/{name}"));
        assert!(answer.contains("database.example.internal"), "{name}: {answer}");
    }
}
