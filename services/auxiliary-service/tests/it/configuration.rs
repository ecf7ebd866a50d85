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
        ("AWS_DEFAULT_REGION", "eu_west_1"),
        ("AWS_ENDPOINT_URL_S3", "s3.example.com"),
        ("AWS_ENDPOINT_URL_SSM", "ftp://ssm"),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_RETRY_MODE", "legacy"),
        ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "no"),
        ("AWS_CA_BUNDLE", "/no/such/file"),
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
fn a_bad_proxy_is_named_and_its_password_is_not_shown() {
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        for value in
            ["socks5://user:hunter2@proxy:1080", "http://user:hunter2@", "http://user:hunter2/@proxy:1"]
        {
            for name in [variable.to_owned(), variable.to_lowercase()] {
                let message = refused(&[(&name, value)]);
                let expected = format!("{variable}: must be the URL of an HTTP proxy");
                assert!(message.starts_with(&expected) && !message.contains("hunter2"), "{message}");
            }
        }
    }
}

#[test]
fn a_bundle_that_holds_no_certificates_is_refused() {
    let file = |name: &str, text: &[u8]| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let none = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bundle in
        [file("empty.pem", b""), file("none.pem", none), file("binary.pem", &[0, 159, 146]), "/".into()]
    {
        let message = refused(&[("AWS_CA_BUNDLE", &bundle)]);
        assert!(message.starts_with(&format!("AWS_CA_BUNDLE={bundle:?}: ")), "{message}");
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
