//! What is below `/api` is product-api's, to the letter.

use serde_json::json;

use super::shop;

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn an_answer_is_product_apis_and_says_both_versions() {
    let (storefront, api) = shop();
    let (through, direct) = (storefront.get("/api/products/1"), api.get("/products/1"));
    assert_eq!((through.status, through.json()["name"].clone()), (200, direct.json()["name"].clone()));
    assert_eq!(through.header("etag"), direct.header("etag"));
    assert_eq!(through.header("content-type"), "application/json");
    assert_eq!((through.header("x-version"), through.header("x-upstream-version")), ("1.1.1", "7.7.7"));
    assert!(through.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(through.header("x-content-type-options"), "nosniff");
}

#[test]
fn a_query_goes_on() {
    let (storefront, _api) = shop();
    let page = storefront.get("/api/products?limit=3&after=2").json();
    let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|product| product["id"].clone()).collect();
    assert_eq!(ids, [3, 4, 5]);
}

#[test]
fn a_product_can_be_added_changed_and_deleted() {
    let (storefront, _api) = shop();
    let body =
        json!({"name": "Sou'wester ⚓", "price": 9_999_999_999.99, "category": "Clothing"}).to_string();
    let added = storefront.send("POST", "/api/products", &[JSON], &body);
    assert_eq!((added.status, added.header("location")), (201, "./products/11"), "{}", added.body);
    let etag = storefront.get("/api/products/11").header("etag").to_owned();
    let matching = [JSON, ("if-match", etag.as_str())];
    let changed = storefront.send("PUT", "/api/products/11", &matching, r#"{"stock":5}"#);
    assert_eq!((changed.status, &changed.json()["stock"]), (200, &json!(5)));
    let stale = storefront.send("PUT", "/api/products/11", &matching, r#"{"stock":6}"#);
    assert_eq!((stale.status, &storefront.get("/api/products/11").json()["stock"]), (412, &json!(5)));
    assert_eq!(storefront.send("DELETE", "/api/products/11", &[], "").status, 204);
    assert_eq!(storefront.get("/api/products/11").status, 404);
}

#[test]
fn a_clients_mistake_stays_one_in_product_apis_words() {
    let (storefront, api) = shop();
    for (method, path, headers, body) in [
        ("GET", "/products/1abc", &[][..], ""),
        ("GET", "/products/%00", &[], ""),
        ("GET", "/nowhere", &[], ""),
        ("PATCH", "/products", &[], ""),
        ("POST", "/products", &[JSON], "{"),
        ("POST", "/products", &[JSON], r#"{"name":"a","price":0,"category":"b"}"#),
        ("POST", "/products", &[("content-type", "text/plain")], "{}"),
    ] {
        let direct = api.send(method, path, headers, body);
        let through = storefront.send(method, &format!("/api{path}"), headers, body);
        assert_eq!((through.status, &through.body), (direct.status, &direct.body), "{method} {path}");
        assert!((400..500).contains(&through.status), "{method} {path} {}", through.status);
    }
}

#[test]
fn an_oversized_body_is_413_whether_its_length_is_told_or_not() {
    let (storefront, _api) = shop();
    let large = "x".repeat(1_100_000);
    let told = format!("content-length: {}\r\n\r\n{large}", large.len());
    let untold = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for rest in [told, untold] {
        let head = "POST /api/products HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
        let answer = e2e::raw(storefront.public, format!("{head}{rest}").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains(r#"{"error":"#), "{answer}");
    }
}

#[test]
fn no_path_leaves_the_api() {
    let (storefront, _api) = shop();
    for path in ["/api/../healthz", "/api/%2e%2e/healthz", "/api/products/..%2f..%2fhealthz", "/api", "/api/"]
    {
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = e2e::raw(storefront.public, head.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 404") && answer.ends_with(r#"{"error":"not found"}"#),
            "{answer}"
        );
    }
}

#[test]
fn what_is_no_request_for_the_api_is_405_and_goes_nowhere() {
    let (storefront, _api) = shop();
    for method in ["TRACE", "CONNECT"] {
        let head = format!("{method} /api/products HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = e2e::raw(storefront.public, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("\r\nallow: GET,HEAD,"), "{answer}");
        assert!(answer.ends_with(r#"{"error":"method not allowed"}"#), "{answer}");
        let labels = [("path", "/api/{*path}"), ("method", method), ("status", "405")];
        assert_eq!(storefront.metric("http_requests_total", &labels), 1.0);
    }
    assert_eq!(storefront.metric("upstream_requests_total", &[("outcome", "client_error")]), 0.0);
}

#[test]
fn every_forwarded_request_is_one_series_and_one_upstream_outcome() {
    let (storefront, _api) = shop();
    for id in ["1", "2", "x"] {
        storefront.get(&format!("/api/products/{id}"));
    }
    let forwarded = |status| [("path", "/api/{*path}"), ("method", "GET"), ("status", status)];
    assert_eq!(storefront.metric("http_requests_total", &forwarded("200")), 2.0);
    assert_eq!(storefront.metric("http_requests_total", &forwarded("400")), 1.0);
    let upstream = |outcome| [("upstream", "product-api"), ("outcome", outcome)];
    assert_eq!(storefront.metric("upstream_requests_total", &upstream("ok")), 2.0);
    assert_eq!(storefront.metric("upstream_requests_total", &upstream("client_error")), 1.0);
}
