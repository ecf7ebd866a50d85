//! The products in their database: PostgreSQL or SQLite behind one type, each query written once.
//!
//! The two dialects agree on everything that is asked of them here: `$1`, `RETURNING`, `COALESCE`, `LIKE`.

mod connect;
mod metrics;
mod migrate;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use service_kit::Metrics;
use sqlx::{PgPool, SqlitePool};

use crate::filter::Filter;
use crate::input::{Changes, Draft};
use crate::precondition::Precondition;
use crate::price::Price;
use crate::product::{Product, Versioned};
pub use connect::DatabaseUrl;
use metrics::DatabaseMetrics;

/// How long a read may take once it has a connection. Every query walks an index: one that takes longer waits for a
/// database that hangs.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the outcome of a write is waited for. Long, because a write that is given up may still be done; nobody's
/// request waits for it (see `Products`).
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// The database did not do it, or did not say so. The cause has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("database unavailable")]
pub(crate) struct Unavailable {
    /// Whether a write may have been done all the same.
    pub(crate) outcome_unknown: bool,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change<T> {
    Done(T),
    NotFound,
    /// The product is there, in a version that the client did not name.
    Moved,
}

enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// The table of products.
pub(crate) struct Catalogue {
    pool: Pool,
    metrics: DatabaseMetrics,
    migrated: AtomicBool,
}

/// Runs a query on a connection of whichever database it is; the body is compiled once for each. When the time is over
/// a connection to PostgreSQL is given up, because nobody knows whether there is still someone at its other end. One to
/// SQLite is not: a database in memory would go with it.
macro_rules! query {
    ($catalogue:expr, $operation:literal, $limit:expr, |$connection:ident| $query:expr) => {
        // Boxed: it is large, and the requests that wait for another's answer should not each hold the room for it.
        $catalogue.metrics.observe($operation, Box::pin(async {
            if !$catalogue.migrated.load(Ordering::Acquire) {
                return Err(Failure::NotMigrated);
            }
            match &$catalogue.pool {
                Pool::Postgres(pool) => query!(@on pool, $limit, $connection, $query, held, held.close_on_drop()),
                Pool::Sqlite(pool) => query!(@on pool, $limit, $connection, $query, held, ()),
            }
        }))
    };
    (@on $pool:expr, $limit:expr, $connection:ident, $query:expr, $held:ident, $give_up:expr) => {{
        let mut $held = $pool.acquire().await.map_err(Failure::NoConnection)?;
        let $connection = &mut *$held;
        let outcome = tokio::time::timeout($limit, $query).await;
        match outcome {
            Ok(result) => result.map_err(Failure::from),
            Err(_) => {
                $give_up;
                Err(Failure::TimedOut)
            }
        }
    }};
}

/// Why a query failed, for the log.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the database has not been migrated yet")]
    NotMigrated,
    #[error("no connection: {0}")]
    NoConnection(sqlx::Error),
    #[error("no answer in time")]
    TimedOut,
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

impl Failure {
    /// The statement was sent, and no answer to it came.
    fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::NotMigrated | Self::NoConnection(_) | Self::Sql(sqlx::Error::Database(_)) => false,
            Self::TimedOut | Self::Sql(_) => true,
        }
    }
}

impl Catalogue {
    /// Connects when it is first asked for something.
    pub(crate) fn new(url: &DatabaseUrl, metrics: &Metrics) -> Self {
        Self { pool: url.pool(), metrics: DatabaseMetrics::new(metrics), migrated: AtomicBool::new(false) }
    }

    /// A page, by id, and one product more when it is not the last page. Its cost does not depend on the number of
    /// products: both queries walk an index from where the page before has ended.
    pub(crate) async fn list(&self, filter: &Filter) -> Result<Vec<Product>, Unavailable> {
        const ALL: &str = "SELECT id, name, description, price_cents, category, stock FROM products
            WHERE id > $1 ORDER BY id LIMIT $2";
        const CATEGORY: &str = "SELECT id, name, description, price_cents, category, stock FROM products
            WHERE category = $3 AND id > $1 ORDER BY id LIMIT $2";
        let (after, limit) = (filter.after, filter.limit + 1);
        query!(self, "list", READ_TIMEOUT, |connection| async {
            match filter.category.as_deref() {
                None => sqlx::query_as(ALL).bind(after).bind(limit).fetch_all(connection).await,
                Some(category) => {
                    sqlx::query_as(CATEGORY)
                        .bind(after)
                        .bind(limit)
                        .bind(category)
                        .fetch_all(connection)
                        .await
                }
            }
        })
        .await
    }

