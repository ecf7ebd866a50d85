//! The page and what it loads.

use super::storefront;

/// Nothing of the page needs an upstream.
const NOBODY: &str = "http://127.0.0.1:9";

#[test]
fn everything_that_the_page_names_is_served_with_a_strict_policy() {
    let storefront = storefront(NOBODY, &[]);
    let page = storefront.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let mut wanted: Vec<String> = quoted(&page.body, "assets/");
    assert!(wanted.len() >= 3, "{wanted:?}");
    let mut seen = Vec::new();
    while let Some(name) = wanted.pop() {
        let file = storefront.get(&format!("/assets/{name}"));
        assert_eq!(file.status, 200, "{name}");
        for answer in [&page, &file] {
            let policy = answer.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe")
            );
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
        wanted.extend(quoted(&file.body, "./").into_iter().filter(|name| !seen.contains(name)));
        seen.push(name);
    }
    assert!(seen.contains(&"api.js".to_owned()), "the modules that modules import are followed: {seen:?}");
}

/// What stands in double quotes after the prefix.
fn quoted(text: &str, prefix: &str) -> Vec<String> {
    let start = format!("\"{prefix}");
    let names = text.split(&start).skip(1);
    names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn head_tells_what_get_would() {
    let storefront = storefront(NOBODY, &[]);
    for path in ["/", "/assets/page.js"] {
        let (get, head) = (storefront.get(path), storefront.send("HEAD", path, &[], ""));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
    }
}

#[test]
fn an_unknown_file_is_404_and_another_method_405() {
    let storefront = storefront(NOBODY, &[]);
    for name in ["none.js", "%ff", "%00", "..%2fpage.html", "page.html"] {
        let answer = storefront.get(&format!("/assets/{name}"));
        assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"error":"not found"}"#), "{name}");
    }
    for path in ["/", "/assets/page.js"] {
        let answer = storefront.send("POST", path, &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"), "{path}");
    }
}

#[test]
fn a_fault_on_everything_leaves_the_files_alone() {
    let file = std::env::temp_dir().join(format!("storefront-faults-{}.yaml", std::process::id()));
    std::fs::write(&file, "rules:\n  - name: all\n    error: { rate: 1 }\n").unwrap();
    let storefront = storefront(NOBODY, &[("FAULTS_FILE", file.to_str().unwrap())]);
    e2e::eventually("the rule is loaded", || storefront.get("/").header("x-fault") == "all");
    assert_eq!(storefront.get("/assets/page.css").status, 200);
    std::fs::remove_file(file).unwrap();
}
