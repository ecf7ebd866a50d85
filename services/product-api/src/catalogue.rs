//! The products in their database: PostgreSQL or SQLite behind one type, each query written once.
//!
//! The two dialects agree on everything that is asked of them here: `$1`, `RETURNING`, `COALESCE`, `LIKE`.

mod check;
mod epoch;
mod failure;
mod metrics;
mod migrate;
mod pool;
mod postgres;
mod report;
mod turns;
mod url;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use service_kit::Metrics;

use crate::filter::Filter;
use crate::input::{Changes, Draft};
use crate::precondition::Precondition;
use crate::price::Price;
use crate::product::{Product, Versioned};
pub(crate) use check::READ_ONLY;
use epoch::Epoch;
pub(crate) use failure::Unavailable;
use failure::{Connection, Failure};
use metrics::DatabaseMetrics;
use pool::Pool;
pub(crate) use turns::Turn;
use turns::Turns;
pub use url::DatabaseUrl;

/// What a query does, and so how long it may take once it has a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Walks an index: one that takes longer waits for a database that hangs.
    Read,
    /// Looks at every product.
    Count,
    /// Long, because a write that is given up may still be done; nobody's request waits for it (see `Products`).
    Write,
}

impl Work {
    fn limit(self) -> Duration {
        match self {
            Self::Read => READ_TIMEOUT,
            Self::Count | Self::Write => Duration::from_mins(1),
        }
    }
}

/// The limit of a read, and of everything on a connection that was made before a failover.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change<T> {
    Done(T),
    NotFound,
    /// The product is there, in a version that the client did not name.
    Moved,
}

/// The table of products.
pub(crate) struct Catalogue {
    pool: Pool,
    /// Where the database is, for whoever reads an error.
    target: String,
    epoch: Epoch,
    turns: Turns,
    metrics: DatabaseMetrics,
    migrated: AtomicBool,
    /// What the last check, or a write since, has found.
    read_only: AtomicBool,
}

/// Runs a query on a connection of whichever database it is; the body is compiled once for each. `$prepare` is whether
/// the statement may be kept for the next time. A connection whose query has failed is given up, unless the failure says
/// nothing about it.
macro_rules! query {
    ($catalogue:expr, $turn:expr, $work:expr, |$connection:ident, $prepare:ident| $query:expr) => {{
        // Boxed: it is large, and the requests that wait for another's answer should not each hold the room for it.
        let result = Box::pin(async {
            $catalogue.refuse($work)?;
            match &$catalogue.pool {
                Pool::Postgres(postgres) => {
                    let mut held = postgres.acquire().await.map_err(|error| $catalogue.no_connection(error))?;
                    let $prepare = !postgres.is_pooled();
                    let transaction = async {
                        if !$prepare {
                            sqlx::raw_sql("BEGIN").execute(&mut *held).await?;
                        }
                        let $connection = &mut *held;
                        let result = $query.await;
                        match &result {
                            _ if $prepare => {}
                            Ok(_) => {
                                sqlx::raw_sql("COMMIT").execute(&mut *held).await?;
                            }
                            // What the query said matters more than what this says.
                            Err(_) => {
                                let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *held).await;
                            }
                        }
                        result
                    };
                    let outcome = $catalogue.within($work, transaction).await;
                    if $catalogue.learn(&outcome) {
                        held.close_on_drop();
                    }
                    outcome
                }
                Pool::Sqlite(sqlite) => {
                    let mut held = sqlite.acquire().await.map_err(|error| $catalogue.no_connection(error))?;
                    let $prepare = true;
                    let $connection = &mut *held;
                    let outcome = $catalogue.within($work, $query).await;
                    if $catalogue.learn(&outcome) {
                        held.close_on_drop();
                    }
                    outcome
                }
            }
        })
        .await;
        $catalogue.metrics.observe($turn, result)
    }};
}

impl Catalogue {
    /// Connects when it is first asked for something.
    pub(crate) fn new(url: &DatabaseUrl, metrics: &Metrics) -> Self {
        let epoch = Epoch::new();
        let pool = Pool::new(url, &epoch);
        Self {
            turns: Turns::new(pool.turns()),
            pool,
            target: url.target(),
            epoch,
            metrics: DatabaseMetrics::new(metrics, url),
            migrated: AtomicBool::new(false),
            read_only: AtomicBool::new(false),
        }
    }

    /// Whether the tables are there, as far as anyone knows.
    pub(crate) fn is_migrated(&self) -> bool {
        self.migrated.load(Ordering::Acquire)
    }

    /// A turn for an operation. Whoever stops waiting has cost the database nothing; what is done with a turn should
    /// not be stopped, because that would cost its connection.
    pub(crate) async fn turn(&self, operation: &'static str) -> Result<Turn, Unavailable> {
        match self.turns.wait(operation).await {
            Ok(turn) => Ok(turn),
            Err(waited) => Ok(self.metrics.observe(&waited, Err(Failure::Busy))?),
        }
    }

    /// A page, by id, and one product more when it is not the last page. Its cost does not depend on the number of
    /// products: both queries walk an index from where the page before has ended.
    pub(crate) async fn list(&self, turn: &Turn, filter: &Filter) -> Result<Vec<Product>, Unavailable> {
        const ALL: &str = "SELECT id, name, description, price_cents, category, stock FROM products
            WHERE id > $1 ORDER BY id LIMIT $2";
        const CATEGORY: &str = "SELECT id, name, description, price_cents, category, stock FROM products
            WHERE category = $3 AND id > $1 ORDER BY id LIMIT $2";
        let (after, limit) = (filter.after, filter.limit + 1);
        Ok(query!(self, turn, Work::Read, |connection, prepare| async {
            let query = sqlx::query_as(if filter.category.is_none() { ALL } else { CATEGORY });
            let query = query.persistent(prepare).bind(after).bind(limit);
            match filter.category.as_deref() {
                None => query.fetch_all(connection).await,
                Some(category) => query.bind(category).fetch_all(connection).await,
            }
        })?)
    }

