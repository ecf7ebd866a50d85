//! Configuration: a bad value ends the process at once, with one line.

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
fn the_upstreams_url_is_required() {
    let message = refused(&[]);
    assert!(message.starts_with("AUXILIARY_SERVICE_URL: must be set"), "{message}");
}

#[test]
fn a_bad_value_is_named_with_its_variable() {
    for (variable, value) in [
        ("AUXILIARY_SERVICE_URL", "auxiliary-service:8001"),
        ("AUXILIARY_SERVICE_URL", "https://auxiliary-service"),
        ("AUXILIARY_SERVICE_URL", "http://"),
        ("UPSTREAM_TIMEOUT_SEC", "0"),
        ("UPSTREAM_TIMEOUT_SEC", "soon"),
        ("UPSTREAM_MAX_IN_FLIGHT", "0"),
        ("UPSTREAM_MAX_BODY_BYTES", "much"),
    ] {
        let message = refused(&[("AUXILIARY_SERVICE_URL", "http://a"), (variable, value)]);
        assert!(message.starts_with(&format!("{variable}={value:?}: ")), "{message}");
    }
}
