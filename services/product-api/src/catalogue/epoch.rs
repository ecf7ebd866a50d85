//! Which connections lead to the server that is there now: after a failover, those that were made before it do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clone is another handle to the same.
#[derive(Clone)]
pub(super) struct Epoch(Arc<Inner>);

struct Inner {
    zero: Instant,
    /// When the present epoch began, in nanoseconds after zero.
    began: AtomicU64,
}

impl Epoch {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner { zero: Instant::now(), began: AtomicU64::new(0) }))
    }

    /// From now on, no connection that was made before now is used again.
    pub(super) fn end(&self) {
        self.0.began.fetch_max(self.nanoseconds(Instant::now()), Ordering::AcqRel);
    }

    pub(super) fn has_ended_since(&self, then: Instant) -> bool {
        self.nanoseconds(then) < self.0.began.load(Ordering::Acquire)
    }

    /// Whether something of this age is from before the present epoch.
    pub(super) fn is_younger_than(&self, age: Duration) -> bool {
        Instant::now().checked_sub(age).is_some_and(|made| self.has_ended_since(made))
    }

    fn nanoseconds(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.0.zero).as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_before_its_end_is_old() {
        let epoch = Epoch::new();
        let before = Instant::now();
        assert!(!epoch.has_ended_since(before) && !epoch.is_younger_than(Duration::ZERO));
        std::thread::sleep(Duration::from_millis(2));
        epoch.end();
        assert!(epoch.has_ended_since(before) && epoch.is_younger_than(before.elapsed()));
        assert!(!epoch.has_ended_since(Instant::now() + Duration::from_millis(1)));
    }
}
