//! The database in trouble: 503 until it is back, no restart, and nothing that was answered is lost or doubled.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Answer, Postgres, Service, within};
use serde_json::json;

use crate::stores::Store;
use crate::{api, error, ids, send, start};

/// What the contract allows the service to take to be back.
const BACK: Duration = Duration::from_secs(5);

/// The longest that anybody waits for an answer: a connection, a query, and time on a busy machine.
const ANSWERED: Duration = Duration::from_secs(6);

/// The longest that an outage may go unnoticed by readiness: a second between two checks, and a connection and a query of
/// two each; three times that.
const NOTICED: Duration = Duration::from_secs(15);

fn readiness(service: &Service) -> u16 {
    service.manage("GET", "/readyz", &[], "").status
}

fn is_unavailable(answer: &Answer) {
    assert_eq!((answer.status, error(answer).as_str()), (503, "database unavailable"));
    assert_eq!(answer.header("retry-after"), "2");
}

/// Posts products with names of its own until told to stop; returns those that were answered 201. Every other answer
/// is a 503.
fn post_until(stop: &AtomicBool, service: &Service, writer: u32) -> BTreeSet<String> {
    let mut answered = BTreeSet::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let name = format!("{writer}-{number}");
        let body = json!({"name": name, "price": 1, "category": "load"}).to_string();
        let answer = send(service, "POST", "/products", &body);
        match answer.status {
            201 => assert!(answered.insert(name)),
            _ => is_unavailable(&answer),
        }
    }
    answered
}

/// Lets four clients write while something happens, and checks what is left of it.
fn under_load(service: &Service, happens: impl FnOnce()) -> BTreeSet<String> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn({
                    let stop = &stop;
                    move || post_until(stop, service, writer)
                })
            })
            .collect();
        let happened = catch_unwind(AssertUnwindSafe(happens));
        stop.store(true, Ordering::SeqCst);
        happened.unwrap_or_else(|panic| resume_unwind(panic));
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

/// Waits until the writers have got on.
fn more_writes(service: &Service) {
    let answered = || service.metric("http_requests_total", &[("method", "POST"), ("status", "201")]);
    let before = answered();
    within(BACK, "writes are answered", || (answered() > before + 20.0).then_some(()));
}

fn nothing_is_lost_or_doubled(names: &str, answered: &BTreeSet<String>) {
    let stored: Vec<&str> = names.lines().collect();
    let unique: BTreeSet<&str> = stored.iter().copied().collect();
    assert_eq!(unique.len(), stored.len(), "doubled");
    assert!(answered.iter().all(|name| unique.contains(name.as_str())), "lost");
    assert!(answered.len() > 20, "{} writes", answered.len());
}

const NAMES: &str = "SELECT name FROM products WHERE category = 'load'";

