//! What the time of day was at an instant: spans are timed by the clock that never goes back, and shown by the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How exact the times of spans are. Smaller corrections would only move spans against each other.
const PRECISION: Duration = Duration::from_millis(1);

/// Both clocks at one moment.
pub(super) struct Clock {
    start: Instant,
    /// Nanoseconds of Unix time at `start`.
    at_start: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Self {
        let start = Instant::now();
        Self { start, at_start: AtomicU64::new(time_at(start)) }
    }

    /// Follows a time of day that was set meanwhile.
    pub(super) fn adjust(&self) {
        let asked = Instant::now();
        let at_start = time_at(self.start);
        // A thread that had to wait between its two looks has seen nothing.
        let is_exact = asked.elapsed() < PRECISION;
        let off = at_start.abs_diff(self.at_start.load(Ordering::Relaxed));
        if is_exact && u128::from(off) > PRECISION.as_nanos() {
            self.at_start.store(at_start, Ordering::Relaxed);
        }
    }

    /// In nanoseconds of Unix time.
    pub(super) fn time(&self, instant: Instant) -> u64 {
        self.at_start.load(Ordering::Relaxed) + nanoseconds(instant.saturating_duration_since(self.start))
    }
}

/// In nanoseconds of Unix time, as it is told now.
fn time_at(instant: Instant) -> u64 {
    // A clock before 1970 is as wrong as 1970.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    nanoseconds(now.saturating_sub(instant.elapsed()))
}

/// Enough for 500 years.
fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_the_time_of_day_that_it_was() {
        let clock = Clock::new();
        let now = nanoseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
        let told = clock.time(Instant::now());
        assert!(told.abs_diff(now) < 1_000_000_000, "{told} {now}");
        let later = clock.start + Duration::from_secs(2);
        assert_eq!(clock.time(later) - clock.time(clock.start), 2_000_000_000);
    }

    #[test]
    fn a_time_of_day_that_was_set_is_followed_and_a_tremor_is_not() {
        let clock = Clock::new();
        let right = clock.at_start.load(Ordering::Relaxed);
        clock.at_start.store(right - 20_000_000, Ordering::Relaxed);
        while clock.at_start.load(Ordering::Relaxed).abs_diff(right) > 10_000_000 {
            clock.adjust();
        }
        let present = clock.at_start.load(Ordering::Relaxed);
        clock.at_start.store(present + 1, Ordering::Relaxed);
        clock.adjust();
        let after = clock.at_start.load(Ordering::Relaxed);
        assert!(after == present + 1 || after.abs_diff(present) > 900_000, "{after} {present}");
    }
}
