//! No secret is in a log line at any level.

use e2e::{Aws, Fault, Faulty};

use crate::start;

pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI-a-secret-key";
pub(crate) const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEJr-a-session-token";

/// Every kind of answer, with everything logged that can be.
fn lines(endpoint: &str, more: &[(&str, &str)]) -> Vec<String> {
    let mut variables = vec![("LOG_LEVEL", "trace"), ("ALLOW_SECURE_PARAMETERS", "true")];
    variables.extend(more);
    let service = start(endpoint, &variables);
    for path in
        ["/s3-buckets", "/parameters", "/parameter/secret", "/parameter/unicode", "/parameter/no-such"]
    {
        service.get(path);
    }
    e2e::eventually("every request is logged", || {
        service.log().iter().filter(|line| line.contains(r#""route":"#)).count() >= 5
    });
    service.log()
}

fn assert_none_holds(lines: &[String], secrets: &[&str]) {
    for (line, secret) in lines.iter().flat_map(|line| secrets.iter().map(move |secret| (line, secret))) {
        assert!(!line.contains(secret), "{secret}: {line}");
    }
}

#[test]
fn neither_credentials_nor_values_are_logged_at_trace() {
    let Some(aws) = Aws::ministack() else { return };
    let secrets = [SECRET_KEY, SESSION_TOKEN, "correct horse", "grüße"];
    assert_none_holds(&lines(&aws.url, &[]), &secrets);
}

#[test]
fn what_a_broken_answer_holds_is_not_logged() {
    let aws = Faulty::start(Fault::answer(200, "", r#"{"Parameter":{"Value":"correct horse","Type":7"#));
    let lines = lines(&format!("http://{}", aws.address), &[]);
    assert_none_holds(&lines, &[SECRET_KEY, SESSION_TOKEN, "correct horse"]);
    assert!(lines.iter().any(|line| line.contains("AWS failed ssm:GetParameter")));
}

#[test]
fn credentials_that_a_container_serves_are_not_logged_when_they_cannot_be_read() {
    let body =
        r#"{"AccessKeyId":"AKIA","SecretAccessKey":"served-secret","Token":"served-token","Expiration":7}"#;
    let container = Faulty::start(Fault::answer(200, "content-type: application/json\r\n", body));
    let url = format!("http://{}/credentials", container.address);
    let more = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
    ];
    let lines = lines("http://127.0.0.1:1", &more);
    assert!(!container.requests().is_empty());
    assert_none_holds(&lines, &["served-secret", "served-token"]);
}
