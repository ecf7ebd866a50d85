//! A cluster, known by the address of any of its nodes.

use std::time::Duration;

use e2e::{Redis, within};

use super::{BACK, cache_is_back, check, put_stock, said, with, works};
use crate::api;
use crate::stores::Store;

#[test]
fn every_node_leads_to_the_one_that_has_the_keys() {
    let Some(store) = Store::postgres() else { return };
    let Some(nodes) = Redis::cluster(3) else { return };
    let replicas: Vec<_> =
        nodes.iter().map(|node| api(&[("DATABASE_URL", &store.url), ("REDIS_URL", &node.url())])).collect();
    for replica in &replicas {
        cache_is_back(replica);
    }
    for (stock, writer) in (1..=30).zip(replicas.iter().cycle()) {
        put_stock(writer, stock);
        for replica in &replicas {
            assert_eq!(replica.get("/products/1").json()["stock"], stock);
        }
    }
    // A category may hold what Redis looks for in a key.
    let category = "/products?category=%7Ba%7D";
    assert_eq!(replicas[0].get(category).json()["cached"], false);
    assert_eq!(replicas[1].get(category).json()["cached"], true);
    let holders = nodes.iter().filter(|node| node.command(&["DBSIZE"]) != "0").count();
    assert_eq!(holders, 1);
    std::thread::sleep(Duration::from_secs(2));
    for replica in &replicas {
        assert_eq!((check(replica).as_str(), said(replica).len()), ("[+]redis ok", 1), "{:?}", said(replica));
    }
}

#[test]
fn of_one_node_it_works_too() {
    let Some(nodes) = Redis::cluster(1) else { return };
    let service = with(&nodes[0]);
    cache_is_back(&service);
    works(&service);
    assert!(nodes[0].command(&["KEYS", "*"]).contains("product{cluster}:1"));
}

#[test]
fn a_slot_that_moves_is_followed() {
    let Some(nodes) = Redis::cluster(3) else { return };
    let service = with(&nodes[0]);
    cache_is_back(&service);
    let slot = nodes[0].command(&["CLUSTER", "KEYSLOT", "product{cluster}:1"]);
    let holder = nodes.iter().position(|node| node.command(&["DBSIZE"]) != "0").unwrap();
    let target = &nodes[(holder + 1) % 3];
    let id = target.command(&["CLUSTER", "MYID"]);
    nodes[holder].command(&["FLUSHALL"]);
    for node in [target, &nodes[holder], &nodes[(holder + 2) % 3]] {
        assert_eq!(node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &id]), "OK");
    }
    within(BACK, "it is followed", || {
        (target.command(&["DBSIZE"]) != "0" && {
            works(&service);
            check(&service) == "[+]redis ok"
        })
        .then_some(())
    });
    cache_is_back(&service);
}
