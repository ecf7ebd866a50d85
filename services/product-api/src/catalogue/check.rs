//! What readiness says about the database: whether the work can be done, not whether someone is there.

use std::sync::atomic::Ordering;

use sqlx::{Error, Executor, PgConnection, Row, SqliteConnection};

use super::{Catalogue, Failure, Pool, READ_TIMEOUT, Turn};

/// How its reason begins when reads are answered and writes are not.
pub(crate) const READ_ONLY: &str = "read-only";

/// Fails when the table is not there, and says what keeps this session from writing. It takes no lock that a change of
/// the table, such as a new index, would hold up.
const ASK_POSTGRES: &str = "SELECT CASE
        WHEN current_setting('transaction_read_only')::boolean THEN 'read-only'
        WHEN NOT (has_table_privilege('products', 'INSERT') AND has_table_privilege('products', 'UPDATE')
            AND has_table_privilege('products', 'DELETE')) THEN 'read-only for ' || current_user
    END FROM (SELECT count(*) FROM products WHERE id = 0) AS there";

/// A write that changes nothing: SQLite has no question for it.
const ASK_SQLITE: &str = "UPDATE products SET version = version WHERE id = 0";

impl Catalogue {
    /// Whether it can be read and written. What is missing in the tables is migrated first.
    pub(crate) async fn check(&self) -> Result<(), String> {
        if !self.is_migrated() {
            self.migrate().await?;
        }
        let turn = Turn::new("ping");
        match self.metrics.observe(&turn, self.ask().await) {
            Ok(None) => {
                self.set_read_only(false);
                Ok(())
            }
            Ok(Some(reason)) => {
                self.set_read_only(true);
                Err(reason)
            }
            Err(failure) => {
                // Somebody has replaced the database with an empty one, perhaps.
                self.migrated.fetch_and(!failure.misses_tables(), Ordering::AcqRel);
                Err(failure.to_string())
            }
        }
    }

    /// The reason why nothing can be written.
    async fn ask(&self) -> Result<Option<String>, Failure> {
        let no_connection = |error| self.no_connection(error);
        match &self.pool {
            // Those of the pool have been asked already: is there another server meanwhile?
            Pool::Postgres(postgres) if self.read_only.load(Ordering::Acquire) => {
                let mut connection = postgres.fresh().await.map_err(no_connection)?;
                self.in_time(ask_postgres(&mut connection)).await
            }
            Pool::Postgres(postgres) => {
                let mut held = postgres.acquire().await.map_err(no_connection)?;
                let outcome = self.in_time(ask_postgres(&mut held)).await;
                if self.learn(&outcome) {
                    held.close_on_drop();
                }
                outcome
            }
            Pool::Sqlite(sqlite) => {
                let mut held = sqlite.acquire().await.map_err(no_connection)?;
                match self.in_time(ask_sqlite(&mut held)).await {
                    Err(failure) if failure.is_read_only() => {
                        held.close_on_drop();
                        Ok(Some(READ_ONLY.to_owned()))
                    }
                    outcome => outcome.map(|()| None),
                }
            }
        }
    }

    async fn in_time<T>(&self, question: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        let answer = tokio::time::timeout(READ_TIMEOUT, question).await;
        Ok(answer.map_err(|_| Failure::TimedOut)??)
    }
}

/// As text, without a statement that would be prepared: right behind a pooler too.
async fn ask_postgres(connection: &mut PgConnection) -> Result<Option<String>, Error> {
    connection.fetch_one(sqlx::raw_sql(ASK_POSTGRES)).await?.try_get(0)
}

async fn ask_sqlite(connection: &mut SqliteConnection) -> Result<(), Error> {
    connection.execute(sqlx::raw_sql(ASK_SQLITE)).await.map(drop)
}
