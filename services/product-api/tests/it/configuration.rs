//! Its own variables.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::{api, start};

/// What the binary says when it refuses to start.
fn refused(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_product-api"));
    let output = command.env_clear().envs(variables.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{variables:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn without_any_it_runs_in_memory_and_without_a_cache() {
    let service = api(&[]);
    let body = service.get("/ready").body;
    assert!(body.ends_with(r#""environment":"local","redis":"disabled","database":"connected"}"#), "{body}");
    assert_eq!(service.get("/products").json()["count"], 10);
    // Each has its own.
    let other = api(&[]);
    other.send("DELETE", "/products/1", &[], "");
    assert_eq!(service.get("/products/1").status, 200);
}

#[test]
fn what_is_in_memory_survives_a_pause_of_the_process() {
    let service = api(&[]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    service.get("/products?limit=200");
                }
            });
        }
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(100));
            service.signal(Signal::STOP);
            // Longer than any query may take.
            thread::sleep(Duration::from_millis(2_300));
            service.signal(Signal::CONT);
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(service.get("/products").json()["count"], 10);
}

#[test]
fn a_bad_value_is_refused_in_one_line_that_shows_no_secret() {
    for (variable, value) in [
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("REDIS_URL", "http://hunter2@host"),
        ("REDIS_URL", "redis://:p@ss/hunter2#rd%@host"),
        ("REDIS_URL", "rediss://:hunter2@one:6379,two:6379"),
        ("REDIS_TLS", "yes"),
        ("REDIS_PORT", "hunter2"),
        ("CACHE_TTL", "-1"),
        ("CACHE_TTL", "forever"),
        ("BALLAST", "much"),
        ("BALLAST", "9000000G"),
    ] {
        let line = refused(&[(variable, value)]);
        assert!(line.starts_with(variable) && line.lines().count() == 1, "{line}");
        assert!(variable == "REDIS_PORT" || !line.contains("hunter2"), "{line}");
    }
}

#[test]
fn a_url_says_what_is_wrong_with_it_and_an_error_names_the_host() {
    for (url, said) in [
        ("postgres://user:p@ss/w#rd%@127.0.0.1:5432/db", "must be percent-encoded: % as %25, / as %2F"),
        ("postgres://user:hunter2@a:5432,b:5432/db", "names several hosts, \"a:5432,b:5432\""),
    ] {
        let line = refused(&[("DATABASE_URL", url)]);
        assert!(line.starts_with("DATABASE_URL: ") && line.contains(said), "{line}");
        assert!(!line.contains("hunter2") && !line.contains("rd%") && line.lines().count() == 1, "{line}");
    }
    // Nobody listens on it; the line end belongs to the file of the secret.
    let service = start(&[("DATABASE_URL", "postgres://user:hunter2@127.0.0.1:9/db\n")]);
    e2e::eventually("it names the host", || {
        let body = service.manage("GET", "/readyz?verbose", &[], "").body;
        assert!(!body.contains("hunter2"), "{body}");
        body.contains("[-]database no connection to 127.0.0.1:9 (DATABASE_URL)")
    });
}

#[test]
fn what_is_said_about_the_certificate_of_redis_has_to_make_sense() {
    let (tls, plain) = (("REDIS_URL", "rediss://host"), ("REDIS_URL", "redis://host"));
    for (variables, line) in [
        ([plain, ("REDIS_TLS", "true")], "REDIS_TLS=\"true\": REDIS_URL has to begin with rediss:// then\n"),
        ([plain, ("REDIS_CA_FILE", "ca.pem")], "REDIS_CA_FILE=\"ca.pem\": is for REDIS_TLS=true, or"),
        ([tls, ("REDIS_CA_FILE", "/none/ca.pem")], "REDIS_CA_FILE=\"/none/ca.pem\": No such file"),
        (
            [tls, ("REDIS_CA_FILE", "/dev/null")],
            "REDIS_CA_FILE=\"/dev/null\": must hold certificates in PEM\n",
        ),
    ] {
        assert!(refused(&variables).starts_with(line), "{}", refused(&variables));
    }
}

#[test]
fn ballast_is_resident_from_the_start() {
    let without = start(&[]).resident_bytes();
    let with = start(&[("BALLAST", "64Mi")]).resident_bytes();
    assert!(with.abs_diff(without + (64 << 20)) < 8 << 20, "{without} and {with}");
}

#[test]
fn the_series_of_documented_answers_exist_from_the_start() {
    let service = api(&[]);
    for (method, path, status) in [
        ("GET", "/products", "200"),
        ("POST", "/products", "201"),
        ("PUT", "/products/{id}", "200"),
        ("DELETE", "/products/{id}", "204"),
        ("GET", "/products/{id}", "503"),
    ] {
        let labels = [("method", method), ("path", path), ("status", status)];
        let has = |name: &str| service.metrics().iter().any(|series| series.is(name, &labels));
        assert!(has("http_requests_total"), "{labels:?}");
    }
}
