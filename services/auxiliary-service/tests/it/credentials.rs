//! The SDK's chain of credentials, as far as it can be seen from outside.

use std::time::{Duration, Instant};

use e2e::{Aws, Fault, Faulty, Service};

use crate::{BINARY, calls};

/// The service without any credentials but those that the variables lead to.
fn start(endpoint: &str, more: &[(&str, &str)]) -> Service {
    let mut variables = vec![("AWS_ENDPOINT_URL", endpoint), ("AWS_EC2_METADATA_DISABLED", "true")];
    variables.extend(more);
    Service::start(BINARY, &variables)
}

#[test]
fn without_credentials_a_request_is_502_and_nothing_is_sent() {
    let aws = Faulty::start(Fault::hang());
    let service = start(&format!("http://{}", aws.address), &[]);
    let answer = service.get("/s3-buckets");
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (502, r#"{"error":"no AWS credentials for s3:ListBuckets"}"#)
    );
    assert_eq!(calls(&service, "ListBuckets", "error"), 1.0);
    assert_eq!(service.metric("aws_request_attempts_total", &[]), 0.0);
    assert!(aws.requests().is_empty());
}

#[test]
fn a_metadata_service_that_hangs_means_no_credentials_before_the_deadline() {
    let metadata = Faulty::start(Fault::hang());
    let url = format!("http://{}", metadata.address);
    let more = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    let service = start("http://127.0.0.1:1", &more);
    let started = Instant::now();
    let answer = service.get("/parameters");
    assert_eq!(answer.body, r#"{"error":"no AWS credentials for ssm:DescribeParameters"}"#);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(!metadata.requests().is_empty());
}

#[test]
fn the_credentials_of_a_container_are_used() {
    let Some(aws) = Aws::ministack() else { return };
    let body = r#"{"AccessKeyId":"AKIACONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
    let container = Faulty::start(Fault::answer(200, "content-type: application/json\r\n", body));
    let relay = Faulty::start(Fault::Relay(aws.address));
    let url = format!("http://{}/credentials", container.address);
    let more = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str())];
    let service = start(&format!("http://{}", relay.address), &more);
    assert_eq!(service.get("/parameter/list").status, 200);
    assert!(relay.requests()[0].contains("Credential=AKIACONTAINER/"), "{:?}", relay.requests());
}

#[test]
fn a_web_identity_is_exchanged_for_the_credentials_of_its_role() {
    let Some(aws) = Aws::ministack() else { return };
    let token = format!("{}/token", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&token, "a.b.c").unwrap();
    let relay = Faulty::start(Fault::Relay(aws.address));
    let more = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/reader"),
    ];
    let service = start(&format!("http://{}", relay.address), &more);
    assert_eq!(service.get("/parameter/list").status, 200);
    assert!(relay.requests()[0].contains("Action=AssumeRoleWithWebIdentity"), "{:?}", relay.requests());
}

#[test]
fn a_profile_is_read() {
    let Some(aws) = Aws::ministack() else { return };
    let file = format!("{}/credentials", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, "[staging]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n").unwrap();
    let relay = Faulty::start(Fault::Relay(aws.address));
    let more = [("AWS_SHARED_CREDENTIALS_FILE", file.as_str()), ("AWS_PROFILE", "staging")];
    let service = start(&format!("http://{}", relay.address), &more);
    assert_eq!(service.get("/parameter/list").status, 200);
    assert!(relay.requests()[0].contains("Credential=AKIAPROFILE/"), "{:?}", relay.requests());
}
