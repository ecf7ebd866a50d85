//! One query for many who ask the same at the same time: a stampede costs the database a handful of queries.
//!
//! Who arrives while a query runs does not take its answer, which may be older than a write that was answered in
//! between; they wait, and share the next query, which starts after all of them have arrived. So sharing never makes
//! an answer older than asking alone would, with or without a cache, on one replica or many.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The queries that are running, by what they ask for.
pub(crate) struct Coalesce<K, V, E> {
    slots: Slots<K, V, E>,
}

type Slots<K, V, E> = Mutex<HashMap<K, (Users, Arc<Slot<V, E>>)>>;

/// How many requests use a slot.
type Users = usize;

struct Slot<V, E> {
    /// Counts arrivals, starts and failures, so that it is known which came first.
    clock: AtomicU64,
    /// The last outcome; who arrived before the time beside it may share it. The lock is held while a query runs, and
    /// it is fair.
    last: tokio::sync::Mutex<Option<(u64, Result<V, E>)>>,
}

/// A result, and whether this caller ran the query for it.
pub(crate) struct Shared<V> {
    pub(crate) value: V,
    pub(crate) asked: bool,
}

impl<K: Clone + Eq + Hash, V: Clone, E: Clone> Coalesce<K, V, E> {
    pub(crate) fn new() -> Self {
        Self { slots: Mutex::default() }
    }

    /// The answer of a query that starts after this call. A failure is shared with everyone who waits: when the
    /// database is down, a thousand do not find out one after the other.
    pub(crate) async fn run(
        &self,
        key: K,
        query: impl Future<Output = Result<V, E>>,
    ) -> Result<Shared<V>, E> {
        let place = Place::take(self, key);
        let arrival = place.slot.tick();
        let mut last = place.slot.last.lock().await;
        if let Some((before, outcome)) = &*last
            && arrival < *before
        {
            return outcome.clone().map(|value| Shared { value, asked: false });
        }
        let started = place.slot.tick();
        let result = query.await;
        let before = if result.is_ok() { started } else { place.slot.tick() };
        *last = Some((before, result.clone()));
        result.map(|value| Shared { value, asked: true })
    }
}

impl<V, E> Slot<V, E> {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

/// A use of a slot. The last one takes the slot away, also when its request was given up.
struct Place<'a, K: Eq + Hash, V, E> {
    slots: &'a Slots<K, V, E>,
    key: K,
    slot: Arc<Slot<V, E>>,
}

impl<'a, K: Clone + Eq + Hash, V, E> Place<'a, K, V, E> {
    fn take(coalesce: &'a Coalesce<K, V, E>, key: K) -> Self {
        let new = || (0, Arc::new(Slot { clock: AtomicU64::new(0), last: tokio::sync::Mutex::new(None) }));
        let mut slots = lock(&coalesce.slots);
        let (users, slot) = slots.entry(key.clone()).or_insert_with(new);
        *users += 1;
        Self { slots: &coalesce.slots, key, slot: Arc::clone(slot) }
    }
}

impl<K: Eq + Hash, V, E> Drop for Place<'_, K, V, E> {
    fn drop(&mut self) {
        let mut slots = lock(self.slots);
        let (users, _) = slots.get_mut(&self.key).expect("a slot stays while it is used");
        *users -= 1;
        if *users == 0 {
            slots.remove(&self.key);
        }
    }
}

/// Nothing panics while one of these is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tokio::sync::Semaphore;

    use super::*;

    /// A database whose answer is the number of the query, once the gate lets it.
    struct Gated {
        coalesce: Coalesce<&'static str, u32, &'static str>,
        queries: AtomicU32,
        gate: Semaphore,
    }

    impl Gated {
        fn new() -> Arc<Self> {
            let gate = Semaphore::new(0);
            Arc::new(Self { coalesce: Coalesce::new(), queries: AtomicU32::new(0), gate })
        }

        async fn ask(self: Arc<Self>) -> Result<u32, &'static str> {
            let query = async {
                let number = self.queries.fetch_add(1, Ordering::SeqCst) + 1;
                self.gate.acquire().await.map_err(|_| "down")?.forget();
                Ok(number)
            };
            self.coalesce.run("key", query).await.map(|shared| shared.value)
        }

        fn waiting(&self) -> usize {
            lock(&self.coalesce.slots).get("key").map_or(0, |(users, _)| *users)
        }

        async fn start(
            self: &Arc<Self>,
            count: usize,
        ) -> Vec<tokio::task::JoinHandle<Result<u32, &'static str>>> {
            let before = self.waiting();
            let tasks = (0..count).map(|_| tokio::spawn(Arc::clone(self).ask())).collect();
            while self.waiting() < before + count || self.queries.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            tasks
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_query_runs_shares_the_next_one() {
        let gated = Gated::new();
        let first = gated.start(1).await.remove(0);
        let rest = gated.start(1_000).await;
        gated.gate.add_permits(10);
        assert_eq!(first.await.unwrap(), Ok(1));
        for task in rest {
            assert_eq!(task.await.unwrap(), Ok(2));
        }
        assert_eq!(gated.waiting(), 0);
        assert!(lock(&gated.coalesce.slots).is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_all_who_wait() {
        let gated = Gated::new();
        let tasks = gated.start(100).await;
        gated.gate.close();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Err("down"));
        }
        assert_eq!(gated.queries.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_given_to_who_comes_after_it() {
        let coalesce: Coalesce<&str, u32, &str> = Coalesce::new();
        // Someone who never goes on keeps the slot in use.
        let _place = Place::take(&coalesce, "key");
        assert_eq!(coalesce.run("key", async { Err("down") }).await.map(|shared| shared.value), Err("down"));
        assert_eq!(coalesce.run("key", async { Ok(7) }).await.map(|shared| shared.value), Ok(7));
        assert_eq!(coalesce.run("key", async { Ok(8) }).await.map(|shared| shared.value), Ok(8));
    }

    #[tokio::test]
    async fn when_the_one_who_asks_gives_up_the_next_one_asks() {
        let gated = Gated::new();
        let first = gated.start(1).await.remove(0);
        let second = gated.start(1).await.remove(0);
        first.abort();
        gated.gate.add_permits(1);
        assert_eq!(second.await.unwrap(), Ok(2));
        assert!(lock(&gated.coalesce.slots).is_empty());
    }
}
