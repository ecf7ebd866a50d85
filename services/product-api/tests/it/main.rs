//! product-api's contract, on the real binary, with real databases and caches.

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and so may its helpers")]

mod abandoned;
mod cache;
mod configuration;
mod database;
mod failover;
mod ladder;
mod migrations;
mod openapi;
mod pooler;
mod products;
mod proxy;
mod redis;
mod refusals;
mod stores;
mod uploads;

use e2e::{Answer, Service, eventually};
use serde_json::Value;

/// Starts a replica and waits until it is ready.
fn api(variables: &[(&str, &str)]) -> Service {
    let service = start(variables);
    eventually("it is ready", || service.manage("GET", "/readyz", &[], "").status == 200);
    service
}

/// Starts a replica, which may not be ready.
fn start(variables: &[(&str, &str)]) -> Service {
    Service::start(env!("CARGO_BIN_EXE_product-api"), variables)
}

/// Sends JSON.
fn send(service: &Service, method: &str, path: &str, body: &str) -> Answer {
    service.send(method, path, &[("content-type", "application/json")], body)
}

/// The message of an error answer, which has nothing else in its body.
fn error(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{body}");
    body["error"].as_str().unwrap().to_owned()
}

/// The ids of a list.
fn ids(list: &Value) -> Vec<i64> {
    list["data"].as_array().unwrap().iter().map(|product| product["id"].as_i64().unwrap()).collect()
}