    pub(crate) async fn find(&self, turn: &Turn, id: i64) -> Result<Option<Versioned>, Unavailable> {
        const FIND: &str = "SELECT id, name, description, price_cents, category, stock, version FROM products
            WHERE id = $1";
        Ok(query!(self, turn, Work::Read, |connection, prepare| {
            sqlx::query_as(FIND).persistent(prepare).bind(id).fetch_optional(connection)
        })?)
    }

    pub(crate) async fn insert(&self, turn: &Turn, draft: &Draft) -> Result<Versioned, Unavailable> {
        const INSERT: &str = "INSERT INTO products (name, description, price_cents, category, stock)
            VALUES ($1, $2, $3, $4, $5)
            RETURNING id, name, description, price_cents, category, stock, version";
        Ok(query!(self, turn, Work::Write, |connection, prepare| {
            sqlx::query_as(INSERT)
                .persistent(prepare)
                .bind(&draft.name)
                .bind(&draft.description)
                .bind(draft.price.cents())
                .bind(&draft.category)
                .bind(draft.stock)
                .fetch_one(connection)
        })?)
    }

    /// Merges the changes in one statement: two updates of different members lose neither.
    pub(crate) async fn update(
        &self,
        turn: &Turn,
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
        let updated = query!(self, turn, Work::Write, |connection, prepare| {
            sqlx::query_as(UPDATE)
                .persistent(prepare)
                .bind(id)
                .bind(changes.name.as_deref())
                .bind(changes.description.as_deref())
                .bind(changes.price.map(Price::cents))
                .bind(changes.category.as_deref())
                .bind(changes.stock)
                .bind(precondition.versions())
                .fetch_optional(connection)
        })?;
        self.changed(id, updated, precondition).await
    }

    pub(crate) async fn delete(
        &self,
        turn: &Turn,
        id: i64,
        precondition: &Precondition,
    ) -> Result<Change<()>, Unavailable> {
        const DELETE: &str = "DELETE FROM products
            WHERE id = $1 AND ($2 IS NULL OR $2 LIKE '%,' || version || ',%') RETURNING id";
        let deleted: Option<(i64,)> = query!(self, turn, Work::Write, |connection, prepare| {
            sqlx::query_as(DELETE)
                .persistent(prepare)
                .bind(id)
                .bind(precondition.versions())
                .fetch_optional(connection)
        })?;
        self.changed(id, deleted.map(|_| ()), precondition).await
    }

    /// How many products there are. It looks at each: not for a request to wait for.
    pub(crate) async fn count(&self, turn: &Turn) -> Result<i64, Unavailable> {
        const COUNT: &str = "SELECT count(*) FROM products";
        Ok(query!(self, turn, Work::Count, |connection, prepare| {
            sqlx::query_scalar(COUNT).persistent(prepare).fetch_one(connection)
        })?)
    }

    /// Nothing was changed: because the product is not there, or because it is another version? Asked in the turn that
    /// the change still has.
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
                let found = self.find(&Turn::new("find"), id).await?;
                Ok(found.map_or(Change::NotFound, |_| Change::Moved))
            }
        }
    }

    /// What is not worth a connection.
    fn refuse(&self, work: Work) -> Result<(), Failure> {
        match () {
            () if !self.is_migrated() => Err(Failure::NotMigrated),
            () if work == Work::Write && self.read_only.load(Ordering::Acquire) => Err(Failure::ReadOnly),
            () => Ok(()),
        }
    }

    fn no_connection(&self, error: sqlx::Error) -> Failure {
        Failure::NoConnection { to: self.target.clone(), error }
    }

    /// Waits for a query, less patiently when its connection leads to a server that has been replaced.
    async fn within<T>(
        &self,
        work: Work,
        query: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Failure> {
        let (started, mut query) = (Instant::now(), pin!(query));
        loop {
            if let Ok(result) = tokio::time::timeout(READ_TIMEOUT, &mut query).await {
                return Ok(result?);
            }
            if started.elapsed() >= work.limit() || self.epoch.has_ended_since(started) {
                return Err(Failure::TimedOut);
            }
        }
    }

    /// Acts on what an outcome says about the database. Returns whether its connection should be closed.
    fn learn<T>(&self, outcome: &Result<T, Failure>) -> bool {
        let Err(failure) = outcome else { return false };
        if failure.is_read_only() {
            self.set_read_only(true);
        }
        match failure.connection() {
            Connection::Sound => false,
            // SQLite has no other end that could be lost.
            Connection::Spent => !matches!((failure, &self.pool), (Failure::TimedOut, Pool::Sqlite(_))),
            Connection::Outdated => {
                self.epoch.end();
                true
            }
        }
    }

    /// In either direction, the connections that there are may lead to a server that has lost its role.
    fn set_read_only(&self, read_only: bool) {
        if self.read_only.swap(read_only, Ordering::AcqRel) != read_only {
            self.epoch.end();
            tracing::warn!("database: {}", if read_only { "read-only" } else { "takes writes again" });
        }
    }
}
