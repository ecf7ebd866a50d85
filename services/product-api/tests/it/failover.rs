//! PostgreSQL changes its role, or another server takes over: reads go on, writes are refused with the reason, and both
//! are back within five seconds of a writable server being reachable.

use std::thread;
use std::time::Duration;

use e2e::{Answer, Postgres, Service, within};

use crate::proxy::Proxy;
use crate::{api, error, send, start};

const BACK: Duration = Duration::from_secs(5);

/// The longest that a change may go unnoticed by readiness: see `database.rs`.
const NOTICED: Duration = Duration::from_secs(15);

fn write(service: &Service) -> Answer {
    send(service, "PUT", "/products/1", r#"{"stock":5}"#)
}

fn is_read_only(service: &Service) {
    within(NOTICED, "it is read-only", || {
        service
            .manage("GET", "/readyz?verbose", &[], "")
            .body
            .contains("[-]database read-only\n")
            .then_some(())
    });
    assert_eq!(service.manage("GET", "/readyz", &[], "").status, 503);
    assert_eq!(service.get("/health").json()["database"], "read-only");
    let refused = write(service);
    assert_eq!((refused.status, error(&refused).as_str()), (503, "database read-only"));
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(service.get("/products").json()["count"], 10);
}

fn is_back(service: &Service) {
    within(BACK, "writes are back", || (write(service).status == 200).then_some(()));
    within(BACK, "it is ready", || (service.manage("GET", "/readyz", &[], "").status == 200).then_some(()));
}

/// Makes the pool as large as it gets.
fn fill_pool(service: &Service) {
    thread::scope(|scope| {
        for number in 0..40 {
            scope.spawn(move || service.get(&format!("/products?after={number}")));
        }
    });
}

#[test]
fn a_server_that_becomes_read_only_is_noticed_and_so_is_its_recovery() {
    let Some(postgres) = Postgres::start() else { return };
    let service = api(&[("DATABASE_URL", &postgres.database())]);
    fill_pool(&service);
    postgres.set("default_transaction_read_only", "on");
    is_read_only(&service);
    postgres.set("default_transaction_read_only", "off");
    is_back(&service);
    let log = service.log();
    let changes = log.iter().filter(|line| line.contains("takes writes again")).count();
    assert_eq!(changes, 1, "{log:?}");
}

#[test]
fn connections_to_the_old_server_are_not_used_once_another_is_writable() {
    let (Some(old), Some(new)) = (Postgres::start(), Postgres::start()) else { return };
    let proxy = Proxy::to(old.port());
    let service =
        api(&[("DATABASE_URL", &format!("postgres://postgres@127.0.0.1:{}/postgres", proxy.port()))]);
    drop(api(&[("DATABASE_URL", &format!("{}/postgres", new.url()))]));
    fill_pool(&service);
    old.set("default_transaction_read_only", "on");
    proxy.lead_to(new.port());
    is_back(&service);
    let stock = "SELECT stock FROM products WHERE id = 1";
    assert_eq!(new.execute(&format!("{}/postgres", new.url()), stock).unwrap(), "5");
    // The next one hangs, and does not close anything.
    fill_pool(&service);
    old.set("default_transaction_read_only", "off");
    new.pause();
    proxy.lead_to(old.port());
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| write(&service));
        }
    });
    is_back(&service);
    new.unpause();
}

#[test]
fn a_standby_answers_reads_and_takes_writes_once_it_is_promoted() {
    let Some(primary) = Postgres::start() else { return };
    let database = |postgres: &Postgres| format!("{}/postgres", postgres.url());
    drop(api(&[("DATABASE_URL", &database(&primary))]));
    let standby = primary.standby();
    let service = start(&[("DATABASE_URL", &database(&standby))]);
    is_read_only(&service);
    standby.execute(&database(&standby), "SELECT pg_promote()").unwrap();
    is_back(&service);
    drop(primary);
}
