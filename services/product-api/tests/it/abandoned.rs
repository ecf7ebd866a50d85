//! Clients that hang up in the middle of a read cost nobody else anything.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use e2e::{Service, within};

use crate::stores::{Store, on_both};
use crate::{api, ids};

/// Sends a read and hangs up before, while or after it is done. Each asks for something else, so that none waits for
/// another.
fn hang_up(service: &Service, count: u32) {
    for number in 0..count {
        let mut stream = TcpStream::connect(service.public).unwrap();
        let (limit, after) = (number % 5 + 1, number / 5);
        write!(stream, "GET /products?limit={limit}&after={after} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(number % 40) * 100));
    }
}

fn is_whole(service: &Service) {
    assert_eq!(ids(&service.get("/products").json()), (1..=10).collect::<Vec<i64>>());
    assert_eq!(service.manage("GET", "/readyz", &[], "").status, 200);
}

on_both! { what_is_stored_is_there_after_them, }

fn what_is_stored_is_there_after_them(store: &Store) {
    let service = store.api();
    hang_up(&service, 300);
    is_whole(&service);
}

#[test]
fn what_is_in_memory_is_there_after_them() {
    let service = api(&[]);
    hang_up(&service, 400);
    is_whole(&service);
}

#[test]
fn they_cost_no_connection_to_the_database() {
    let Some(store) = Store::postgres() else { return };
    let service = store.api();
    // The statistics of a session are written when it ends, or after a while.
    let sessions = || -> u32 {
        let sql = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()";
        store.execute(sql).parse().unwrap()
    };
    hang_up(&service, 500);
    is_whole(&service);
    std::thread::sleep(Duration::from_secs(2));
    // Those of the pool, one for the migration, and those that ask here.
    assert!(sessions() < 20, "{} sessions", sessions());
}

#[test]
fn without_its_table_it_is_not_ready() {
    let Some(store) = Store::postgres() else { return };
    let service = store.api();
    let readiness = || service.manage("GET", "/readyz?verbose", &[], "");
    store.execute("ALTER TABLE products RENAME TO lost");
    let lost = within(Duration::from_secs(15), "it is not ready", || {
        Some(readiness()).filter(|it| it.status == 503)
    });
    assert!(lost.body.contains("[-]database ") && lost.body.contains("products"), "{}", lost.body);
    store.execute("ALTER TABLE lost RENAME TO products");
    within(Duration::from_secs(5), "it is ready", || (readiness().status == 200).then_some(()));
    // An empty database in its place is migrated as a new one is.
    store.execute("DROP TABLE products, product_api_migrations");
    within(Duration::from_secs(15), "it is migrated", || {
        (store.try_execute("SELECT count(*) FROM products") == Ok("10".to_owned())).then_some(())
    });
    within(Duration::from_secs(5), "it is ready", || (readiness().status == 200).then_some(()));
    is_whole(&service);
}
