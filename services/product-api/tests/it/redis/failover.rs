//! Two Redis servers change places while replicas keep their connections.

use std::thread;
use std::time::Duration;

use e2e::{Redis, Service, eventually, within};

use super::{BACK, cache_is_back, check, put_stock, redis_is, said};
use crate::api;
use crate::proxy::Proxy;
use crate::stores::Store;

/// Two replicas of the service, each with a cable to a Redis of its own choice, on one database. What the cache keeps
/// would outlive any test.
struct Fleet {
    old: Redis,
    new: Redis,
    cables: [Proxy; 2],
    one: Service,
    other: Service,
    _store: Store,
}

impl Fleet {
    /// Both are linked to the old server, which the new one follows.
    fn start() -> Option<Self> {
        let store = Store::postgres()?;
        let (old, new) = (Redis::start(&[])?, Redis::start(&[])?);
        new.follow(&old);
        let cables = [Proxy::to(old.port()), Proxy::to(old.port())];
        let [one, other] = [0, 1].map(|index: usize| {
            api(&[("DATABASE_URL", &store.url), ("REDIS_URL", &cables[index].url()), ("CACHE_TTL", "300")])
        });
        let fleet = Self { old, new, cables, one, other, _store: store };
        cache_is_back(&fleet.one);
        cache_is_back(&fleet.other);
        eventually("the new one has it all", || {
            !fleet.new.command(&["KEYS", "product:1:generation:*"]).is_empty()
        });
        Some(fleet)
    }
}

fn stock(service: &Service) -> i64 {
    service.get("/products/1").json()["stock"].as_i64().unwrap()
}

fn shows(service: &Service, expected: i64) {
    within(BACK, "it shows what was written", || (stock(service) == expected).then_some(()));
}

#[test]
fn who_is_still_connected_to_the_old_master_never_serves_what_the_new_one_has_replaced() {
    let Some(fleet) = Fleet::start() else { return };
    let (one, other) = (&fleet.one, &fleet.other);
    let before = said(one).len();
    fleet.new.promote();
    fleet.old.follow(&fleet.new);
    fleet.cables[1].cut();
    fleet.cables[1].lead_to(fleet.new.port());
    fleet.cables[1].mend();
    for written in 1..=20 {
        put_stock(other, written);
        // Its link to the old one lives: nobody has closed it.
        assert_eq!(stock(one), written);
    }
    cache_is_back(other);
    // It stays so, also when it writes, and is said once.
    for written in 21..=60 {
        put_stock(one, written);
        assert_eq!(stock(one), written);
        thread::sleep(Duration::from_millis(50));
    }
    let address = fleet.cables[0].url().replace("redis://", "");
    assert_eq!(check(one), format!("[-]redis {address} of REDIS_URL: it is a replica, not the master"));
    redis_is(one, "disconnected");
    assert_eq!(said(one).len(), before + 1, "{:?}", said(one));
    // When its address leads to the new one, so does what it has written meanwhile.
    fleet.cables[0].lead_to(fleet.new.port());
    cache_is_back(one);
    shows(other, 60);
    for written in 61..=80 {
        put_stock(if written % 2 == 0 { one } else { other }, written);
        assert_eq!((stock(one), stock(other)), (written, written));
    }
    assert_eq!(check(one), "[+]redis ok");
}

#[test]
fn what_was_written_through_the_old_master_after_the_new_one_had_come_ends_there_too() {
    let Some(fleet) = Fleet::start() else { return };
    // As Sentinel does it: for some time there are two.
    fleet.new.promote();
    fleet.cables[1].cut();
    fleet.cables[1].lead_to(fleet.new.port());
    fleet.cables[1].mend();
    // A generation in each run: that of the old one has come over, and the new one's is of the other replica.
    let generations = || fleet.new.command(&["KEYS", "product:1:generation:*"]).lines().count();
    eventually("the other one has moved on", || {
        fleet.other.get("/products/1").json()["cached"] == true && generations() == 2
    });
    put_stock(&fleet.one, 77);
    fleet.old.follow(&fleet.new);
    fleet.cables[0].lead_to(fleet.new.port());
    shows(&fleet.other, 77);
    cache_is_back(&fleet.one);
    assert_eq!((stock(&fleet.one), stock(&fleet.other)), (77, 77));
}

#[test]
fn a_master_that_is_one_again_brings_nothing_back() {
    let Some(fleet) = Fleet::start() else { return };
    fleet.new.promote();
    fleet.old.follow(&fleet.new);
    for cable in &fleet.cables {
        cable.lead_to(fleet.new.port());
    }
    cache_is_back(&fleet.one);
    cache_is_back(&fleet.other);
    put_stock(&fleet.one, 77);
    eventually("it is in step", || {
        fleet.old.command(&["INFO", "replication"]).contains("master_link_status:up")
    });
    assert!(!fleet.old.command(&["KEYS", "product:1:generation:*"]).is_empty(), "of its first time");
    fleet.old.promote();
    fleet.new.follow(&fleet.old);
    for cable in &fleet.cables {
        cable.cut();
        cable.lead_to(fleet.old.port());
        cable.mend();
    }
    for service in [&fleet.one, &fleet.other] {
        within(BACK, "the cache is back", || {
            let body = service.get("/products/1").json();
            assert_eq!(body["stock"], 77);
            (body["cached"] == true).then_some(())
        });
    }
}
