//! How long one request may wait for the cache.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;

/// What all cache operations of one request may take together. The contract allows 50 ms; the rest is for a timer that
/// fires late on a busy machine.
const TOTAL: Duration = Duration::from_millis(40);

/// How many turns the other tasks have before an operation is given up: one to read the answer, one to hand it over, and
/// one for luck.
const TURNS: u32 = 3;

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
        let mut operation = pin!(operation);
        let started = Instant::now();
        let mut result = tokio::time::timeout(self.0, operation.as_mut()).await;
        self.0 = self.0.saturating_sub(started.elapsed());
        // A process that has not been scheduled for a while finds the timer and the answer at the same time. The task
        // that reads the answer has to have its turn before the server is called slow.
        for _ in 0..TURNS {
            if result.is_ok() {
                break;
            }
            tokio::task::yield_now().await;
            result = tokio::time::timeout(Duration::ZERO, operation.as_mut()).await;
        }
        result
    }
}
