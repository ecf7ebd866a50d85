//! What a client does with products; the same on both databases.

use std::thread;

use serde_json::{Value, json};

use crate::stores::{Store, on_both};
use crate::{error, ids, send};

on_both! {
    ten_products_are_there_on_a_first_start_and_not_again,
    a_list_is_ordered_by_id_and_has_its_keys_in_order,
    a_page_says_where_the_next_one_begins,
    a_category_is_listed_alone,
    a_product_has_its_keys_in_order,
    a_new_product_has_the_next_id_its_path_and_its_defaults,
    an_update_merges_what_is_sent,
    a_deleted_product_is_gone_and_its_id_is_not_given_again,
    of_two_writers_of_one_version_the_second_is_told,
    a_delete_of_another_version_is_refused,
    a_star_matches_any_version,
    concurrent_updates_of_different_members_lose_nothing,
    prices_are_exact,
    any_text_is_kept_as_it_is,
    what_was_written_is_there_after_a_restart,
}

fn create(api: &e2e::Service, body: &Value) -> Value {
    let answer = send(api, "POST", "/products", &body.to_string());
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn ten_products_are_there_on_a_first_start_and_not_again(store: &Store) {
    assert_eq!(ids(&store.api().get("/products").json()), (1..=10).collect::<Vec<i64>>());
    let api = store.api();
    assert_eq!(ids(&api.get("/products").json()), (1..=10).collect::<Vec<i64>>());
    let health = api.get("/health").json();
    assert_eq!((&health["database"], &health["redis"]), (&json!("connected"), &json!("disabled")));
    e2e::eventually("they are counted", || api.get("/health").json()["productsCount"] == 10);
}

fn a_list_is_ordered_by_id_and_has_its_keys_in_order(store: &Store) {
    let api = store.api();
    let list = api.get("/products?limit=1");
    let product = r#"{"id":1,"name":"Brass Sextant","description":"Measures the height of a star above the horizon.","price":189,"category":"Navigation","stock":12}"#;
    assert_eq!(list.body, format!(r#"{{"data":[{product}],"cached":false,"count":1,"next":1}}"#));
    let all = api.get("/products");
    assert!(all.body.ends_with(r#"],"cached":false,"count":10}"#), "{}", all.body);
    assert!(ids(&all.json()).is_sorted());
}

fn a_page_says_where_the_next_one_begins(store: &Store) {
    let api = store.api();
    let (mut path, mut seen) = ("/products?limit=3".to_owned(), Vec::new());
    loop {
        let page = api.get(&path).json();
        assert_eq!(page["count"], ids(&page).len());
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_i64() else { break };
        path = format!("/products?limit=3&after={next}");
    }
    assert_eq!(seen, (1..=10).collect::<Vec<i64>>());
    assert_eq!(api.get("/products?limit=10").json()["next"], Value::Null);
    let behind = api.get("/products?after=9223372036854775807").json();
    assert_eq!(behind, json!({"data": [], "cached": false, "count": 0}));
}

fn a_category_is_listed_alone(store: &Store) {
    let api = store.api();
    assert_eq!(ids(&api.get("/products?category=Deck").json()), [4, 5, 6]);
    assert_eq!(ids(&api.get("/products?category=Deck&limit=1&after=4").json()), [5]);
    assert_eq!(ids(&api.get("/products?category=deck").json()), [0; 0]);
    assert_eq!(ids(&api.get("/products?category=%27%3B%20drop%20table%20products%3B--").json()), [0; 0]);
    assert_eq!(ids(&api.get("/products?category=%25").json()), [0; 0]);
    assert_eq!(api.get("/products?category=").json()["count"], 10);
}

fn a_product_has_its_keys_in_order(store: &Store) {
    let answer = store.api().get("/products/8");
    let body = r#"{"id":8,"name":"Watch Cap","description":"Knitted wool, one size.","price":19.99,"category":"Clothing","stock":210,"cached":false}"#;
    assert_eq!(answer.body, body);
    assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    assert_eq!(answer.header("content-type"), "application/json");
}

fn a_new_product_has_the_next_id_its_path_and_its_defaults(store: &Store) {
    let api = store.api();
    let answer = send(&api, "POST", "/products", r#"{"name":"Buoy","price":12.50,"category":"Deck"}"#);
    assert_eq!((answer.status, answer.header("location")), (201, "./products/11"));
    assert_eq!(
        answer.body,
        r#"{"id":11,"name":"Buoy","description":"","price":12.5,"category":"Deck","stock":0}"#
    );
    let found = api.get("/products/11");
    assert_eq!(found.header("etag"), answer.header("etag"));
    assert_eq!(found.body, answer.body.replace('}', r#","cached":false}"#));
}

fn an_update_merges_what_is_sent(store: &Store) {
    let api = store.api();
    let answer = send(&api, "PUT", "/products/10", r#"{"price":9.5,"stock":0,"id":77,"cached":true}"#);
    let description = "Holds a third of a litre and survives every fall.";
    let expected = json!({
        "id": 10, "name": "Enamel Mug", "description": description, "price": 9.5, "category": "Galley", "stock": 0
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(answer.header("etag"), "\"2\"");
    assert_eq!(error(&send(&api, "PUT", "/products/4711", r#"{"stock":1}"#)), "Product not found");
}

fn a_deleted_product_is_gone_and_its_id_is_not_given_again(store: &Store) {
    let api = store.api();
    let last = create(&api, &json!({"name": "a", "price": 1, "category": "b"}))["id"].as_i64().unwrap();
    let path = format!("/products/{last}");
    let deleted = send(&api, "DELETE", &path, "");
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    for method in ["GET", "DELETE"] {
        let answer = api.send(method, &path, &[], "");
        assert_eq!((answer.status, error(&answer).as_str()), (404, "Product not found"));
    }
    assert_eq!(create(&api, &json!({"name": "a", "price": 1, "category": "b"}))["id"], last + 1);
}

fn of_two_writers_of_one_version_the_second_is_told(store: &Store) {
    let api = store.api();
    let etag = api.get("/products/3").header("etag").to_owned();
    let put = |tag: &str, body: &str| {
        api.send("PUT", "/products/3", &[("content-type", "application/json"), ("if-match", tag)], body)
    };
    let first = put(&etag, r#"{"stock":1}"#);
    assert_eq!(first.status, 200);
    let second = put(&etag, r#"{"stock":2}"#);
    assert_eq!(second.status, 412);
    error(&second);
    assert_eq!(put(&format!("\"99\", {}", first.header("etag")), r#"{"stock":3}"#).status, 200);
    assert_eq!(put("W/\"3\"", r#"{"stock":4}"#).status, 412);
    assert_eq!(api.get("/products/3").json()["stock"], 3);
    let nobody = [("content-type", "application/json"), ("if-match", "\"1\"")];
    assert_eq!(api.send("PUT", "/products/4711", &nobody, "{}").status, 404);
}

fn a_delete_of_another_version_is_refused(store: &Store) {
    let api = store.api();
    assert_eq!(api.send("DELETE", "/products/2", &[("if-match", "\"7\"")], "").status, 412);
    assert_eq!(api.send("DELETE", "/products/2", &[("if-match", "\"1\"")], "").status, 204);
    assert_eq!(api.send("DELETE", "/products/2", &[("if-match", "\"1\"")], "").status, 404);
}

fn a_star_matches_any_version(store: &Store) {
    let api = store.api();
    let headers = [("content-type", "application/json"), ("if-match", "*")];
    assert_eq!(api.send("PUT", "/products/2", &headers, r#"{"stock":5}"#).status, 200);
}

fn concurrent_updates_of_different_members_lose_nothing(store: &Store) {
    let (one, other) = (&store.api(), &store.api());
    thread::scope(|scope| {
        let put = |api, body: Value| send(api, "PUT", "/products/1", &body.to_string()).status;
        for round in 1..=20 {
            let stock = scope.spawn(move || put(one, json!({"stock": round})));
            let price = scope.spawn(move || put(other, json!({"price": round})));
            assert_eq!((stock.join().unwrap(), price.join().unwrap()), (200, 200));
            let product = one.get("/products/1").json();
            assert_eq!((&product["stock"], &product["price"]), (&json!(round), &json!(round)));
        }
    });
    assert_eq!(one.get("/products/1").header("etag"), "\"41\"");
}

fn prices_are_exact(store: &Store) {
    let api = store.api();
    for (sent, kept) in [
        ("0.01", "0.01"),
        ("0.07", "0.07"),
        ("1.10", "1.1"),
        ("4.350", "4.35"),
        ("1e2", "100"),
        ("1.999e1", "19.99"),
        ("8.2E-1", "0.82"),
        ("9999999999.99", "9999999999.99"),
    ] {
        let body = format!(r#"{{"name":"a","price":{sent},"category":"b"}}"#);
        let answer = send(&api, "POST", "/products", &body);
        assert!(answer.body.contains(&format!(r#""price":{kept},"#)), "{sent}: {}", answer.body);
        let found = api.get(answer.header("location").trim_start_matches('.'));
        assert!(found.body.contains(&format!(r#""price":{kept},"#)), "{sent}: {}", found.body);
    }
}

fn any_text_is_kept_as_it_is(store: &Store) {
    let api = store.api();
    let names = [
        "'; DROP TABLE products; --",
        "<script>alert(1)</script>",
        "$1 %s {0} \\ \" ` ${x}",
        "\u{1f980} \u{202e}\u{feff} e\u{301} \u{fffd}",
    ];
    for name in names {
        let sent = json!({"name": name, "description": name, "price": 1, "category": name});
        let created = create(&api, &sent);
        for key in ["name", "description", "category"] {
            assert_eq!(created[key], name);
        }
        let found = api.get(&format!("/products/{}", created["id"])).json();
        assert_eq!(found["name"], name);
    }
    assert_eq!(api.get("/products").json()["count"], 10 + names.len());
}

fn what_was_written_is_there_after_a_restart(store: &Store) {
    let id = create(&store.api(), &json!({"name": "a", "price": 1, "category": "b"}))["id"].clone();
    assert_eq!(store.api().get(&format!("/products/{id}")).json()["name"], "a");
}
