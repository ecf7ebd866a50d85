//! What a client gets wrong: a 4xx with one sentence, the same on both databases, and nothing is changed.

use e2e::{Service, raw};
use serde_json::json;

use crate::stores::{Store, on_both};
use crate::{error, send};

on_both! {
    what_is_no_id_is_400,
    what_is_no_page_is_400,
    a_product_that_breaks_a_limit_is_400,
    a_body_that_is_no_json_is_400,
    a_body_of_another_type_is_415,
    a_body_that_is_too_large_is_413,
    an_if_match_that_is_no_list_of_tags_is_400,
    what_is_certain_from_the_head_is_answered_without_asking_for_the_body,
    unknown_paths_and_methods_are_refused,
}

fn unchanged(api: &Service) {
    let products = api.get("/products").json();
    assert_eq!((&products["count"], &products["data"][0]["stock"]), (&json!(10), &json!(12)));
}

fn what_is_no_id_is_400(store: &Store) {
    let api = store.api();
    let long = "9".repeat(4_000);
    for id in [
        "1abc",
        "0",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "%20",
        "%201",
        "9223372036854775808",
        "%00",
        "1%00",
        "%ff",
        "null",
        "'",
        &long,
        "\u{661}",
    ] {
        let encoded = if id.is_ascii() { id.to_owned() } else { "%D9%A1".to_owned() };
        for (method, body) in [("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
            let answer = send(&api, method, &format!("/products/{encoded}"), body);
            assert_eq!(
                (answer.status, error(&answer).as_str()),
                (400, "Invalid product ID"),
                "{method} {id}"
            );
        }
    }
    assert_eq!(api.get("/products/9223372036854775807").status, 404);
    unchanged(&api);
}

fn what_is_no_page_is_400(store: &Store) {
    let api = store.api();
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=abc",
        "limit=1.5",
        "limit=",
        "limit=99999999999999999999",
        "limit=1&limit=2",
        "after=-1",
        "after=x",
        "after=9223372036854775808",
        "category=%00",
        "category=%0A",
        "category=a&category=b",
    ] {
        let answer = api.get(&format!("/products?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
        error(&answer);
    }
    assert_eq!(api.get(&format!("/products?category={}", "x".repeat(65))).status, 400);
    assert_eq!(api.get("/products?unknown=1&category=%ff").status, 200);
}

fn a_product_that_breaks_a_limit_is_400(store: &Store) {
    let api = store.api();
    let required = "name, price, and category are required";
    let price = "price must be a positive number";
    let stock = "stock must be a non-negative integer";
    let long = "x".repeat(10_000);
    let product = |more: &str| format!(r#"{{"name":"a","price":1,"category":"b",{more}}}"#);
    for (body, message) in [
        ("{}".to_owned(), required),
        (r#"{"name":"","price":1,"category":"b"}"#.to_owned(), required),
        (r#"{"name":"a","category":"b"}"#.to_owned(), required),
        (r#"{"name":"a","price":null,"category":"b"}"#.to_owned(), required),
        (r#"{"name":"a","price":1,"category":""}"#.to_owned(), required),
        (r#"{"name":1,"price":1,"category":"b"}"#.to_owned(), "name must be a string"),
        (r#"{"name":"a","price":1,"category":["b"]}"#.to_owned(), "category must be a string"),
        (format!(r#"{{"name":"{long}","price":1,"category":"b"}}"#), "name must be at most 200 characters"),
        (
            format!(r#"{{"name":"a","price":1,"category":"{long}"}}"#),
            "category must be at most 64 characters",
        ),
        (product(r#""description":null"#), "description must be a string"),
        (product(&format!(r#""description":"{long}""#)), "description must be at most 2000 characters"),
        (product(r#""description":"\u0000""#), "description must not contain control characters"),
        (
            r#"{"name":"a\u001bb","price":1,"category":"b"}"#.to_owned(),
            "name must not contain control characters",
        ),
        (product(r#""stock":-1"#), stock),
        (product(r#""stock":1.5"#), stock),
        (product(r#""stock":"1""#), stock),
        (product(r#""stock":null"#), stock),
        (product(r#""stock":1e30"#), "stock must be at most 9007199254740991"),
    ] {
        let answer = send(&api, "POST", "/products", &body);
        assert_eq!((answer.status, error(&answer).as_str()), (400, message), "{body}");
    }
    for (value, message) in [
        ("0", price),
        ("-1", price),
        ("-0", price),
        ("\"1\"", price),
        ("true", price),
        ("{}", price),
        ("1.001", "price must have at most two decimals"),
        ("1e-400", "price must have at most two decimals"),
        ("1e400", "price must be at most 9999999999.99"),
        ("10000000000", "price must be at most 9999999999.99"),
        ("123456789012345678901234567890", "price must be at most 9999999999.99"),
    ] {
        let created =
            send(&api, "POST", "/products", &format!(r#"{{"name":"a","price":{value},"category":"b"}}"#));
        let updated = send(&api, "PUT", "/products/1", &format!(r#"{{"price":{value}}}"#));
        for answer in [created, updated] {
            assert_eq!((answer.status, error(&answer).as_str()), (400, message), "{value}");
        }
    }
    unchanged(&api);
}

fn a_body_that_is_no_json_is_400(store: &Store) {
    let api = store.api();
    let nested = "[".repeat(100_000);
    for body in [
        "",
        "x",
        "{",
        r#"{"name":"a""#,
        "[]",
        "null",
        "1",
        "\"a\"",
        r#"{"name":"a","price":NaN,"category":"b"}"#,
        r#"{"name":"a","price":01,"category":"b"}"#,
        r#"{"name":"a","price":.5,"category":"b"}"#,
        r#"{"name":"a","price":+1,"category":"b"}"#,
        "{'name':'a'}",
        "{} {}",
        "\u{feff}{}",
        &nested,
    ] {
        for (method, path) in [("POST", "/products"), ("PUT", "/products/1")] {
            let answer = send(&api, method, path, body);
            assert_eq!(answer.status, 400, "{method} {body}: {}", answer.body);
            error(&answer);
        }
    }
    let head =
        "POST /products HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let invalid = [head.as_bytes(), b"content-length: 2\r\n\r\n\xff\xfe"].concat();
    assert!(raw(api.public, &invalid).starts_with("HTTP/1.1 400 "));
    unchanged(&api);
}

fn a_body_of_another_type_is_415(store: &Store) {
    let api = store.api();
    let body = r#"{"name":"a","price":1,"category":"b"}"#;
    for headers in
        [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/x-www-form-urlencoded")]]
    {
        let answer = api.send("POST", "/products", headers, body);
        assert_eq!(answer.status, 415);
        error(&answer);
    }
    let charset = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(api.send("POST", "/products", &charset, body).status, 201);
}

fn a_body_that_is_too_large_is_413(store: &Store) {
    let api = store.api();
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(2 << 20));
    let head =
        "POST /products HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let declared = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    // Without a length it is found out on the way.
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for request in [declared, chunked] {
        let answer = raw(api.public, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains(r#"{"error":"#), "{answer}");
    }
    unchanged(&api);
}

fn an_if_match_that_is_no_list_of_tags_is_400(store: &Store) {
    let api = store.api();
    let json = ("content-type", "application/json");
    for tags in ["*, \"1\"", "\"1\", *", "1", "\"1", "\"1\" \"2\"", "W/1"] {
        for (method, body) in [("PUT", r#"{"stock":1}"#), ("DELETE", "")] {
            let answer = api.send(method, "/products/1", &[json, ("if-match", tags)], body);
            assert_eq!(answer.status, 400, "{method} {tags}: {}", answer.body);
            assert!(error(&answer).starts_with("If-Match must be"), "{}", answer.body);
        }
    }
    // Well written, and no version of this product.
    for tags in ["W/\"1\"", "\"other,one\"", "\"\""] {
        let answer = api.send("PUT", "/products/1", &[json, ("if-match", tags)], r#"{"stock":1}"#);
        assert_eq!(answer.status, 412, "{tags}: {}", answer.body);
    }
    unchanged(&api);
}

fn what_is_certain_from_the_head_is_answered_without_asking_for_the_body(store: &Store) {
    let api = store.api();
    for (line, headers, status) in [
        ("PUT /products/x", "content-type: application/json", 400),
        ("PUT /products/1", "content-type: application/json\r\nif-match: 1", 400),
        ("PUT /products/1", "content-type: text/plain", 415),
        ("POST /products", "content-type: application/json\r\ncontent-encoding: gzip", 415),
    ] {
        let head = format!(
            "{line} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n{headers}\r\ncontent-length: 9\r\n\r\n"
        );
        let answer = raw(api.public, head.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}{answer}");
    }
}

fn unknown_paths_and_methods_are_refused(store: &Store) {
    let api = store.api();
    for path in ["/product", "/products/", "/products/1/reviews"] {
        let answer = api.get(path);
        assert_eq!((answer.status, error(&answer).as_str()), (404, "not found"), "{path}");
    }
    for (method, path) in [("DELETE", "/products"), ("PATCH", "/products/1"), ("POST", "/products/1")] {
        let answer = api.send(method, path, &[], "");
        assert_eq!((answer.status, error(&answer).as_str()), (405, "method not allowed"), "{method} {path}");
        assert!(answer.header("allow").contains("GET"));
    }
}
