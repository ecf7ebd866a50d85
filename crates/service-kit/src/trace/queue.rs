//! Spans on their way to the collector. They wait in a lock-free queue that is bounded in number and in memory; what finds
//! it full is counted and lost, and holds nobody up.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use tokio::sync::Notify;

/// What the spans that wait may take, in bytes: eight times what the default number of them usually takes.
const MAX_BYTES: usize = 8 << 20;

pub(super) struct Queue {
    spans: ArrayQueue<Vec<u8>>,
    bytes: AtomicUsize,
    /// How many are worth sending at once.
    batch: usize,
    /// Told when there are so many.
    pub(super) full_batch: Notify,
}

impl Queue {
    pub(super) fn new(capacity: usize, batch: usize) -> Self {
        let (bytes, full_batch) = (AtomicUsize::new(0), Notify::new());
        Self { spans: ArrayQueue::new(capacity), bytes, batch, full_batch }
    }

    /// False when there is no place for it.
    pub(super) fn push(&self, span: Vec<u8>) -> bool {
        let size = span.capacity();
        let held = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        if held > MAX_BYTES || self.spans.push(span).is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            return false;
        }
        // Also told by those behind it: the one that makes it full may see another number.
        if self.has_batch() {
            self.full_batch.notify_one();
        }
        true
    }

    pub(super) fn has_batch(&self) -> bool {
        self.spans.len() >= self.batch
    }

    /// As many as are sent at once, or all that there are.
    pub(super) fn take(&self) -> Vec<Vec<u8>> {
        let taken: Vec<Vec<u8>> = std::iter::from_fn(|| self.spans.pop()).take(self.batch).collect();
        self.bytes.fetch_sub(taken.iter().map(Vec::capacity).sum(), Ordering::Relaxed);
        taken
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_in_number() {
        let queue = Queue::new(3, 2);
        let pushed = (0..5).filter(|_| queue.push(vec![0; 10])).count();
        assert_eq!((pushed, queue.len()), (3, 3));
        assert_eq!((queue.take().len(), queue.take().len(), queue.take().len()), (2, 1, 0));
        assert_eq!(queue.bytes.load(Ordering::Relaxed), 0);
        assert!(queue.push(vec![0; 10]));
    }

    #[test]
    fn it_is_bounded_in_bytes() {
        let queue = Queue::new(100, 100);
        let pushed = (0..20).filter(|_| queue.push(vec![0; 1 << 20])).count();
        assert_eq!(pushed, MAX_BYTES >> 20);
        queue.take();
        assert!(queue.push(vec![0; 1 << 20]));
    }

    #[tokio::test]
    async fn a_full_batch_is_told() {
        let queue = Queue::new(100, 2);
        queue.push(Vec::new());
        queue.push(Vec::new());
        queue.full_batch.notified().await;
        assert!(queue.has_batch());
    }
}
