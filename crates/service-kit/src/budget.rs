//! What requests hold in memory, all together. A limit for each of them bounds nothing when there are a thousand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The bytes that may be held at a time.
pub(crate) struct Budget {
    max: u64,
    held: AtomicU64,
}

impl Budget {
    pub(crate) fn new(max: u64) -> Arc<Self> {
        Arc::new(Self { max, held: AtomicU64::new(0) })
    }
}

/// What one request holds of it, given back when dropped.
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: AtomicU64,
    refused: AtomicBool,
}

impl Share {
    pub(crate) fn of(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: AtomicU64::new(0), refused: AtomicBool::new(false) }
    }

    /// Takes more; false when there is not so much left.
    pub(crate) fn grow(&self, bytes: u64) -> bool {
        let held = self.budget.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if held > self.budget.max {
            self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
            self.refused.store(true, Ordering::Relaxed);
            return false;
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Whether it was ever told that there is not so much left.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Gives everything back.
    pub(crate) fn release(&self) {
        self.budget.held.fetch_sub(self.bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_grow_up_to_the_budget_and_give_back() {
        let budget = Budget::new(10);
        let (one, other) = (Share::of(&budget), Share::of(&budget));
        assert!(one.grow(6) && other.grow(4) && !other.was_refused());
        assert!(!other.grow(1) && !one.grow(u64::from(u32::MAX)) && other.was_refused());
        one.release();
        assert!(other.grow(6) && !other.grow(1));
        drop((one, other));
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }
}
