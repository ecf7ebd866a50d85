//! TLS and HTTP/2 against a real nginx, whose own account has to agree.

use std::collections::BTreeSet;

use e2e::{Authority, Fault, Faulty, Nginx, Request, eventually};
use serde_json::json;

use crate::support::{Load, load, load_trusting};

const HUNDRED: [&str; 6] = ["--rate", "200/s", "--for", "500ms", "--connections", "4"];

/// With nginx, when it is installed.
fn with_nginx(words: &str, more: &str, test: impl FnOnce(&Nginx, &Authority)) {
    let Some(authority) = Authority::new() else { return };
    if let Some(nginx) = Nginx::start(&authority, words, more) {
        test(&nginx, &authority);
    }
}

fn https(nginx: &Nginx, arguments: &[&str]) -> Load {
    load(&format!("https://{}/", nginx.address), &[&HUNDRED, arguments].concat())
}

/// All hundred were answered, and nginx saw each number once, in this protocol.
fn all_answered(run: &Load, nginx: &Nginx, protocol: &str) -> Vec<Request> {
    let report = run.json();
    assert_eq!((&report["sent"], &report["lost"], run.code), (&json!(100), &json!(0), Some(0)), "{run:?}");
    assert_eq!(report["status"], json!({"200": 100}));
    eventually("nginx has written its account", || nginx.requests().len() >= 100);
    let requests = nginx.requests();
    let ids: BTreeSet<_> = requests.iter().map(|request| request.id.as_str()).collect();
    assert_eq!((requests.len(), ids.len()), (100, 100));
    assert!(requests.iter().all(|request| request.protocol == protocol), "{requests:?}");
    requests
}

fn connections(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.connection.as_str()).collect::<BTreeSet<_>>().len()
}

#[test]
fn https_keeps_its_connections_and_its_account() {
    with_nginx("ssl http2", "", |nginx, _| {
        let requests = all_answered(&https(nginx, &["--insecure"]), nginx, "HTTP/1.1");
        assert_eq!(connections(&requests), 4);
    });
}

#[test]
fn http2_is_negotiated_and_has_the_host_that_is_asked_for() {
    with_nginx("ssl http2", "", |nginx, _| {
        let run = https(nginx, &["-k", "--http2", "--header", "Host:shop.example.com"]);
        let requests = all_answered(&run, nginx, "HTTP/2.0");
        assert_eq!(connections(&requests), 4);
        assert!(requests.iter().all(|request| request.host == "shop.example.com"), "{requests:?}");
    });
}

#[test]
fn http2_needs_no_tls() {
    with_nginx("http2", "", |nginx, _| {
        let url = format!("http://{}/", nginx.address);
        all_answered(&load(&url, &[&HUNDRED[..], &["--http2"]].concat()), nginx, "HTTP/2.0");
    });
}

#[test]
fn a_body_is_sent_in_every_protocol() {
    let body = "x".repeat(20_000);
    for (arguments, protocol) in [(vec!["-k"], "HTTP/1.1"), (vec!["-k", "--http2"], "HTTP/2.0")] {
        // nginx itself answers before it has read the body: who is behind it has to say what came.
        let behind = Faulty::start(Fault::answer(200, "", "ok"));
        let pass = format!("location /body {{ proxy_pass http://{}; }}", behind.address);
        with_nginx("ssl http2", &pass, |nginx, _| {
            let url = format!("https://{}/body", nginx.address);
            let run = load(&url, &[&HUNDRED, &arguments[..], &["--body", &body]].concat());
            let requests = all_answered(&run, nginx, protocol);
            assert!(requests.iter().all(|request| request.method == "POST"), "{requests:?}");
            let bodies = behind.requests();
            assert_eq!(
                bodies.iter().filter(|request| request.ends_with(&format!("\r\n\r\n{body}"))).count(),
                100
            );
        });
    }
}

