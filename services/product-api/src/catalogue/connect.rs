//! Where the database is, and the pool of connections to it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

use super::Pool;

/// How long a query waits for a connection. Shorter than the deadline of any client that shows the 503 to someone,
/// longer than a connection takes on a busy database.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections of one replica. Nine replicas fit PostgreSQL's default of 100, and two cores are busy with fewer.
const MAX_CONNECTIONS: u32 = 10;

/// `DATABASE_URL`: PostgreSQL, or a file of SQLite, or SQLite in memory.
#[derive(Clone)]
pub struct DatabaseUrl(Url);

#[derive(Clone)]
enum Url {
    Postgres(Box<PgConnectOptions>),
    SqliteFile(Box<SqliteConnectOptions>),
    SqliteMemory,
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// The error does not show the text: it holds a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = || {
            "must be postgres://user:password@host:port/database, sqlite://file or sqlite::memory:".to_owned()
        };
        match text.split_once(':').ok_or_else(allowed)? {
            ("postgres" | "postgresql", _) => {
                let options = PgConnectOptions::from_str(text).map_err(|_| allowed())?;
                Ok(Self(Url::Postgres(Box::new(options.application_name("product-api")))))
            }
            ("sqlite", ":memory:" | "//:memory:") => Ok(Self::memory()),
            ("sqlite", file) if !file.trim_start_matches('/').is_empty() => {
                let options = SqliteConnectOptions::from_str(text).map_err(|_| allowed())?;
                Ok(Self(Url::SqliteFile(Box::new(options.create_if_missing(true)))))
            }
            _ => Err(allowed()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl DatabaseUrl {
    pub(crate) fn memory() -> Self {
        Self(Url::SqliteMemory)
    }

    /// A pool that makes its first connection when it is first needed.
    pub(super) fn pool(&self) -> Pool {
        match &self.0 {
            Url::Postgres(options) => Pool::Postgres(
                bounded(PgPoolOptions::new(), MAX_CONNECTIONS).connect_lazy_with(options.as_ref().clone()),
            ),
            Url::SqliteFile(options) => {
                // Readers do not wait for the writer, and a writer waits for another.
                let options = options
                    .as_ref()
                    .clone()
                    .journal_mode(SqliteJournalMode::Wal)
                    .busy_timeout(ACQUIRE_TIMEOUT);
                Pool::Sqlite(bounded(SqlitePoolOptions::new(), MAX_CONNECTIONS).connect_lazy_with(options))
            }
            Url::SqliteMemory => {
                // The database lives and dies with its one connection.
                let options = bounded(SqlitePoolOptions::new(), 1).idle_timeout(None).max_lifetime(None);
                Pool::Sqlite(options.connect_lazy_with(SqliteConnectOptions::new().in_memory(true)))
            }
        }
    }
}

fn bounded<D: sqlx::Database>(options: PoolOptions<D>, connections: u32) -> PoolOptions<D> {
    options.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_database_is_refused_without_showing_it() {
        for bad in
            ["", "hunter2", "mysql://hunter2@host/db", "sqlite://", "sqlite:", "postgres://hunter2@:x/"]
        {
            let message = bad.parse::<DatabaseUrl>().unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_password_is_not_in_the_debug_output() {
        let url: DatabaseUrl = "postgres://user:hunter2@host/db".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
