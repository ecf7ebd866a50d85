//! What `/health`, `/ready` and `/readyz` say about the database and the cache, found in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use service_kit::{Check, Kit, Severity};

use crate::products::Products;

/// Time between two checks of the database: with its recovery, this is how long `/readyz` says 503 too long.
const INTERVAL: Duration = Duration::from_secs(1);

/// Counting a million products takes a database about a tenth of a second: it may take a twentieth of the time.
const COUNTING_SHARE: u32 = 20;

/// The count before the first one.
const UNKNOWN: i64 = -1;

/// The check of the cache, to be reported by it; None without a cache.
pub(crate) fn redis_check(kit: &Kit, enabled: bool) -> Option<Check> {
    let check = enabled.then(|| kit.health.add("redis", Severity::Soft));
    let shown = check.clone();
    kit.health.describe(move |body| {
        let state = shown.as_ref().map_or(Value::from("disabled"), connected);
        body.insert("redis".to_owned(), state);
    });
    check
}

/// Migrates the database when it comes, and keeps its check.
pub(crate) fn watch_database(kit: &Kit, products: Arc<Products>) {
    let check = kit.health.add("database", Severity::Hard);
    let count = Arc::new(AtomicI64::new(UNKNOWN));
    describe(kit, check.clone(), Arc::clone(&count));
    kit.spawn(async move {
        let failed = |reason: String| {
            tracing::warn!("database: {reason}");
            check.report(Err(reason));
        };
        products.catalogue.migrate(failed).await;
        let mut next_count = Instant::now();
        loop {
            let result = products.catalogue.ping().await;
            check.report(result.map_err(|error| error.to_string()));
            if result.is_ok() && Instant::now() >= next_count {
                next_count = count_products(&products, &count).await;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    });
}

fn describe(kit: &Kit, check: Check, count: Arc<AtomicI64>) {
    kit.health.describe(move |body: &mut Map<String, Value>| {
        body.insert("database".to_owned(), connected(&check));
    });
    kit.health.describe_health(move |body| {
        let count = Some(count.load(Ordering::Relaxed)).filter(|count| *count != UNKNOWN);
        body.insert("productsCount".to_owned(), count.into());
    });
}

/// Returns when to count again.
async fn count_products(products: &Products, count: &AtomicI64) -> Instant {
    let started = Instant::now();
    if let Ok(counted) = products.catalogue.count().await {
        count.store(counted, Ordering::Relaxed);
    }
    Instant::now() + started.elapsed() * COUNTING_SHARE
}

fn connected(check: &Check) -> Value {
    check.last().map(|result| if result.is_ok() { "connected" } else { "disconnected" }).into()
}
