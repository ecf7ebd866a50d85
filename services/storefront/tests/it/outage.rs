//! product-api is away: the API says so, and everything else goes on.

use e2e::eventually;
use serde_json::json;

use super::{product_api, product_api_at, storefront};

#[test]
fn the_api_answers_502_in_the_envelope_and_storefront_stays_ready() {
    let api = product_api();
    let storefront = storefront(&format!("http://{}", api.public), &[]);
    assert_eq!(storefront.get("/api/products").status, 200);
    drop(api);
    let answer = storefront.get("/api/products");
    let expected = json!({"error": "product-api is unreachable", "upstream": "product-api"});
    assert_eq!((answer.status, answer.json()), (502, expected));
    assert_eq!((storefront.get("/").status, storefront.get("/readyz").status), (200, 200));
    eventually("the soft check shows it", || {
        storefront.get("/readyz?verbose").body.contains("[-]product-api")
    });
}

#[test]
fn it_recovers_without_a_restart() {
    let api = product_api();
    let address = api.public.to_string();
    let storefront = storefront(&format!("http://{address}"), &[]);
    drop(api);
    assert_eq!(storefront.get("/api/products").status, 502);
    let _back = product_api_at(&address);
    assert_eq!(storefront.get("/api/products").status, 200);
}

#[test]
fn a_read_is_tried_again_and_a_write_never() {
    let api = product_api();
    let storefront = storefront(&format!("http://{}", api.public), &[]);
    drop(api);
    let json = [("content-type", "application/json")];
    let retries = || storefront.metric("upstream_retries_total", &[("upstream", "product-api")]);
    assert_eq!(storefront.send("POST", "/api/products", &json, "{}").status, 502);
    assert_eq!(retries(), 0.0);
    assert_eq!(storefront.get("/api/products").status, 502);
    assert_eq!(retries(), 1.0);
}
