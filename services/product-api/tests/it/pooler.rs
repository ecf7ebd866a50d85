//! PgBouncer in transaction mode between two replicas and their database.

use std::thread;

use e2e::{PgBouncer, Postgres, Service};
use serde_json::json;

use crate::{api, send};

/// Reads and writes of every kind; each answer is the one to its own question.
fn work(service: &Service, worker: i64) {
    for round in 0..30 {
        let id = (worker + round) % 10 + 1;
        assert_eq!(service.get(&format!("/products/{id}")).json()["id"], id);
        let list = service.get(&format!("/products?limit={}&after={round}", worker % 7 + 1));
        assert_eq!(list.status, 200, "{}", list.body);
        let list = service.get("/products?category=Deck");
        assert_eq!(list.json()["data"][0]["category"], "Deck", "{}", list.body);
        let put = send(service, "PUT", &format!("/products/{id}"), &json!({"stock": round}).to_string());
        assert_eq!(put.json()["id"], id, "{}", put.body);
        let moved = [("content-type", "application/json"), ("if-match", "\"0\"")];
        assert_eq!(service.send("PUT", &format!("/products/{id}"), &moved, "{}").status, 412);
        let product =
            json!({"name": format!("{worker}-{round}"), "price": 1, "category": "pooled"}).to_string();
        let created = send(service, "POST", "/products", &product);
        assert_eq!(created.status, 201, "{}", created.body);
        assert_eq!(
            service.send("DELETE", created.header("location").trim_start_matches('.'), &[], "").status,
            204
        );
    }
}

fn works_with(more: &str, parameters: &str) {
    let Some(postgres) = Postgres::start() else { return };
    let Some(pooler) = PgBouncer::start(&postgres, more) else { return };
    let database = postgres.database();
    let url = format!("{}{parameters}", pooler.url(database.rsplit('/').next().unwrap()));
    // Together, so that they migrate together.
    let replicas = [crate::start(&[("DATABASE_URL", &url)]), api(&[("DATABASE_URL", &url)])];
    e2e::eventually("both are ready", || replicas[0].manage("GET", "/readyz", &[], "").status == 200);
    thread::scope(|scope| {
        for worker in 0..12 {
            let service = &replicas[worker as usize % 2];
            scope.spawn(move || work(service, worker));
        }
    });
    for replica in &replicas {
        assert_eq!(replica.metric("database_operation_duration_seconds_count", &[("outcome", "error")]), 0.0);
        assert_eq!(replica.metric("http_requests_total", &[("status", "503")]), 0.0);
    }
    assert_eq!(postgres.execute(&database, "SELECT count(*) FROM products").unwrap(), "10");
}

#[test]
fn as_it_is_installed_it_works_without_a_setting() {
    works_with("", "");
}

#[test]
fn what_it_is_told_to_ignore_makes_no_difference() {
    works_with("ignore_startup_parameters = extra_float_digits, options", "");
}

#[test]
fn a_statement_cache_of_nothing_makes_no_difference() {
    works_with("ignore_startup_parameters = extra_float_digits", "?statement-cache-capacity=0");
}
