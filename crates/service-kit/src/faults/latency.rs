//! Injected latency: a quantile function, sampled evenly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::field::Field;
use crate::config::value;

/// No longer than this: a rule that holds requests beyond every timeout is a typing error.
const MAX: Duration = Duration::from_mins(10);

/// The latency that a rule adds: one duration, or the quantiles of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Latency {
    /// The same for every request.
    Constant(Duration),
    /// Spread so that these quantiles hold.
    Quantiles(Quantiles),
}

/// Three points of a distribution, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quantiles {
    p50: Duration,
    p90: Duration,
    p99: Duration,
}

impl Latency {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        if field.text().is_some() {
            return field.parse(duration).map(Self::Constant);
        }
        let fields = field.fields(&["p50", "p90", "p99"])?;
        let quantile = |name| fields.need(name, duration);
        let quantiles = Quantiles { p50: quantile("p50")?, p90: quantile("p90")?, p99: quantile("p99")? };
        match quantiles.p50 <= quantiles.p90 && quantiles.p90 <= quantiles.p99 {
            true => Ok(Self::Quantiles(quantiles)),
            false => Err(fields.problem("p50, p90 and p99 must ascend")),
        }
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

fn duration(text: &str) -> Result<Duration, String> {
    let longest = || format!("must be at most {}", humantime::format_duration(MAX));
    value::duration(text).and_then(|duration| if duration > MAX { Err(longest()) } else { Ok(duration) })
}

/// Draws from a latency. What fails and what succeeds are counted apart, so that the quantiles hold for the failures,
/// for the successes and for both together, at every rate: one count for both would give the failures, which come at
/// a stride, always the same part of the distribution.
#[derive(Debug, Default)]
pub(super) struct LatencyCounters {
    failures: AtomicU64,
    successes: AtomicU64,
}

impl LatencyCounters {
    pub(super) fn draw(&self, latency: &Latency, fails: bool) -> Duration {
        // Multiples of the golden ratio fill the unit interval evenly: the quantiles hold for every run, not on
        // average. Counted as a fraction of 2^64, which wraps exactly where the interval ends.
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let counter = if fails { &self.failures } else { &self.successes };
        let count = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let fraction = count.wrapping_mul(GOLDEN) >> 11;
        latency.at(fraction as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::rate::RateCounter;

    const DECLARED: [(f64, f64); 3] = [(0.5, 5.0), (0.9, 30.0), (0.99, 100.0)];

    fn latency() -> Latency {
        let ms = Duration::from_millis;
        Latency::Quantiles(Quantiles { p50: ms(5), p90: ms(30), p99: ms(100) })
    }

    /// The quantiles of a run of draws, each as far from the declared one as its neighbours in rank are.
    fn assert_declared(mut drawn: Vec<f64>, what: &str) {
        drawn.sort_by(f64::total_cmp);
        let count = drawn.len() as f64;
        // What lies between two draws is not known: half a per cent of the ranks, or three of them.
        let slack = (count * 0.005).max(3.0);
        for (share, declared) in DECLARED {
            let at = |rank: f64| drawn[rank.clamp(0.0, count - 1.0) as usize];
            let (low, high) = (at(share * count - slack), at(share * count + slack));
            assert!(
                low <= declared && declared <= high + 0.001,
                "{what}: p{share} is within {low} and {high}, not {declared}"
            );
        }
    }

    #[test]
    fn the_declared_quantiles_hold_for_every_run() {
        let counters = LatencyCounters::default();
        for _ in 0..20 {
            let drawn: Vec<f64> =
                (0..2_000).map(|_| counters.draw(&latency(), false).as_secs_f64() * 1e3).collect();
            assert!(drawn.iter().all(|drawn| (2.5..=100.1).contains(drawn)));
            assert_declared(drawn, "all");
        }
    }

    #[test]
    fn the_declared_quantiles_hold_among_the_failures_and_among_the_successes_at_every_rate() {
        for rate in [
            "0.618034", "0.381966", "0.5", "0.25", "0.333333", "0.2", "0.1", "0.03", "0.97", "0.01",
            "0.236068", "0.763932",
        ] {
            let (counters, errors) = (LatencyCounters::default(), RateCounter::new(rate.parse().unwrap()));
            let (mut failed, mut succeeded, mut all) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..20_000 {
                let fails = errors.strike();
                let drawn = counters.draw(&latency(), fails).as_secs_f64() * 1e3;
                if fails { &mut failed } else { &mut succeeded }.push(drawn);
                all.push(drawn);
            }
            for (drawn, what) in [(failed, "failures"), (succeeded, "successes"), (all, "all")] {
                assert_declared(drawn, &format!("{what} at {rate}"));
            }
        }
    }
}
