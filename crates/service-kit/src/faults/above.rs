//! What exceeds a rate, told by a token bucket without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Beyond it a nanosecond, in which time is counted here, is no fine enough measure.
const MAX_PER_SECOND: f64 = 100_000.0;

/// A rate such as `50/s`, and the requests that one period of it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Above {
    /// Nanoseconds from one token to the next.
    interval: u64,
    /// Nanoseconds that it takes to fill the bucket: a period, or a token's time if that is longer.
    full: u64,
}

impl Above {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let allowed =
            || format!("must be a rate above 0 and at most {MAX_PER_SECOND}/s, such as 50/s, 0.5/s or 30/m");
        let (number, period) = match text.split_once('/') {
            Some((number, "s")) => (number, Duration::from_secs(1)),
            Some((number, "m")) => (number, Duration::from_mins(1)),
            _ => return Err(allowed()),
        };
        let number: f64 = number.trim().parse().map_err(|_| allowed())?;
        let per_second = number / period.as_secs_f64();
        // One a day is the slowest: no rule is meant to wait longer for its next token.
        if !(1.0 / 86_400.0..=MAX_PER_SECOND).contains(&per_second) {
            return Err(allowed());
        }
        let interval = (1e9 / per_second).round() as u64;
        Ok(Self { interval, full: interval.max(period.as_nanos() as u64) })
    }
}

/// A bucket that begins full. Each request takes a token; one that finds none is above the rate.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Above,
    since: Instant,
    /// When it will be full again, in nanoseconds since `since`.
    full_at: AtomicU64,
}

impl Bucket {
    pub(super) fn new(rate: Above) -> Self {
        Self { rate, since: Instant::now(), full_at: AtomicU64::new(0) }
    }

    /// Takes a token; true when there is none.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded_at(self.since.elapsed().as_nanos() as u64)
    }

    fn is_exceeded_at(&self, now: u64) -> bool {
        let take = |full_at: u64| {
            let full_at = full_at.max(now) + self.rate.interval;
            (full_at - now <= self.rate.full).then_some(full_at)
        };
        self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn bucket(rate: &str) -> Bucket {
        Bucket::new(Above::parse(rate).unwrap())
    }

    #[test]
    fn exactly_what_exceeds_the_rate_is_above_it() {
        for (sent, allowed) in [(40, 40), (50, 50), (75, 50), (500, 50)] {
            let bucket = bucket("50/s");
            let above = (0..sent * 60).filter(|n| bucket.is_exceeded_at(n * SECOND / sent)).count() as u64;
            // In 60 seconds: what was in the bucket at first, and what came after.
            let expected = if sent > allowed { sent * 60 - allowed * 60 - 50 } else { 0 };
            assert!(above.abs_diff(expected) <= 1, "{above} instead of {expected} at {sent}/s");
        }
    }

    #[test]
    fn a_burst_of_one_period_is_within_the_rate_and_the_rest_of_it_is_not() {
        for (rate, burst, period) in
            [("50/s", 50, SECOND), ("30/m", 30, 60 * SECOND), ("0.5/s", 1, 2 * SECOND)]
        {
            let bucket = bucket(rate);
            for start in [0, period, 10 * period] {
                let above = (0..2 * burst).filter(|_| bucket.is_exceeded_at(start)).count() as u64;
                assert_eq!(above, burst, "{rate} at {start}");
            }
        }
    }

    #[test]
    fn threads_never_share_a_token() {
        let bucket = bucket("1000/m");
        let taken: usize = std::thread::scope(|scope| {
            let take = || (0..1_000).filter(|_| !bucket.is_exceeded_at(0)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 1_000);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for bad in ["", "50", "/s", "0/s", "-1/s", "50/h", "NaN/s", "inf/s", "1e9/s", "50/s/s", "fast"] {
            assert!(Above::parse(bad).is_err(), "{bad}");
        }
    }
}
