//! What is sent: method, headers and body.

use crate::support::{Call, Load, Reply, Server, load};

/// Ten requests.
const TEN: [&str; 4] = ["--rate", "100/s", "--for", "100ms"];

fn sent(arguments: &[&str]) -> (Load, Vec<Call>) {
    let server = Server::start(|_| Reply::ok());
    let run = load(&server.url(), &[&TEN, arguments].concat());
    assert_eq!((run.code, server.calls().len()), (Some(0), 10), "{run:?}");
    (run, server.calls())
}

#[test]
fn headers_are_sent_with_every_request() {
    let (_, calls) = sent(&["--header", "Authorization: Bearer a:b", "-H", "x-many:1", "-H", "x-many:2"]);
    for call in calls {
        assert_eq!(call.header("authorization"), Some("Bearer a:b"));
        assert!(call.head.contains("x-many: 1\r\nx-many: 2\r\n"), "{}", call.head);
    }
}

#[test]
fn host_and_user_agent_are_replaced_and_not_doubled() {
    let (_, calls) = sent(&["-H", "Host: shop.example.com", "-H", "user-agent: probe/1"]);
    for call in calls {
        assert_eq!(
            (call.header("host"), call.header("user-agent")),
            (Some("shop.example.com"), Some("probe/1"))
        );
        assert_eq!(call.head.matches("host: ").count() + call.head.matches("user-agent: ").count(), 2);
    }
}

#[test]
fn a_body_is_posted_with_its_length() {
    let (_, calls) = sent(&["--body", r#"{"name":"ü"}"#, "-H", "content-type:application/json"]);
    for call in calls {
        assert!(call.head.starts_with("POST / HTTP/1.1\r\n"), "{}", call.head);
        assert_eq!((call.body.as_str(), call.header("content-length")), (r#"{"name":"ü"}"#, Some("13")));
        assert_eq!(call.header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_method_stays_with_a_body_from_a_file() {
    let file = format!("{}/body", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, "from a file\n").unwrap();
    let (_, calls) = sent(&["--method", "PUT", "--body-file", &file]);
    assert!(calls.iter().all(|call| call.head.starts_with("PUT ") && call.body == "from a file\n"));
}

#[test]
fn without_a_body_there_is_none() {
    let (_, calls) = sent(&[]);
    assert!(
        calls.iter().all(|call| call.head.starts_with("GET ") && call.header("content-length").is_none())
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    for (arguments, named) in [
        (vec!["--header", "no-colon"], "--header"),
        (vec!["--header", "a b:c"], "--header"),
        (vec!["--header", "x:a\nb"], "--header"),
        (vec!["--header", "content-length:1"], "content-length cannot be set"),
        (vec!["--header", "connection:close"], "--new-connections"),
        (vec!["--header", "x-request-id:1"], "x-request-id cannot be set"),
        (vec!["--header", "host:a/b"], "Host must be a host"),
        (vec!["--header", "host:a", "--header", "host:b"], "a request has one Host"),
        (vec!["--body", "a", "--body-file", "b"], "--body"),
        (vec!["--body-file", "/no/such/file"], "/no/such/file"),
        (vec!["--body-file", "/"], "--body-file"),
    ] {
        let run = load("http://127.0.0.1:1/", &arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.stderr.contains(named), "{run:?}");
    }
}
