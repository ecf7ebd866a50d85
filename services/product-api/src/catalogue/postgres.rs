//! Connections to PostgreSQL, or to a pooler before it.
//!
//! A pooler such as PgBouncer in transaction mode gives each transaction another session. What is prepared on one is not
//! there on the next, or worse, is somebody else's: then every query has to be a transaction of its own. A pooler gives
//! itself away because a setting that a connection begins with does not reach the session, or is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Error, PgConnection, PgPool};

use super::epoch::Epoch;
use super::pool::{CONNECT_TIMEOUT, MAX_CONNECTIONS, bounded};

/// A setting that PostgreSQL lets anyone invent.
const MARK: &str = "product_api.direct";
const READ_MARK: &str = "SELECT current_setting('product_api.direct', true)";

/// Kept by `DATABASE_URL`'s own parameter at 0, it would leave a statement behind for each query.
const STATEMENTS: usize = 100;

/// How long a connection that was made before may take to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Postgres {
    pool: PgPool,
    /// Without the mark.
    options: PgConnectOptions,
    pooled: Arc<AtomicBool>,
}

impl Postgres {
    pub(super) fn new(options: &PgConnectOptions, epoch: &Epoch) -> Self {
        // Poolers refuse extra_float_digits, and no column has floats.
        let options = options.clone().application_name("product-api").extra_float_digits(None);
        let options = options.statement_cache_capacity(STATEMENTS);
        let marked = options.clone().options([(MARK, "on")]);
        let pooled = Arc::new(AtomicBool::new(false));
        let pool = bounded(PgPoolOptions::new(), MAX_CONNECTIONS, epoch, Some(PING_TIMEOUT));
        let seen = Arc::clone(&pooled);
        let pool = pool.after_connect(move |connection, _| {
            let seen = Arc::clone(&seen);
            Box::pin(async move {
                if !seen.load(Ordering::Acquire) && !bears_mark(connection).await? {
                    note(&seen);
                }
                Ok(())
            })
        });
        Self { pool: pool.connect_lazy_with(marked), options, pooled }
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<sqlx::Postgres>, Error> {
        match self.pool.acquire().await {
            Err(error) if !self.is_pooled() && refuses_mark(&error) => {
                self.pool.set_connect_options(self.options.clone());
                note(&self.pooled);
                self.pool.acquire().await
            }
            result => result,
        }
    }

    /// A connection to whoever is there now, outside of the pool.
    pub(super) async fn fresh(&self) -> Result<PgConnection, Error> {
        let options = self.pool.connect_options();
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        connection.map_err(|_| Error::PoolTimedOut)?
    }

    /// Whether every query must be a transaction of its own, with nothing prepared before it.
    pub(super) fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::Acquire)
    }
}

async fn bears_mark(connection: &mut PgConnection) -> Result<bool, Error> {
    use sqlx::{Executor, Row};
    // As text, and so without a statement being prepared.
    let row = connection.fetch_one(sqlx::raw_sql(READ_MARK)).await?;
    Ok(row.try_get::<Option<String>, _>(0)?.as_deref() == Some("on"))
}

/// PgBouncer says protocol violation, others that the feature is not supported.
fn refuses_mark(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("08P01" | "0A000"))
}

fn note(pooled: &AtomicBool) {
    if !pooled.swap(true, Ordering::AcqRel) {
        tracing::info!("database: behind a pooler of connections; every query is a transaction of its own");
    }
}
