//! Single parameters: what is read, and what never is.

use e2e::{Aws, raw};

use crate::start;

#[test]
fn values_come_back_to_the_letter() {
    let Some(aws) = Aws::ministack() else { return };
    let service = start(&aws.url, &[("SERVICE_VERSION", "7")]);
    for (path, value) in [
        ("/parameter/database/host-name.v1_x", "slashes dots dashes"),
        ("/parameter/database%2Fhost-name%2Ev1_x", "slashes dots dashes"),
        ("/parameter/list", "a,b,c"),
        ("/parameter/large", &"x".repeat(4_096)),
        ("/parameter/unicode", "grüße ☃"),
        ("/parameter/empty", ""),
    ] {
        let expected = format!(r#"{{"auxiliary_service_version":"7","value":"{value}"}}"#);
        assert_eq!(service.get(path).body, expected, "{path}");
    }
}

#[test]
fn one_that_is_not_there_is_404_and_named() {
    let Some(aws) = Aws::ministack() else { return };
    let answer = start(&aws.url, &[]).get("/parameter/no/such");
    assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"error":"Parameter no/such not found"}"#));
}

#[test]
fn a_secure_one_is_403_unless_allowed() {
    let Some(aws) = Aws::ministack() else { return };
    let refused = start(&aws.url, &[]).get("/parameter/secret");
    assert_eq!(refused.status, 403);
    assert!(refused.json()["error"].as_str().unwrap().contains("ALLOW_SECURE_PARAMETERS"));
    let allowed = start(&aws.url, &[("ALLOW_SECURE_PARAMETERS", "true")]).get("/parameter/secret");
    assert_eq!(allowed.json()["value"], "correct horse battery staple");
}

#[test]
fn no_spelling_of_a_name_leaves_the_prefix() {
    let Some(aws) = Aws::ministack() else { return };
    let service = start(&aws.url, &[]);
    let long = "x".repeat(3_000);
    for name in [
        "../production/key-001",
        "%2e%2e/production/key-001",
        "..%2Fproduction%2Fkey-001",
        "a/../../production/key-001",
        "/flotilla/production/key-001",
        "%2Fflotilla%2Fproduction%2Fkey-001",
        "//key",
        "database//host",
        "..",
        ".",
        "%2e%2e",
        "plain-key-003%00",
        "key-0001:1",
        "key-0001%20",
        "%C3%BC",
        "%ff",
        "%zz",
        "a%3Fb",
        "a%23b",
        "",
        "arn:aws:ssm:eu-west-1:000000000000:parameter/other/key-002",
        "key-0001/",
        &long,
    ] {
        let request = format!("GET /parameter/{name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = raw(service.public, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        assert!(
            answer.contains("content-type: application/json") && !answer.contains("value of"),
            "{name}: {answer}"
        );
    }
    assert_eq!(service.metric("aws_requests_total", &[]), 0.0, "none of them is asked for");
}

#[test]
fn production_cannot_read_what_dev_can() {
    let Some(aws) = Aws::ministack() else { return };
    let production = start(&aws.url, &[("ENVIRONMENT", "production")]);
    assert_eq!(production.get("/parameter/key-0001").status, 404);
    assert_eq!(start(&aws.url, &[]).get("/parameter/key-0001").status, 200);
}
