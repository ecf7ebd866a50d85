//! What product-api makes of the Redis that it is given.

mod cluster;
mod failover;
mod refused;
mod tls;
mod trouble;

use std::time::Duration;

use e2e::{Redis, Service, within};
use serde_json::json;

use crate::{api, send};

/// Three times what the contract allows the cache to take to be back: the machine may be busy.
const BACK: Duration = Duration::from_secs(15);

fn with(redis: &Redis) -> Service {
    api(&[("REDIS_URL", &redis.url())])
}

fn redis_is(service: &Service, state: &str) {
    within(BACK, state, || (service.get("/health").json()["redis"] == state).then_some(()));
}

fn cache_is_back(service: &Service) {
    within(BACK, "the cache is back", || (service.get("/products/1").json()["cached"] == true).then_some(()));
}

/// Reads and writes, all answered and all as they should be.
fn works(service: &Service) {
    assert_eq!(service.get("/products").json()["count"], 10);
    for stock in [5, 6] {
        put_stock(service, stock);
        assert_eq!(service.get("/products/1").json()["stock"], stock);
        assert_eq!(service.get("/products").json()["data"][0]["stock"], stock);
    }
    let probe = |path| service.manage("GET", path, &[], "").status;
    assert_eq!((probe("/healthz"), probe("/readyz")), (200, 200));
    assert_eq!(service.get("/products/4711").status, 404);
}

fn put_stock(service: &Service, stock: i64) {
    let answer = send(service, "PUT", "/products/1", &json!({"stock": stock}).to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The line of the check, as an operator sees it.
fn check(service: &Service) -> String {
    let verbose = service.manage("GET", "/readyz?verbose", &[], "").body;
    verbose.lines().find(|line| line.contains("]redis ")).unwrap().to_owned()
}

/// What it has logged about the cache.
fn said(service: &Service) -> Vec<String> {
    service.log().into_iter().filter(|line| line.contains("\"cache: ")).collect()
}
