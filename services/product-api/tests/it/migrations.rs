//! A database that has been migrated already, or that others use too.

use e2e::within;
use std::time::Duration;

use crate::stores::Store;
use crate::{api, ids, send, start};

/// What the version before has left behind: its rows in the table of sqlx.
const FORMER: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
        execution_time BIGINT NOT NULL);
    INSERT INTO _sqlx_migrations SELECT version, description, now(), true, decode(checksum, 'hex'), 1
        FROM product_api_migrations;
    DROP TABLE product_api_migrations";

#[test]
fn a_schema_of_a_newer_version_is_no_reason_not_to_start() {
    let Some(store) = Store::postgres() else { return };
    drop(store.api());
    store.execute(
        "INSERT INTO product_api_migrations (version, description, checksum) VALUES (9999, 'newer', '')",
    );
    assert_eq!(store.api().get("/products").status, 200);
}

#[test]
fn one_that_was_changed_after_it_was_applied_is_named() {
    let Some(store) = Store::postgres() else { return };
    drop(store.api());
    store.execute("UPDATE product_api_migrations SET checksum = '00' WHERE version = 2");
    let service = start(&[("DATABASE_URL", &store.url)]);
    within(Duration::from_secs(10), "it is named", || {
        let body = service.manage("GET", "/readyz?verbose", &[], "").body;
        body.contains("[-]database migration 2 has been changed").then_some(())
    });
}

#[test]
fn what_the_version_before_has_migrated_is_taken_over_and_left_to_it() {
    let Some(store) = Store::postgres() else { return };
    drop(store.api());
    store.execute("DELETE FROM products WHERE id = 10");
    store.execute(FORMER);
    let service = store.api();
    assert_eq!(ids(&service.get("/products").json()), (1..=9).collect::<Vec<i64>>());
    assert_eq!(store.execute("SELECT count(*) FROM product_api_migrations"), "2");
    assert_eq!(store.execute("SELECT count(*) FROM _sqlx_migrations WHERE success"), "2");
}

#[test]
fn the_migrations_of_another_application_are_not_taken_for_ours() {
    let Some(store) = Store::postgres() else { return };
    store.execute(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
            installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
            execution_time BIGINT NOT NULL);
         INSERT INTO _sqlx_migrations VALUES (1, 'orders', now(), true, '\\x01', 1), (2, 'rest', now(), false, '\\x02', 1)",
    );
    let services: Vec<_> = (0..3).map(|_| start(&[("DATABASE_URL", &store.url)])).collect();
    for service in &services {
        e2e::eventually("it is ready", || service.manage("GET", "/readyz", &[], "").status == 200);
        assert_eq!(service.get("/products").json()["count"], 10);
    }
    let theirs = store.execute(
        "SELECT string_agg(version || description || success, ' ' ORDER BY version) FROM _sqlx_migrations",
    );
    assert_eq!(theirs, "1orderstrue 2restfalse");
}

#[test]
fn a_table_of_another_form_under_the_former_name_is_left_alone() {
    let Some(store) = Store::postgres() else { return };
    store.execute("CREATE TABLE _sqlx_migrations (name TEXT)");
    assert_eq!(store.api().get("/products").json()["count"], 10);
}

#[test]
fn a_role_that_may_only_use_the_table_is_enough_once_it_is_there() {
    let Some(store) = Store::postgres() else { return };
    let role = format!("role_{}", store.url.rsplit('/').next().unwrap());
    store.execute(&format!("CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC"));
    let url = store.url.replace("postgres@", &format!("{role}@"));
    let early = start(&[("DATABASE_URL", &url)]);
    within(Duration::from_secs(10), "it says what it may not", || {
        early.manage("GET", "/readyz?verbose", &[], "").body.contains("[-]database ").then_some(())
    });
    drop(store.api());
    for former in [false, true] {
        if former {
            store.execute(FORMER);
        }
        store.execute(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON products TO {role}"));
        let service = api(&[("DATABASE_URL", &url)]);
        assert_eq!(send(&service, "PUT", "/products/1", r#"{"stock":1}"#).status, 200);
        store.execute(&format!("REVOKE INSERT ON products FROM {role}"));
        within(Duration::from_secs(15), "it is read-only", || {
            let body = service.manage("GET", "/readyz?verbose", &[], "").body;
            body.contains(&format!("[-]database read-only for {role}\n")).then_some(())
        });
        assert_eq!(service.get("/products").status, 200);
    }
    e2e::eventually("the early one sees the table", || early.get("/products").status == 200);
}
