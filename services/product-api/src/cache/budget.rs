//! How long one request may wait for the cache.

use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;

/// What all cache operations of one request may take together. The contract allows 50 ms; the rest is for a timer that
/// fires late on a busy machine.
const TOTAL: Duration = Duration::from_millis(40);

/// What is left of it.
pub(super) struct Budget(Duration);

impl Default for Budget {
    fn default() -> Self {
        Self(TOTAL)
    }
}

impl Budget {
    pub(super) fn of(total: Duration) -> Self {
        Self(total)
    }

    /// Runs an operation for as long as the budget lasts, and takes from it what the operation took.
    pub(super) async fn run<F: Future>(&mut self, operation: F) -> Result<F::Output, Elapsed> {
        let started = Instant::now();
        let result = tokio::time::timeout(self.0, operation).await;
        self.0 = self.0.saturating_sub(started.elapsed());
        result
    }
}
