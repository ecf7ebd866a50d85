//! What `/health`, `/ready` and `/readyz` say about the database and the cache, found in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use service_kit::{Check, Kit, Severity};

use crate::catalogue::READ_ONLY;
use crate::products::Products;

/// Time between two checks of the database.
const INTERVAL: Duration = Duration::from_secs(1);

/// The same while it fails: with its recovery, this is how long `/readyz` says 503 too long.
const RETRY: Duration = Duration::from_millis(500);

/// How often it is looked whether there is anything to count yet.
const SOON: Duration = Duration::from_millis(100);

/// Counting a million products takes a database about a tenth of a second: it may take a twentieth of the time.
const COUNTING_SHARE: u32 = 20;

/// The count before the first one.
const UNKNOWN: i64 = -1;

/// The check of the cache, to be reported by it. What comes up at the same time as its Redis waits for it: until it is
/// linked, its writes could not end what other replicas have cached.
pub(crate) fn redis_check(kit: &Kit) -> Check {
    kit.health.add("redis", Severity::HardAtFirst)
}

pub(crate) fn describe_redis(kit: &Kit, products: Arc<Products>) {
    kit.health.describe(move |body| {
        let state = match &products.cache {
            Some(cache) if cache.is_linked() => "connected",
            Some(_) => "disconnected",
            None => "disabled",
        };
        body.insert("redis".to_owned(), state.into());
    });
}

/// Keeps the database's check, and counts the products.
pub(crate) fn watch_database(kit: &Kit, products: &Arc<Products>) {
    let check = kit.health.add("database", Severity::Hard);
    let count = Arc::new(AtomicI64::new(UNKNOWN));
    describe(kit, check.clone(), Arc::clone(&count));
    // Apart, because a count may take long, and no check waits for it.
    kit.spawn(keep_checking(Arc::clone(products), check));
    kit.spawn(keep_counting(Arc::clone(products), count));
}

async fn keep_checking(products: Arc<Products>, check: Check) {
    loop {
        let result = products.catalogue.check().await;
        let pause = if result.is_ok() { INTERVAL } else { RETRY };
        check.report(result);
        tokio::time::sleep(pause).await;
    }
}

async fn keep_counting(products: Arc<Products>, count: Arc<AtomicI64>) {
    loop {
        let started = Instant::now();
        let pause = match products.count().await {
            Some(number) => {
                count.store(number, Ordering::Relaxed);
                (started.elapsed() * COUNTING_SHARE).max(INTERVAL)
            }
            None if products.catalogue.is_migrated() => INTERVAL,
            None => SOON,
        };
        tokio::time::sleep(pause).await;
    }
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

fn connected(check: &Check) -> Value {
    let word = |result: Result<(), String>| match result {
        Ok(()) => "connected",
        Err(reason) if reason.starts_with(READ_ONLY) => READ_ONLY,
        Err(_) => "disconnected",
    };
    check.last().map(word).into()
}
