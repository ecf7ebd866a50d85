//! Memory that requests hold, bounded in sum: a demo of memory pressure must not become an OOM kill by accident.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all requests together may hold, in bytes.
pub(super) struct Budget {
    left: Arc<AtomicU64>,
}

/// A part of the budget, given back when dropped, with the memory that was made of it.
pub(super) struct Held {
    bytes: u64,
    left: Arc<AtomicU64>,
    memory: Vec<u8>,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(bytes)) }
    }

    /// Takes a part, or None when not so much is left.
    pub(super) fn reserve(&self, bytes: u64) -> Option<Held> {
        let take = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Held { bytes, left: Arc::clone(&self.left), memory: Vec::new() })
    }
}

impl Held {
    pub(super) fn is_resident(&self) -> bool {
        self.memory.len() as u64 == self.bytes
    }

    /// Allocates the memory and writes it, so that it counts as used.
    pub(super) fn make_resident(&mut self) {
        if !self.is_resident() {
            self.memory = vec![1; usize::try_from(self.bytes).unwrap_or(usize::MAX)];
            std::hint::black_box(&mut self.memory);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory = Vec::new();
        self.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_bounded_and_comes_back() {
        let budget = Budget::new(10);
        let held = budget.reserve(8).unwrap();
        assert!(budget.reserve(3).is_none());
        drop(held);
        assert!(budget.reserve(10).is_some());
        assert!(budget.reserve(u64::MAX).is_none());
    }
}