#[test]
fn new_connections_have_a_handshake_each() {
    for (arguments, protocol) in [(vec!["-k"], "HTTP/1.1"), (vec!["-k", "--http2"], "HTTP/2.0")] {
        with_nginx("ssl http2", "", |nginx, _| {
            let run = https(nginx, &[&arguments[..], &["--new-connections"]].concat());
            assert_eq!(connections(&all_answered(&run, nginx, protocol)), 100);
        });
    }
}

#[test]
fn connections_that_the_server_ends_lose_nothing() {
    for (arguments, protocol) in [(vec!["-k"], "HTTP/1.1"), (vec!["-k", "--http2"], "HTTP/2.0")] {
        with_nginx("ssl http2", "keepalive_requests 7;", |nginx, _| {
            let requests = all_answered(&https(nginx, &arguments), nginx, protocol);
            assert!(connections(&requests) >= 14, "{requests:?}");
        });
    }
    // Closed by a timer while they are idle: without a word in HTTP/1.1.
    for arguments in [vec!["-k"], vec!["-k", "--http2"]] {
        with_nginx("ssl http2", "keepalive_timeout 1s;", |nginx, _| {
            let slow = ["--rate", "0.7/s", "--for", "6s", "--connections", "1"];
            let run = load(&format!("https://{}/", nginx.address), &[&slow[..], &arguments].concat());
            assert_eq!((&run.json()["lost"], run.code), (&json!(0), Some(0)), "{run:?}");
        });
    }
}

#[test]
fn an_authority_can_be_trusted() {
    with_nginx("ssl http2", "", |nginx, authority| {
        let url = format!("https://localhost:{}/", nginx.address.port());
        all_answered(&load_trusting(&authority.file(), &url, &HUNDRED), nginx, "HTTP/1.1");
    });
}

#[test]
fn a_certificate_that_is_not_trusted_loses_every_request_and_is_told_once() {
    with_nginx("ssl", "", |nginx, authority| {
        let other = Authority::new().expect("openssl is there");
        // Of an authority that is not trusted, and for another name.
        for (file, host) in [(other.file(), "localhost"), (authority.file(), "127.0.0.1")] {
            let run = load_trusting(&file, &format!("https://{host}:{}/", nginx.address.port()), &HUNDRED);
            assert_eq!(run.json()["lost_reasons"], json!({"tls": 100}), "{run:?}");
            assert_eq!((run.code, run.stderr.lines().count()), (Some(1), 1), "{run:?}");
            assert!(run.stderr.starts_with("TLS: invalid peer certificate"), "{run:?}");
        }
        assert!(nginx.requests().is_empty());
    });
}

#[test]
fn a_server_without_http2_loses_every_request() {
    with_nginx("ssl", "", |nginx, _| {
        let run = https(nginx, &["-k", "--http2"]);
        assert_eq!((&run.json()["lost_reasons"], run.code), (&json!({"tls": 100}), Some(1)), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    });
}

#[test]
fn a_server_that_speaks_no_tls_loses_every_request() {
    with_nginx("", "", |nginx, _| {
        let run = https(nginx, &["-k"]);
        let report = run.json();
        assert_eq!(
            (&report["sent"], &report["lost"], run.code),
            (&json!(100), &json!(100), Some(1)),
            "{run:?}"
        );
        assert_eq!(report["lost_reasons"], json!({"tls": 100}), "{run:?}");
    });
}

#[test]
fn an_answer_before_the_end_of_the_body_leaves_no_request_unaccounted() {
    let file = format!("{}/large", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, vec![b'x'; 4 << 20]).unwrap();
    for arguments in [vec!["-k"], vec!["-k", "--http2"]] {
        with_nginx("ssl http2", "client_max_body_size 1k;", |nginx, _| {
            let few = ["--rate", "20/s", "--for", "500ms", "--timeout", "5s", "--body-file", &file];
            let run = load(&format!("https://{}/", nginx.address), &[&few[..], &arguments].concat());
            let report = run.json();
            let refused = report["status"]["413"].as_u64().unwrap_or(0);
            assert_eq!(refused + report["lost"].as_u64().unwrap(), 10, "{run:?}");
            assert!(report["lost_reasons"]["timeout"].is_null(), "{run:?}");
        });
    }
}
