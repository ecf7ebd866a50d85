//! Configuration: a bad value ends the process at once, with one line.

use std::path::PathBuf;
use std::process::Command;

use crate::BINARY;

fn refused(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(BINARY);
    command.env_clear().env("HTTP_ADDR", "127.0.0.1:0").env("MANAGEMENT_ADDR", "127.0.0.1:0");
    let output = command.envs(variables.iter().copied()).output().expect("the binary starts");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{variables:?}: {message}");
    message
}

#[test]
fn a_bad_value_is_named_with_its_variable() {
    for (variable, value) in [
        ("AWS_BACKEND", "azure"),
        ("AWS_REGION", "eu west 1"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "http://user:password@localhost:4566"),
        ("AWS_ENDPOINT_URL", "http://localhost:99999"),
        ("AWS_TIMEOUT_SEC", "0"),
        ("AWS_PAGE_SIZE", "0"),
        ("AWS_PAGE_SIZE", "many"),
        ("PARAMETER_PREFIX", "relative/"),
        ("PARAMETER_PREFIX", "/a/../b/"),
        ("ALLOW_SECURE_PARAMETERS", "yes"),
    ] {
        let message = refused(&[(variable, value)]);
        assert!(message.starts_with(&format!("{variable}={value:?}: ")), "{message}");
    }
}

#[test]
fn an_environment_that_makes_no_prefix_is_refused() {
    let message = refused(&[("ENVIRONMENT", "a/../production")]);
    assert!(message.starts_with("PARAMETER_PREFIX=\"/flotilla/a/../production/\": "), "{message}");
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("broken.yaml");
    std::fs::write(&path, "buckets: {\n").unwrap();
    for file in [path.to_str().unwrap(), "/no/such/file"] {
        let message = refused(&[("AWS_BACKEND", "embedded"), ("EMBEDDED_AWS_FILE", file)]);
        assert!(message.starts_with(&format!("EMBEDDED_AWS_FILE={file:?}: ")), "{message}");
    }
}