#[test]
fn five_replicas_that_start_together_migrate_once() {
    let Some(store) = Store::postgres() else { return };
    let replicas: Vec<Service> = (0..5).map(|_| start(&[("DATABASE_URL", &store.url)])).collect();
    for replica in &replicas {
        within(Duration::from_secs(20), "it is ready", || (readiness(replica) == 200).then_some(()));
        assert_eq!(ids(&replica.get("/products").json()), (1..=10).collect::<Vec<i64>>());
    }
    assert_eq!(store.execute("SELECT count(*) FROM product_api_migrations"), "2");
    let created = send(&replicas[4], "POST", "/products", r#"{"name":"a","price":1,"category":"b"}"#);
    assert_eq!(created.header("location"), "./products/11");
    assert_eq!(replicas[0].get("/products/11").status, 200);
}

#[test]
fn absent_at_start_it_is_not_ready_and_ready_when_it_comes() {
    let Some(mut postgres) = Postgres::prepare() else { return };
    let service = start(&[("DATABASE_URL", &format!("{}/postgres", postgres.url()))]);
    let asked = Instant::now();
    is_unavailable(&service.get("/products"));
    is_unavailable(&send(&service, "POST", "/products", r#"{"name":"a","price":1,"category":"b"}"#));
    assert!(asked.elapsed() < ANSWERED);
    assert_eq!((readiness(&service), service.get("/healthz").status), (503, 200));
    assert_eq!(send(&service, "PUT", "/products/0", "{}").status, 400);
    within(NOTICED, "it is noticed", || {
        (service.get("/health").json()["database"] == "disconnected").then_some(())
    });
    assert!(service.get("/health").json()["productsCount"].is_null());
    postgres.run();
    within(BACK, "it is ready", || (readiness(&service) == 200).then_some(()));
    assert_eq!(service.get("/products").json()["count"], 10);
}

#[test]
fn killed_under_load_it_is_503_and_back_without_a_restart() {
    let Some(mut postgres) = Postgres::start() else { return };
    let url = postgres.database();
    let service = api(&[("DATABASE_URL", &url)]);
    let answered = under_load(&service, || {
        more_writes(&service);
        postgres.kill();
        let asked = Instant::now();
        is_unavailable(&service.get("/products/1"));
        assert!(asked.elapsed() < ANSWERED, "{:?}", asked.elapsed());
        within(NOTICED, "it is not ready", || (readiness(&service) == 503).then_some(()));
        assert_eq!(service.get("/healthz").status, 200);
        postgres.run();
        within(BACK, "it is back", || (service.get("/products/1").status == 200).then_some(()));
        within(BACK, "it is ready", || (readiness(&service) == 200).then_some(()));
        more_writes(&service);
    });
    nothing_is_lost_or_doubled(&postgres.execute(&url, NAMES).unwrap(), &answered);
}

#[test]
fn a_failover_that_drops_every_connection_loses_and_doubles_nothing() {
    let Some(store) = Store::postgres() else { return };
    let service = store.api();
    let drop_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let answered = under_load(&service, || {
        for _ in 0..10 {
            more_writes(&service);
            store.execute(drop_all);
        }
    });
    nothing_is_lost_or_doubled(&store.execute(NAMES), &answered);
    // Idle connections that were dropped are not handed out.
    store.execute(drop_all);
    assert_eq!(service.get("/products/1").status, 200);
    assert_eq!(send(&service, "PUT", "/products/1", r#"{"stock":1}"#).status, 200);
}

#[test]
fn paused_it_is_503_in_bounded_time_and_back_when_it_goes_on() {
    let Some(postgres) = Postgres::start() else { return };
    let service = api(&[("DATABASE_URL", &postgres.database())]);
    postgres.pause();
    thread::scope(|scope| {
        let ask = |method, path, body| {
            let asked = Instant::now();
            is_unavailable(&send(&service, method, path, body));
            assert!(asked.elapsed() < ANSWERED, "{:?}", asked.elapsed());
        };
        for _ in 0..20 {
            scope.spawn(move || ask("GET", "/products/1", ""));
            scope.spawn(move || ask("PUT", "/products/1", r#"{"stock":5}"#));
        }
    });
    within(NOTICED, "it is not ready", || (readiness(&service) == 503).then_some(()));
    postgres.unpause();
    within(BACK, "it is ready", || (readiness(&service) == 200).then_some(()));
    within(BACK, "it is back", || (service.get("/products/1").status == 200).then_some(()));
}

#[test]
fn a_page_of_a_million_products_is_as_fast_as_one_of_ten() {
    let Some(store) = Store::postgres() else { return };
    let service = store.api();
    let few = median(&service, "/products?limit=5&after=5");
    store.execute(
        "INSERT INTO products (name, description, price_cents, category, stock)
         SELECT 'Crate ' || n, '', n, 'Cargo ' || n % 100, n FROM generate_series(1, 1000000) n; ANALYZE products",
    );
    for path in [
        "/products?limit=5",
        "/products?limit=5&after=999000",
        "/products?limit=5&after=500000&category=Cargo+7",
    ] {
        assert_eq!(service.get(path).json()["count"], 5);
        let many = median(&service, path);
        println!("{few:?} of ten, {many:?} of a million: {path}");
        assert!(many < few * 2 + Duration::from_millis(5), "{few:?} of ten, {many:?} of a million: {path}");
    }
    let before = service.resident_bytes();
    for page in 0..200 {
        assert_eq!(service.get(&format!("/products?limit=200&after={}", page * 4_000)).json()["count"], 200);
    }
    let grown = service.resident_bytes().saturating_sub(before);
    assert!(grown < 8 << 20, "grown by {grown} bytes");
    within(Duration::from_mins(1), "they are counted", || {
        (service.get("/health").json()["productsCount"] == 1_000_010).then_some(())
    });
}

fn median(service: &Service, path: &str) -> Duration {
    let mut times: Vec<Duration> = (0..51)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(service.get(path).status, 200);
            started.elapsed()
        })
        .collect();
    times.sort();
    times[25]
}
