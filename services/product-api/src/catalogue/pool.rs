//! The pools of connections, of whichever database it is.

use std::sync::Mutex;
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use super::epoch::Epoch;
use super::postgres::Postgres;
use super::url::{DatabaseUrl, Url};

/// How long a connection is waited for: one that was made before answers at once, a new one takes a busy server longer.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections of one replica. Nine replicas fit PostgreSQL's default of 100, and two cores are busy with fewer.
pub(super) const MAX_CONNECTIONS: u32 = 10;

pub(super) enum Pool {
    Postgres(Box<Postgres>),
    Sqlite(Sqlite),
}

pub(super) struct Sqlite {
    pool: SqlitePool,
    /// A database in memory ends with its last connection: this one, which nothing is asked on, keeps it.
    keeper: Option<Mutex<Option<SqliteConnection>>>,
}

impl Pool {
    /// Makes its first connection when it is first needed.
    pub(super) fn new(url: &DatabaseUrl, epoch: &Epoch) -> Self {
        match &url.0 {
            Url::Postgres(options) => Self::Postgres(Box::new(Postgres::new(options, epoch))),
            Url::SqliteFile { options, read_only } => Self::Sqlite(Sqlite::file(options, *read_only, epoch)),
            Url::SqliteMemory => Self::Sqlite(Sqlite::memory(epoch)),
        }
    }

    /// How many requests may ask it at a time. One connection is left over for the checks, where there is more than one.
    pub(super) fn turns(&self) -> usize {
        match self {
            Self::Sqlite(Sqlite { keeper: Some(_), .. }) => 1,
            _ => MAX_CONNECTIONS as usize - 1,
        }
    }
}

impl Sqlite {
    fn file(options: &SqliteConnectOptions, read_only: bool, epoch: &Epoch) -> Self {
        let options = options.clone().busy_timeout(CONNECT_TIMEOUT);
        // Readers do not wait for the writer, and a writer waits for another.
        let options = match read_only {
            true => options,
            false => options.journal_mode(SqliteJournalMode::Wal),
        };
        let pool = bounded(SqlitePoolOptions::new(), MAX_CONNECTIONS, epoch, None);
        Self { pool: pool.connect_lazy_with(options), keeper: None }
    }

    /// One connection: several to one database in memory would fail where they should wait for each other.
    fn memory(epoch: &Epoch) -> Self {
        let options: SqliteConnectOptions = "sqlite::memory:".parse().expect("it is sound");
        let pool = bounded(SqlitePoolOptions::new(), 1, epoch, None).idle_timeout(None).max_lifetime(None);
        Self { pool: pool.connect_lazy_with(options), keeper: Some(Mutex::default()) }
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<sqlx::Sqlite>, sqlx::Error> {
        self.pool.acquire().await
    }

    /// To be called before a database in memory is first used.
    pub(super) async fn keep(&self) -> Result<(), sqlx::Error> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        if keeper.lock().expect("nothing panics with it").is_none() {
            let connection = self.pool.connect_options().connect().await?;
            *keeper.lock().expect("nothing panics with it") = Some(connection);
        }
        Ok(())
    }
}

/// A connection is taken again when it is of the present epoch and answers; with a limit, within it. One that does not
/// ends the epoch: the others go to the same server.
pub(super) fn bounded<D: sqlx::Database>(
    options: PoolOptions<D>,
    connections: u32,
    epoch: &Epoch,
    limit: Option<Duration>,
) -> PoolOptions<D> {
    let epoch = epoch.clone();
    let options = options.max_connections(connections).acquire_timeout(CONNECT_TIMEOUT);
    options.test_before_acquire(false).before_acquire(move |connection, about| {
        let epoch = epoch.clone();
        Box::pin(async move {
            if epoch.is_younger_than(about.age) {
                return Ok(false);
            }
            let Some(limit) = limit else { return Ok(true) };
            let answers = matches!(tokio::time::timeout(limit, connection.ping()).await, Ok(Ok(())));
            if !answers {
                epoch.end();
            }
            Ok(answers)
        })
    })
}
