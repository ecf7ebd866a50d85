//! The rungs of the release ladder, from their files as an image has them: each does what it shows.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::{Redis, Service, eventually};

use crate::stores::Store;
use crate::{api, ids, send};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ladder/product-api").join(name)
}

fn rung(version: &str, variables: &[(&str, &str)]) -> Service {
    let path = file(&format!("{version}.yaml"));
    let rules = [("SERVICE_VERSION", version), ("RELEASE_FAULTS_FILE", path.to_str().unwrap())];
    let service = api(&[&rules, variables].concat());
    assert_eq!(service.metric("fault_config_valid", &[]), 1.0);
    service
}

#[test]
fn rung_1_1_0_is_slow_where_it_lists() {
    let service = rung("1.1.0", &[]);
    let time = |path: &str| {
        let began = Instant::now();
        assert_eq!(service.get(path).status, 200);
        began.elapsed()
    };
    let slow = (0..10).filter(|_| time("/products") >= Duration::from_millis(300)).count();
    assert!(slow >= 5, "{slow} of 10");
    assert!((0..10).any(|_| time("/products/1") < Duration::from_millis(150)));
}

#[test]
fn rung_1_2_0_never_finds_what_is_in_the_cache() {
    let Some(redis) = Redis::start(&[]) else { return };
    let hits = |version: &str| {
        let service = rung(version, &[("REDIS_URL", &redis.url())]);
        eventually("it is linked", || service.get("/health").json()["redis"] == "connected");
        for _ in 0..20 {
            service.get("/products/1");
        }
        let cached = service.get("/products/1").json()["cached"] == true;
        let of = |name: &str| service.metric(name, &[("key_type", "product")]);
        (cached, of("cache_hits_total"), of("cache_hits_total") + of("cache_misses_total"))
    };
    let (cached, good, _) = hits("1.0.0");
    assert!(cached && good >= 15.0, "{good}");
    assert_eq!(hits("1.2.0"), (false, 0.0, 21.0));
}

fn run(store: &Store, migration: &str) {
    store.execute(&std::fs::read_to_string(file(migration)).unwrap());
}

/// A database that the stable version has made, after the migration of a rung, with both versions on it.
fn migrated(store: &Store, version: &str) -> (Service, Service) {
    let stable = rung("1.0.0", &[("DATABASE_URL", &store.url)]);
    run(store, &format!("{version}.sql"));
    let next = format!("{}?options=-csearch_path%3Dv2,public", store.url);
    (stable, rung(version, &[("DATABASE_URL", &next)]))
}

#[test]
fn rung_1_3_0_takes_the_column_from_the_stable_version() {
    let Some(store) = Store::postgres() else { return };
    let (stable, next) = migrated(&store, "1.3.0");
    assert_eq!(next.get("/products").status, 200);
    assert!(stable.get("/products").status >= 500);
}

#[test]
fn rung_1_4_0_leaves_both_versions_reading_and_writing_until_it_contracts() {
    let Some(store) = Store::postgres() else { return };
    let (stable, next) = migrated(&store, "1.4.0");
    let product = |category: &str| format!(r#"{{"name":"a","price":1,"category":"{category}"}}"#);
    for (writer, category) in [(&stable, "Old"), (&next, "New")] {
        let made = send(writer, "POST", "/products", &product(category));
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/products/{}", made.json()["id"]);
        let renamed = format!(r#"{{"category":"{category}er"}}"#);
        assert_eq!(send(writer, "PUT", &path, &renamed).status, 200);
        for reader in [&stable, &next] {
            assert_eq!(reader.get(&path).json()["category"], format!("{category}er"));
            assert_eq!(ids(&reader.get(&format!("/products?category={category}er")).json()).len(), 1);
        }
    }
    drop(stable);
    run(&store, "1.4.0-contract.sql");
    assert_eq!(send(&next, "POST", "/products", &product("Newest")).status, 201);
    assert_eq!(ids(&next.get("/products?category=Newest").json()).len(), 1);
}
