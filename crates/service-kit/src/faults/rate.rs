//! A failure rate that is exact: a decimal counted in integers.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Six digits after the point: a rate is a whole number of millionths.
const MILLION: u64 = 1_000_000;

/// A share of requests from 0 to 1, with at most six digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    /// Whether request number `count` (from 0) is one of the share: the multiples of the rate that pass a whole
    /// number do so there. Any run of consecutive requests then holds its share, within one request.
    fn strikes(self, count: u64) -> bool {
        // The pattern repeats after a million requests, and the products stay far from overflow.
        let count = count % MILLION;
        (count + 1) * self.0 / MILLION > count * self.0 / MILLION
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = || {
            "must be a decimal from 0 to 1 with at most six digits after the point, such as 0.02".to_owned()
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !matches!(whole, "0" | "1") || fraction.len() > 6 || !digits(fraction) || text.ends_with('.') {
            return Err(allowed());
        }
        let millionths: u64 = format!("{whole}{fraction:0<6}").parse().map_err(|_| allowed())?;
        if millionths > MILLION { Err(allowed()) } else { Ok(Self(millionths)) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / MILLION, self.0 % MILLION);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A rate and the requests that it was asked about.
#[derive(Debug)]
pub struct RateCounter {
    rate: Rate,
    count: AtomicU64,
}

impl RateCounter {
    /// Starts counting at the first request.
    pub fn new(rate: Rate) -> Self {
        Self { rate, count: AtomicU64::new(0) }
    }

    /// Counts one request, and says whether it is to fail.
    pub fn strike(&self) -> bool {
        self.rate.strikes(self.count.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_run_of_requests_holds_its_share_within_one() {
        for rate in ["0.02", "0.3", "0.5", "0.6", "1", "0", "0.000001", "0.333333", "0.999999"] {
            let rate: Rate = rate.parse().unwrap();
            let share = rate.0 as f64 / MILLION as f64;
            for (start, length) in
                [(0, 10_000), (1, 1), (7, 333), (999_990, 20), (123_456, 54_321), (5_000_000, 1_000_000)]
            {
                let failed = (start..start + length).filter(|count| rate.strikes(*count)).count();
                assert!(
                    (failed as f64 - length as f64 * share).abs() <= 1.0,
                    "{rate} from {start}: {failed} of {length}"
                );
            }
        }
    }

    #[test]
    fn the_first_ten_thousand_hold_exactly_their_share() {
        for (rate, failures) in [("0.02", 200), ("0.3", 3_000), ("0.5", 5_000), ("0.6", 6_000), ("1", 10_000)]
        {
            let counter = RateCounter::new(rate.parse().unwrap());
            assert_eq!((0..10_000).filter(|_| counter.strike()).count(), failures);
        }
    }

    #[test]
    fn parses_decimals_and_refuses_everything_else() {
        for (text, shown) in
            [("0", "0"), ("1", "1"), ("0.020", "0.02"), ("1.000000", "1"), ("0.000001", "0.000001")]
        {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), shown);
        }
        for bad in ["", "5", "-0.1", "1.000001", "0.0000001", ".5", "0.", "0,5", "1e-3", "NaN", "abc", "0.5 "]
        {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
