//! The live traffic page, and what it relies on.

use e2e::eventually;

use super::hello;

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

#[test]
fn a_browser_gets_the_page_and_a_program_json() {
    let hello = hello(&[]);
    let (page, json) = (hello.send("GET", "/", &[BROWSER], ""), hello.get("/"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(json.header("content-type"), "application/json");
    for answer in [&page, &json] {
        assert_eq!((answer.header("vary"), answer.header("x-endpoint-path")), ("accept", "/"));
    }
    let head = hello.send("HEAD", "/", &[BROWSER], "");
    assert_eq!(head.header("content-length"), page.body.len().to_string());
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"));
}

#[test]
fn every_file_that_the_page_and_its_modules_name_is_served() {
    let hello = hello(&[]);
    let mut wanted = quoted(&hello.send("GET", "/", &[BROWSER], "").body, "page/");
    let mut seen = Vec::new();
    while let Some(name) = wanted.pop() {
        let file = hello.get(&format!("/page/{name}"));
        assert_eq!((file.status, file.header("x-content-type-options")), (200, "nosniff"), "{name}");
        wanted.extend(quoted(&file.body, "./").into_iter().filter(|name| !seen.contains(name)));
        seen.push(name);
    }
    assert!(seen.contains(&"clock.js".to_owned()), "{seen:?}");
    assert_eq!(hello.get("/page/none.js").status, 404);
}

/// What stands in double quotes after the prefix.
fn quoted(text: &str, prefix: &str) -> Vec<String> {
    let start = format!("\"{prefix}");
    let names = text.split(&start).skip(1);
    names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn every_answer_names_its_replica_and_ends_its_connection_when_asked_to() {
    let faults = std::env::temp_dir().join(format!("hello-page-{}.yaml", std::process::id()));
    std::fs::write(
        &faults,
        "rules:\n  - name: injected\n    match: { path: /success }\n    error: { rate: 1 }\n",
    )
    .unwrap();
    let hello = hello(&[("FAULTS_FILE", faults.to_str().unwrap()), ("WORK_SLEEP", "0")]);
    eventually("the rule is loaded", || hello.get("/success").header("x-fault") == "injected");
    // An injected failure that kept its connection would make a failing version sticky.
    for (path, status) in [("/success", 500), ("/fail", 500), ("/work", 200), ("/none", 404)] {
        let kept = hello.get(path);
        let closed = hello.get(&format!("{path}?connection=close"));
        assert_eq!((kept.status, kept.header("connection")), (status, ""), "{path}");
        assert_eq!((closed.status, closed.header("connection")), (status, "close"), "{path}");
        assert!(!closed.header("x-replica").is_empty(), "{path}");
    }
    std::fs::remove_file(faults).unwrap();
}
