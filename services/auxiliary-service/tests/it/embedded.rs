//! The embedded backend.

use std::path::PathBuf;

use e2e::{Answer, Service};

use crate::{BINARY, calls, names};

fn start(more: &[(&str, &str)]) -> Service {
    let mut variables = vec![("AWS_BACKEND", "embedded")];
    variables.extend(more);
    Service::start(BINARY, &variables)
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the directory is there");
    path
}

#[test]
fn the_sample_is_below_the_prefix_of_its_environment() {
    let service = start(&[("ENVIRONMENT", "qa")]);
    let listed = names(&service, "/parameters", "parameters");
    assert!(!listed.is_empty() && listed.iter().all(|name| name.starts_with("/flotilla/qa/")), "{listed:?}");
    assert_eq!(service.get("/parameter/database/port").json()["value"], "5432");
    assert_eq!(service.get("/parameter/database/password").status, 403);
    assert!(!names(&service, "/s3-buckets", "buckets").is_empty());
}

#[test]
fn every_answer_says_that_it_is_embedded() {
    let service = start(&[]);
    let is_embedded = |answer: &Answer| answer.header("x-backend") == "embedded";
    for path in ["/s3-buckets", "/parameters", "/parameter/greeting", "/parameter/no-such", "/parameter/.."] {
        assert!(is_embedded(&service.get(path)), "{path}");
    }
}

#[test]
fn a_file_in_yaml_takes_the_place_of_the_sample() {
    let text = "buckets: [b, a]\nparameters:\n  /flotilla/local/port: \"5432\"\n  /flotilla/production/key: other\n  \
                /flotilla/local/key: {value: hidden, type: SecureString}\n";
    let path = file("data.yaml", text);
    let service = start(&[("EMBEDDED_AWS_FILE", path.to_str().unwrap())]);
    assert_eq!(names(&service, "/s3-buckets", "buckets"), ["a", "b"]);
    let listed = names(&service, "/parameters", "parameters");
    assert_eq!(listed, ["/flotilla/local/key", "/flotilla/local/port"]);
    assert_eq!(service.get("/parameter/port").json()["value"], "5432");
    assert_eq!(service.get("/parameter/key").status, 403);
    assert_eq!(service.get("/parameter/../production/key").status, 400);
}

#[test]
fn a_file_in_json_is_read_too() {
    let path =
        file("data.json", r#"{"parameters": {"/flotilla/local/a": {"value": "1,2", "type": "StringList"}}}"#);
    let service = start(&[("EMBEDDED_AWS_FILE", path.to_str().unwrap())]);
    assert_eq!(service.get("/parameter/a").json()["value"], "1,2");
    assert!(names(&service, "/s3-buckets", "buckets").is_empty());
}

#[test]
fn its_calls_are_recorded_and_aws_is_no_check() {
    let service = start(&[]);
    service.get("/parameter/greeting");
    service.get("/parameter/no-such");
    assert_eq!(
        (calls(&service, "GetParameter", "ok"), calls(&service, "GetParameter", "not_found")),
        (1.0, 1.0)
    );
    assert!(!service.manage("GET", "/readyz?verbose", &[], "").body.contains("aws"));
}
