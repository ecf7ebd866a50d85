//! Brings the tables into the form that this binary needs, and changes nothing when they are in it: a standby, or a role
//! without the right to alter them, has nothing to refuse.
//!
//! What has been applied stands in a table of its own. It used to stand in sqlx's default one, which another application
//! in the same database may use too: rows of it are ours when their checksums are. They are copied, and stay where they
//! are for the version before this one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use super::{Catalogue, Failure, Pool, READ_TIMEOUT};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS product_api_migrations (
    version BIGINT PRIMARY KEY, description TEXT NOT NULL, checksum TEXT NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";

const APPLIED: &str = "SELECT version, checksum FROM product_api_migrations";

/// Every column that is asked for. It may be all that a role can see of what was migrated for it.
const LOOK: &str =
    "SELECT id, name, description, price_cents, category, stock, version FROM products LIMIT 0";

/// Migrations change tables, which waits for whoever uses them.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Rows of what has been applied: version and checksum.
type Applied = Vec<(i64, String)>;

impl Catalogue {
    /// Replicas that start together take turns, and what one has applied the next one skips.
    pub(super) async fn migrate(&self) -> Result<(), String> {
        let result = match tokio::time::timeout(TIMEOUT, self.try_migrate()).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        self.learn(&result);
        match &result {
            Ok(()) => self.migrated.store(true, Ordering::Release),
            Err(failure) => tracing::warn!("database: migration: {failure}"),
        }
        result.map_err(|failure| failure.to_string())
    }

    async fn try_migrate(&self) -> Result<(), Failure> {
        let no_connection = |error| self.no_connection(error);
        match &self.pool {
            Pool::Postgres(postgres) => {
                let mut held = postgres.acquire().await.map_err(no_connection)?;
                // Not for the pool again: a transaction that took too long may still be on it.
                held.close_on_drop();
                postgres::migrate(&mut held, &sqlx::migrate!("migrations/postgres")).await
            }
            Pool::Sqlite(sqlite) => {
                sqlite.keep().await.map_err(no_connection)?;
                let mut held = sqlite.acquire().await.map_err(no_connection)?;
                sqlite::migrate(&mut held, &sqlx::migrate!("migrations/sqlite")).await
            }
        }
    }
}

/// What is the same in both dialects. `$lock` may name the database.
macro_rules! dialect {
    ($module:ident, $connection:ty, $begin:literal, $lock:expr, $former:literal) => {
        mod $module {
            use super::*;

            pub(super) async fn migrate(
                connection: &mut $connection,
                ours: &Migrator,
            ) -> Result<(), Failure> {
                let looked = tokio::time::timeout(READ_TIMEOUT, applied(connection, APPLIED)).await;
                let result = match looked.map_err(|_| Failure::TimedOut)? {
                    Ok(rows) if missing(ours, &rows)?.is_empty() => return Ok(()),
                    Err(failure) if failure.is_forbidden() => Err(failure),
                    _ => bring_up_to_date(connection, ours).await,
                };
                match result {
                    Err(failure) if failure.is_forbidden() => {
                        applied(connection, LOOK).await.map_err(|_| failure).map(drop)
                    }
                    result => result,
                }
            }

            /// All or nothing, and one replica after the other.
            async fn bring_up_to_date(connection: &mut $connection, ours: &Migrator) -> Result<(), Failure> {
                let mut transaction = connection.begin_with($begin).await?;
                $lock(&mut transaction).await?;
                let rows = attempt(&mut transaction, APPLIED).await?;
                let missing = missing(ours, &rows)?;
                if missing.is_empty() {
                    return Ok(());
                }
                transaction.execute(TABLE).await?;
                let former = attempt(&mut transaction, $former).await?;
                for migration in missing {
                    if !former.contains(&(migration.version, checksum(migration))) {
                        transaction.execute(sqlx::raw_sql(migration.sql.clone())).await?;
                    }
                    transaction.execute(sqlx::raw_sql(AssertSqlSafe(record(migration)))).await?;
                }
                Ok(transaction.commit().await?)
            }

            /// Nothing when the table is not there, or not for us to read. In a transaction of its own, which ends when
            /// it fails.
            async fn attempt(connection: &mut $connection, sql: &'static str) -> Result<Applied, Failure> {
                let mut transaction = connection.begin().await?;
                let rows = applied(&mut transaction, sql).await.unwrap_or_default();
                transaction.rollback().await?;
                Ok(rows)
            }

            async fn applied(connection: &mut $connection, sql: &'static str) -> Result<Applied, Failure> {
                let rows = connection.fetch_all(sqlx::raw_sql(sql)).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            }
        }
    };
}

dialect!(
    postgres,
    sqlx::PgConnection,
    "BEGIN",
    lock,
    "SELECT version, encode(checksum, 'hex') FROM _sqlx_migrations WHERE success"
);
dialect!(
    sqlite,
    sqlx::SqliteConnection,
    // Of two that would write, the second waits here.
    "BEGIN IMMEDIATE",
    async |_: &mut sqlx::SqliteConnection| Ok::<(), Failure>(()),
    "SELECT version, lower(hex(checksum)) FROM _sqlx_migrations WHERE success"
);

/// Until the end of the transaction. The number is sqlx's, so that the version before this one waits for it too.
async fn lock(connection: &mut sqlx::PgConnection) -> Result<(), Failure> {
    let row = connection.fetch_one(sqlx::raw_sql("SELECT current_database()::text")).await?;
    let database: String = row.try_get(0)?;
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(database.as_bytes());
    let sql = format!("SELECT pg_advisory_xact_lock({})", 0x3d32_ad9e * i64::from(checksum));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    Ok(())
}

/// What has still to be applied. Migrations that only a newer version knows are no concern of this one, which runs on
/// their tables too: in a canary release, and after a roll-back.
fn missing<'a>(ours: &'a Migrator, applied: &Applied) -> Result<Vec<&'a Migration>, Failure> {
    let mut missing = Vec::new();
    for migration in ours.iter() {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            None => missing.push(migration),
            Some((_, text)) if *text == checksum(migration) => {}
            Some((version, _)) => return Err(Failure::Changed(*version)),
        }
    }
    Ok(missing)
}

fn record(migration: &Migration) -> String {
    let (version, description, checksum) = (migration.version, &migration.description, checksum(migration));
    format!(
        "INSERT INTO product_api_migrations (version, description, checksum)
         VALUES ({version}, '{description}', '{checksum}')"
    )
}

/// In hexadecimal digits.
fn checksum(migration: &Migration) -> String {
    migration.checksum.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}
