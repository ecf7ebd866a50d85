//! Memory that is taken, touched and kept.

use std::time::{Duration, Instant};

use prometheus::IntCounter;

use super::effect::Until;
use super::field::Field;
use crate::config::value;

/// How often it grows.
const STEP: Duration = Duration::from_millis(100);

/// What is counted as one, and what is asked of the allocator at once: large enough to be given back to the system.
const BLOCK: u64 = 1 << 20;

/// How fast it grows, in bytes a second, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leak {
    rate: u64,
    max: u64,
}

impl Leak {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        let fields = field.fields(&["rate", "max"])?;
        let positive = |text: &str| {
            value::bytes(text).and_then(|bytes| match bytes {
                0 => Err("must be more than 0".to_owned()),
                bytes => Ok(bytes),
            })
        };
        let rate = |text: &str| {
            let bytes = text.strip_suffix("/s").and_then(|bytes| positive(bytes).ok());
            bytes.ok_or_else(|| "must be bytes a second, such as 2Mi/s or 512Ki/s".to_owned())
        };
        Ok(Self { rate: fields.need("rate", rate)?, max: fields.need("max", positive)? })
    }

    fn due(self, elapsed: Duration) -> u64 {
        let due = u128::from(self.rate) * elapsed.as_nanos() / 1_000_000_000;
        u64::try_from(due).unwrap_or(u64::MAX).min(self.max)
    }

    /// Grows until it is over, and then gives everything back. Counts each MiB.
    pub(super) fn run(self, counter: &IntCounter, until: &Until) {
        let began = Instant::now();
        let mut held = Held::default();
        while until.pause(STEP) {
            let due = self.due(began.elapsed());
            while held.bytes < due && until.goes_on() {
                let before = held.bytes / BLOCK;
                if held.grow(due - held.bytes, self.max - held.bytes).is_err() {
                    tracing::error!(bytes = held.bytes, "no more memory to leak");
                    return until.wait();
                }
                counter.inc_by(held.bytes / BLOCK - before);
            }
        }
    }
}

#[derive(Default)]
struct Held {
    blocks: Vec<Vec<u8>>,
    bytes: u64,
}

impl Held {
    /// Touches up to this many bytes more, within one block, of which there may be `rest` more in the end.
    fn grow(&mut self, bytes: u64, rest: u64) -> Result<(), std::collections::TryReserveError> {
        if self.blocks.last().is_none_or(|block| block.len() == block.capacity()) {
            let mut block = Vec::new();
            block.try_reserve_exact(rest.min(BLOCK) as usize)?;
            self.blocks.push(block);
        }
        let block = self.blocks.last_mut().expect("one was just added");
        let grown = (block.capacity() - block.len()).min(bytes as usize);
        // Anything but zeros: they are what untouched pages read as.
        block.resize(block.len() + grown, 0xA5);
        self.bytes += grown as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_at_its_rate_to_its_maximum() {
        let leak = Leak { rate: 2 << 20, max: 5 << 20 };
        let due = |seconds: f64| leak.due(Duration::from_secs_f64(seconds));
        assert_eq!((due(0.0), due(0.25), due(2.0), due(1e6)), (0, 512 << 10, 4 << 20, 5 << 20));
    }

    #[test]
    fn takes_exactly_what_is_asked_for() {
        let mut held = Held::default();
        let total = BLOCK * 2 + 12_345;
        while held.bytes < total {
            held.grow((total - held.bytes).min(100_000), total - held.bytes).unwrap();
        }
        assert_eq!(held.bytes, total);
        assert_eq!(held.blocks.iter().map(Vec::len).sum::<usize>() as u64, total);
    }
}
