//! A Redis that refuses what the cache needs is told from one that only refuses what it does not need.

use std::time::{Duration, Instant};

use e2e::{Redis, Service, within};

use super::{BACK, cache_is_back, check, redis_is, said, with, works};
use crate::api;

/// Long enough for four attempts and more.
const A_WHILE: Duration = Duration::from_secs(4);

/// Refused for the reason, which stays and is logged once; the service works without.
fn is_refused(service: &Service, reason: &str) {
    within(BACK, reason, || check(service).starts_with("[-]redis ").then_some(()));
    let first = check(service);
    assert!(first.contains(reason), "{first}");
    let since = Instant::now();
    while since.elapsed() < A_WHILE {
        works(service);
        assert_eq!(check(service), first);
    }
    redis_is(service, "disconnected");
    assert_eq!(said(service).len(), 1, "{:?}", said(service));
}

fn user(redis: &Redis, rules: &str) -> Service {
    let mut words = vec!["ACL", "SETUSER", "app", "reset", "on", ">secret"];
    words.extend(rules.split(' '));
    assert_eq!(redis.command(&words), "OK", "{rules}");
    api(&[("REDIS_URL", &redis.url().replace("//", "//app:secret@"))])
}

#[test]
fn for_a_reason_that_is_said_once() {
    let Some(master) = Redis::start(&[]) else { return };
    let follow = format!("127.0.0.1 {}", master.port());
    let cases: [(&[&str], &str, &str); 6] = [
        (&["--replicaof", &follow], "", "it is a replica, not the master"),
        (&["--replicaof", &follow, "--replica-read-only", "no"], "", "it is a replica, not the master"),
        (&["--requirepass", "secret"], "", "it wants a password, and REDIS_URL has none"),
        (&["--min-replicas-to-write", "1"], "", "NOREPLICAS"),
        (&[], "/99", "DB index is out of range"),
        (&[], "/0", ""),
    ];
    std::thread::scope(|scope| {
        for (arguments, path, reason) in cases {
            scope.spawn(move || {
                let redis = Redis::start(arguments).unwrap();
                let service = api(&[("REDIS_URL", &(redis.url() + path))]);
                match reason {
                    "" => cache_is_back(&service),
                    reason => is_refused(&service, reason),
                }
            });
        }
    });
}

#[test]
fn when_its_user_may_not_do_what_is_needed() {
    let Some(redis) = Redis::start(&[]) else { return };
    for rules in ["~* +@all -set", "~* +@all -del", "~products* +@all", "~other* +@all"] {
        is_refused(&user(&redis, rules), "NOPERM");
    }
    // It is tried again: the rule may be corrected.
    let service = user(&redis, "~product:* +@all");
    is_refused(&service, "NOPERM");
    redis.command(&["ACL", "SETUSER", "app", "~products:*"]);
    cache_is_back(&service);
}

#[test]
fn but_not_when_its_user_may_do_that_and_little_else() {
    let Some(redis) = Redis::start(&[]) else { return };
    for rules in
        ["~* +@all -info", "~* +@all -@dangerous", "~product* +@read +@write", "~product* +get +set +del"]
    {
        let service = user(&redis, rules);
        cache_is_back(&service);
        works(&service);
        assert_eq!(check(&service), "[+]redis ok", "{rules}");
        assert!(said(&service).iter().any(|line| line.contains("INFO is refused")), "{rules}");
    }
}

#[test]
fn a_user_who_loses_a_right_while_it_is_linked_is_one_line_too() {
    let Some(redis) = Redis::start(&[]) else { return };
    let service = user(&redis, "~product* +@all");
    cache_is_back(&service);
    redis.command(&["ACL", "SETUSER", "app", "-set"]);
    within(BACK, "it is noticed", || check(&service).contains("NOPERM").then_some(()));
    std::thread::sleep(A_WHILE);
    assert_eq!(said(&service).len(), 2, "{:?}", said(&service));
    redis.command(&["ACL", "SETUSER", "app", "+set"]);
    cache_is_back(&service);
}

#[test]
fn a_password_with_everything_in_it() {
    let Some(redis) = Redis::start(&["--requirepass", "p@ss/w#rd%"]) else { return };
    let encoded = redis.url().replace("//", "//:p%40ss%2Fw%23rd%25@");
    cache_is_back(&api(&[("REDIS_URL", &encoded)]));
    let (host, port) = ("127.0.0.1", redis.port().to_string());
    let parts = |password| api(&[("REDIS_HOST", host), ("REDIS_PORT", &port), ("REDIS_PASSWORD", password)]);
    cache_is_back(&parts("p@ss/w#rd%\n"));
    let (wrong, service) = (redis.url().replace("//", "//:p%40ss@"), parts("p@ss"));
    let place = format!(
        "[-]redis 127.0.0.1:{port} of REDIS_HOST: it refuses the user or the password of REDIS_PASSWORD"
    );
    within(BACK, "it is refused", || (check(&service) == place).then_some(()));
    let service = api(&[("REDIS_URL", &wrong)]);
    within(BACK, "it is refused", || {
        check(&service).contains("of REDIS_URL; in a user or password, write").then_some(())
    });
    assert!(!check(&service).contains("p@ss"));
}

#[test]
fn one_that_nobody_listens_at() {
    let Some(redis) = Redis::prepare(&[]) else { return };
    is_refused(&with(&redis), "Connection refused");
}
