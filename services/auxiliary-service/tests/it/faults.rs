//! What AWS does to the service, and what the service makes of it.

use std::time::{Duration, Instant};

use e2e::{Fault, Faulty, Service};

use crate::secrets::{SECRET_KEY, SESSION_TOKEN};
use crate::{calls, start};

/// The three operations with the paths that need them.
const OPERATIONS: [(&str, &str, &str); 3] = [
    ("/s3-buckets", "ListBuckets", "s3:ListBuckets"),
    ("/parameters", "DescribeParameters", "ssm:DescribeParameters"),
    ("/parameter/key", "GetParameter", "ssm:GetParameter"),
];

/// An error in the form of S3, which is XML, or of SSM, which is JSON.
fn error(operation: &str, status: u16, code: &str) -> Fault {
    let body = match operation {
        "ListBuckets" => format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
        _ => format!(r#"{{"__type":"com.amazon#{code}","message":"no"}}"#),
    };
    Fault::answer(status, "", &body)
}

/// Asks for all three, and holds each answer and its record against what is expected.
fn each(service: &Service, status: u16, outcome: &str, sentence: &str) {
    each_after(service, status, outcome, sentence, |_| ());
}

/// The same, with something to do before each request.
fn each_after(service: &Service, status: u16, outcome: &str, sentence: &str, before: impl Fn(&str)) {
    for (path, operation, qualified) in OPERATIONS {
        before(operation);
        let answer = service.get(path);
        let expected = format!(r#"{{"error":"{}"}}"#, sentence.replace('*', qualified));
        assert_eq!((answer.status, answer.body.as_str()), (status, expected.as_str()), "{path}");
        assert_eq!(calls(service, operation, outcome), 1.0, "{operation}");
        for secret in [SECRET_KEY, SESSION_TOKEN, "test-key"] {
            assert!(!answer.body.contains(secret));
        }
    }
    assert_eq!(service.metric("aws_requests_total", &[]), 3.0);
    assert_eq!(service.metric("aws_request_duration_seconds_count", &[]), 3.0);
}

fn faced_with(fault: Fault) -> (Faulty, Service) {
    let aws = Faulty::start(fault);
    let service = start(&format!("http://{}", aws.address), &[]);
    (aws, service)
}

#[test]
fn a_missing_parameter_is_404_and_no_failure() {
    let (_aws, service) = faced_with(error("GetParameter", 400, "ParameterNotFound"));
    let answer = service.get("/parameter/key");
    assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"error":"Parameter key not found"}"#));
    assert_eq!(calls(&service, "GetParameter", "not_found"), 1.0);
    assert!(service.manage("GET", "/readyz?verbose", &[], "").body.contains("[+]aws ok"));
}

#[test]
fn a_404_that_says_nothing_of_a_parameter_is_502() {
    let (_aws, service) = faced_with(Fault::answer(404, "", "<html>"));
    each(&service, 502, "error", "AWS failed *");
}

#[test]
fn a_403_is_502_and_says_so() {
    let (aws, service) = faced_with(Fault::Reset);
    let denies = |operation: &str| aws.set(error(operation, 403, "AccessDenied"));
    each_after(&service, 502, "denied", "AWS denied *", denies);
}

#[test]
fn a_403_of_a_proxy_on_the_way_is_the_same() {
    let (_aws, service) = faced_with(Fault::answer(403, "", "<html>denied</html>"));
    each(&service, 502, "denied", "AWS denied *");
}

#[test]
fn expired_credentials_are_502() {
    for code in ["ExpiredToken", "ExpiredTokenException"] {
        let (aws, service) = faced_with(Fault::Reset);
        let denies = |operation: &str| aws.set(error(operation, 400, code));
        each_after(&service, 502, "denied", "AWS denied *", denies);
    }
}

#[test]
fn throttling_is_503_with_a_time_to_wait() {
    let (aws, service) = faced_with(Fault::Reset);
    let throttles = |operation: &str| aws.set(error(operation, 400, "ThrottlingException"));
    each_after(&service, 503, "throttled", "AWS throttled *", throttles);
    assert_eq!(service.get("/parameters").header("retry-after"), "1");
}

#[test]
fn a_500_is_502_after_retries() {
    let (aws, service) = faced_with(Fault::Reset);
    let fails = |operation: &str| aws.set(error(operation, 500, "InternalError"));
    each_after(&service, 502, "error", "AWS failed *", fails);
    let attempts = service.metric("aws_request_attempts_total", &[]);
    assert_eq!((attempts, aws.requests().len()), (9.0, 9), "three attempts each");
}

#[test]
fn a_hang_is_504_at_the_deadline() {
    let (_aws, service) = faced_with(Fault::hang());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for (path, _, qualified) in OPERATIONS {
            let service = &service;
            scope.spawn(move || {
                let answer = service.get(path);
                let expected = format!(r#"{{"error":"AWS did not answer {qualified} in time"}}"#);
                assert_eq!((answer.status, answer.body), (504, expected));
            });
        }
    });
    assert!(
        started.elapsed() < Duration::from_millis(4_800),
        "below the caller's 5 s: {:?}",
        started.elapsed()
    );
    for (_, operation, _) in OPERATIONS {
        assert_eq!(calls(&service, operation, "timeout"), 1.0);
    }
}

#[test]
fn an_answer_that_stalls_is_504() {
    let (_aws, service) =
        faced_with(Fault::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()));
    assert_eq!(service.get("/parameter/key").status, 504);
    assert_eq!(calls(&service, "GetParameter", "timeout"), 1.0);
}

#[test]
fn a_reset_connection_is_502() {
    let (_aws, service) = faced_with(Fault::Reset);
    each(&service, 502, "error", "AWS is unreachable for *");
}

#[test]
fn a_refused_connection_is_502() {
    let service = start("http://127.0.0.1:1", &[]);
    each(&service, 502, "error", "AWS is unreachable for *");
}

#[test]
fn an_unresolvable_host_is_502() {
    let service = start("http://no-such-host.invalid", &[]);
    each(&service, 502, "error", "AWS is unreachable for *");
}

#[test]
fn an_answer_that_is_none_is_502() {
    let (_aws, service) = faced_with(Fault::answer(200, "", "{broken"));
    each(&service, 502, "error", "AWS failed *");
}

#[test]
fn an_answer_without_a_parameter_is_502() {
    let (_aws, service) = faced_with(Fault::answer(200, "", "{}"));
    assert_eq!(service.get("/parameter/key").body, r#"{"error":"AWS failed ssm:GetParameter"}"#);
    assert_eq!(calls(&service, "GetParameter", "error"), 1.0);
}

#[test]
fn readiness_shows_the_last_call_and_never_fails_by_it() {
    let (_aws, service) = faced_with(error("ListBuckets", 403, "AccessDenied"));
    let verbose = || service.manage("GET", "/readyz?verbose", &[], "");
    assert!(verbose().body.contains("[-]aws not checked yet"));
    service.get("/s3-buckets");
    assert_eq!(verbose().status, 200);
    assert!(verbose().body.contains("[-]aws AWS denied s3:ListBuckets"), "{}", verbose().body);
}
