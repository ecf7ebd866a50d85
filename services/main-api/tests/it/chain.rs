//! Through both services: what AWS does, as the client of main-api sees it.

use e2e::{Aws, Fault, Faulty, Service, binary};

use crate::start;

fn auxiliary(endpoint: &str) -> Service {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
    ];
    Service::start(binary("auxiliary-service"), &variables)
}

#[test]
fn all_buckets_and_parameters_come_through() {
    let Some(aws) = Aws::ministack() else { return };
    let auxiliary = auxiliary(&aws.url);
    let service = start(auxiliary.public, &[]);
    let length = |path: &str, key: &str| service.get(path).json()[key].as_array().map(Vec::len);
    assert_eq!(length("/api/s3-buckets", "buckets"), Some(aws.buckets));
    assert_eq!(length("/api/parameters", "parameters"), Some(aws.inside));
    assert_eq!(service.get("/api/parameter/unicode").json()["value"], "grüße ☃");
    assert_eq!(service.get("/api/parameter/large").json()["value"].as_str().map(str::len), Some(4_096));
    assert_eq!(service.get("/api/parameter/secret").status, 403);
}

#[test]
fn each_failure_of_aws_has_the_same_status_and_error_from_both() {
    let error =
        |status, code: &str| Fault::answer(status, "", &format!(r#"{{"__type":"{code}","message":"no"}}"#));
    for (fault, status) in [
        (error(400, "ParameterNotFound"), 404),
        (error(403, "AccessDeniedException"), 502),
        (error(400, "ThrottlingException"), 503),
        (Fault::hang(), 504),
        (Fault::Reset, 502),
        (error(400, "ExpiredTokenException"), 502),
        (error(500, "InternalServerError"), 502),
    ] {
        let aws = Faulty::start(fault.clone());
        let auxiliary = auxiliary(&format!("http://{}", aws.address));
        let service = start(auxiliary.public, &[]);
        let answer = service.get("/parameter/key");
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.body);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("ssm:GetParameter") || status == 404, "{error}");
        assert!(!answer.body.contains("test-secret"));
        assert_eq!(answer.header("retry-after"), if status == 503 { "1" } else { "" });
        let outcome = if status < 500 { "client_error" } else { "server_error" };
        assert_eq!(crate::calls(&service, outcome), 1.0);
    }
}

#[test]
fn an_unresolvable_aws_is_502_from_both() {
    let auxiliary = auxiliary("http://no-such-host.invalid");
    let service = start(auxiliary.public, &[]);
    let expected = r#"{"error":"AWS is unreachable for s3:ListBuckets","upstream":"auxiliary-service"}"#;
    assert_eq!(service.get("/s3-buckets").body, expected);
    assert_eq!(auxiliary.get("/s3-buckets").status, 502);
}

/// What the rung of the release ladder shows: an auxiliary service that finds itself in order breaks its caller.
#[test]
fn auxiliary_service_1_1_0_answers_200_and_its_caller_502() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ladder/auxiliary-service/1.1.0.yaml");
    for (rung, own, callers) in [(Some(file), 200, 502), (None, 200, 200)] {
        let mut variables = vec![("AWS_BACKEND", "embedded")];
        variables.extend(rung.map(|file| ("RELEASE_FAULTS_FILE", file)));
        let auxiliary = Service::start(binary("auxiliary-service"), &variables);
        let service = start(auxiliary.public, &[]);
        for path in ["/s3-buckets", "/parameters"] {
            assert_eq!((auxiliary.get(path).status, service.get(path).status), (own, callers), "{path}");
        }
    }
}
