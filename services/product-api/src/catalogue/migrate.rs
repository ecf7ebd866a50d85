//! Brings the tables into the form that this binary needs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};

use super::{Catalogue, Pool};

/// Time between two attempts while the database is not there.
const RETRY: Duration = Duration::from_millis(500);

impl Catalogue {
    /// Returns when the tables are as they should be, however long the database takes to come. Every failure is
    /// reported with its reason.
    pub(crate) async fn migrate(&self, report: impl Fn(String)) {
        while let Err(error) = self.try_migrate().await {
            report(error.to_string());
            tokio::time::sleep(RETRY).await;
        }
        self.migrated.store(true, Ordering::Release);
    }

    /// Replicas that start together take turns: sqlx holds an advisory lock of PostgreSQL, and what one has applied
    /// the next one skips. SQLite has no such lock: of two that share a file one fails, and finds all done when it
    /// tries again.
    async fn try_migrate(&self) -> Result<(), MigrateError> {
        match &self.pool {
            Pool::Postgres(pool) => {
                // On a connection of its own: the lock ends with it, also when a migration fails.
                let options = pool.connect_options().as_ref().clone();
                let own = pool.options().clone().max_connections(1).connect_lazy_with(options);
                let result = tolerant(sqlx::migrate!("migrations/postgres")).run(&own).await;
                own.close().await;
                result
            }
            Pool::Sqlite(pool) => tolerant(sqlx::migrate!("migrations/sqlite")).run(pool).await,
        }
    }
}

/// A database that a newer version has migrated already is fine: in a canary release, and after a roll-back, the older
/// version runs on it too.
fn tolerant(mut migrator: Migrator) -> Migrator {
    migrator.set_ignore_missing(true);
    migrator
}