    pub(crate) async fn find(&self, id: i64) -> Result<Option<Versioned>, Unavailable> {
        const FIND: &str = "SELECT id, name, description, price_cents, category, stock, version FROM products
            WHERE id = $1";
        query!(self, "find", READ_TIMEOUT, |connection| sqlx::query_as(FIND)
            .bind(id)
            .fetch_optional(connection))
        .await
    }

    pub(crate) async fn insert(&self, draft: &Draft) -> Result<Versioned, Unavailable> {
        const INSERT: &str = "INSERT INTO products (name, description, price_cents, category, stock)
            VALUES ($1, $2, $3, $4, $5)
            RETURNING id, name, description, price_cents, category, stock, version";
        query!(self, "insert", WRITE_TIMEOUT, |connection| {
            sqlx::query_as(INSERT)
                .bind(&draft.name)
                .bind(&draft.description)
                .bind(draft.price.cents())
                .bind(&draft.category)
                .bind(draft.stock)
                .fetch_one(connection)
        })
        .await
    }

    /// Merges the changes in one statement: two updates of different members lose neither.
    pub(crate) async fn update(
        &self,
        id: i64,
        changes: &Changes,
        precondition: &Precondition,
    ) -> Result<Change<Versioned>, Unavailable> {
        const UPDATE: &str = "UPDATE products SET
                name = COALESCE($2, name), description = COALESCE($3, description),
                price_cents = COALESCE($4, price_cents), category = COALESCE($5, category),
                stock = COALESCE($6, stock), version = version + 1
            WHERE id = $1 AND ($7 IS NULL OR $7 LIKE '%,' || version || ',%')
            RETURNING id, name, description, price_cents, category, stock, version";
        let updated = query!(self, "update", WRITE_TIMEOUT, |connection| {
            sqlx::query_as(UPDATE)
                .bind(id)
                .bind(changes.name.as_deref())
                .bind(changes.description.as_deref())
                .bind(changes.price.map(Price::cents))
                .bind(changes.category.as_deref())
                .bind(changes.stock)
                .bind(precondition.versions())
                .fetch_optional(connection)
        })
        .await?;
        self.changed(id, updated, precondition).await
    }

    pub(crate) async fn delete(
        &self,
        id: i64,
        precondition: &Precondition,
    ) -> Result<Change<()>, Unavailable> {
        const DELETE: &str = "DELETE FROM products
            WHERE id = $1 AND ($2 IS NULL OR $2 LIKE '%,' || version || ',%') RETURNING id";
        let deleted: Option<(i64,)> = query!(self, "delete", WRITE_TIMEOUT, |connection| {
            sqlx::query_as(DELETE).bind(id).bind(precondition.versions()).fetch_optional(connection)
        })
        .await?;
        self.changed(id, deleted.map(|_| ()), precondition).await
    }

    /// How many products there are. It looks at each: not for a request to wait for.
    pub(crate) async fn count(&self) -> Result<i64, Unavailable> {
        const COUNT: &str = "SELECT count(*) FROM products";
        query!(self, "count", WRITE_TIMEOUT, |connection| sqlx::query_scalar(COUNT).fetch_one(connection))
            .await
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), Unavailable> {
        let one: i64 = query!(self, "ping", READ_TIMEOUT, |connection| {
            sqlx::query_scalar("SELECT CAST(1 AS BIGINT)").fetch_one(connection)
        })
        .await?;
        debug_assert_eq!(one, 1);
        Ok(())
    }

    /// Nothing was changed: because the product is not there, or because it is another version?
    async fn changed<T>(
        &self,
        id: i64,
        changed: Option<T>,
        precondition: &Precondition,
    ) -> Result<Change<T>, Unavailable> {
        match (changed, precondition) {
            (Some(value), _) => Ok(Change::Done(value)),
            (None, Precondition::Any) => Ok(Change::NotFound),
            (None, Precondition::OneOf(_)) => {
                Ok(self.find(id).await?.map_or(Change::NotFound, |_| Change::Moved))
            }
        }
    }
}
