//! Injected latency: a quantile function, sampled evenly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::value;

/// No longer than this: a rule that holds requests beyond every timeout is a typing error.
const MAX: Duration = Duration::from_mins(10);

/// The latency that a rule adds: one duration, or the quantiles of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Latency {
    /// The same for every request.
    Constant(#[serde(deserialize_with = "duration")] Duration),
    /// Spread so that these quantiles hold.
    Quantiles(Quantiles),
}

/// Three points of a distribution, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quantiles {
    #[serde(deserialize_with = "duration")]
    p50: Duration,
    #[serde(deserialize_with = "duration")]
    p90: Duration,
    #[serde(deserialize_with = "duration")]
    p99: Duration,
}

impl Latency {
    /// What is wrong with it, if anything.
    pub(super) fn validate(&self) -> Result<(), String> {
        let longest = match self {
            Self::Constant(duration) => *duration,
            Self::Quantiles(q) if q.p50 <= q.p90 && q.p90 <= q.p99 => q.p99,
            Self::Quantiles(_) => return Err("latency: p50, p90 and p99 must ascend".to_owned()),
        };
        if longest > MAX {
            return Err(format!("latency: must be at most {}", humantime::format_duration(MAX)));
        }
        Ok(())
    }

    /// The latency below which a share `u` (0 to 1) of the requests stays.
    fn at(&self, u: f64) -> Duration {
        match self {
            Self::Constant(duration) => *duration,
            Self::Quantiles(quantiles) => quantiles.at(u),
        }
    }
}

impl Quantiles {
    /// Log-linear between (0, p50/2), (0.5, p50), (0.9, p90), (0.99, p99), and p99 is the longest.
    fn at(&self, u: f64) -> Duration {
        let points =
            [(0.0, self.p50 / 2), (0.5, self.p50), (0.9, self.p90), (0.99, self.p99), (1.0, self.p99)];
        let upper = points.iter().position(|(share, _)| u < *share).unwrap_or(points.len() - 1);
        let ((u0, low), (u1, high)) = (points[upper - 1], points[upper]);
        if low.is_zero() {
            return high.mul_f64((u - u0) / (u1 - u0));
        }
        let ratio = high.as_secs_f64() / low.as_secs_f64();
        low.mul_f64(ratio.powf((u - u0) / (u1 - u0)))
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    value::duration(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Draws from a latency. Its counter is apart from the error's, so that errors do not fall on the slow requests.
#[derive(Debug, Default)]
pub(super) struct LatencyCounter(AtomicU64);

impl LatencyCounter {
    pub(super) fn draw(&self, latency: &Latency) -> Duration {
        // Multiples of the golden ratio fill the unit interval evenly: the quantiles hold for every run, not on
        // average. Counted as a fraction of 2^64, which wraps exactly where the interval ends.
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let fraction = count.wrapping_mul(GOLDEN) >> 11;
        latency.at(fraction as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_quantiles_hold_for_every_run() {
        let ms = Duration::from_millis;
        let latency = Latency::Quantiles(Quantiles { p50: ms(20), p90: ms(120), p99: ms(900) });
        let counter = LatencyCounter::default();
        for _ in 0..20 {
            let mut drawn: Vec<f64> =
                (0..2_000).map(|_| counter.draw(&latency).as_secs_f64() * 1e3).collect();
            drawn.sort_by(f64::total_cmp);
            for (index, declared) in [(999, 20.0), (1_799, 120.0), (1_979, 900.0)] {
                let error = (drawn[index] - declared).abs();
                assert!(error <= declared * 0.05 + 2.0, "{} instead of {declared}", drawn[index]);
            }
            assert!(drawn[0] >= 10.0 && drawn[1_999] <= 900.1);
        }
    }
}
