//! A fixed arrival rate, kept as an exact fraction so that request number one million is still due on time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const MILLION: u64 = 1_000_000;

/// No single machine sends more, and up to here every product below fits its integer.
const FASTEST_PER_SECOND: u64 = 1_000_000;

/// Requests per second or per minute, a decimal of at most six digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    millionths: u64,
    period: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Second,
    Minute,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RateError {
    #[error("use a form like 500/s, 500, 0.5/s or 30/m")]
    Form,
    #[error("must be more than 0 and at most {FASTEST_PER_SECOND}/s")]
    Range,
}

impl Rate {
    /// How many requests become due within `duration`.
    pub(super) fn requests_in(self, duration: Duration) -> u64 {
        let requests = duration.as_nanos() * u128::from(self.millionths) / self.nanos_of_a_million_periods();
        u64::try_from(requests).expect("a bounded rate for a bounded duration")
    }

    /// How long after the start the request with this index (from 0) is due: rounded up, so that at that time
    /// [`Rate::due_after`] counts it.
    pub(super) fn offset(self, index: u64) -> Duration {
        let nanos =
            (u128::from(index) * self.nanos_of_a_million_periods()).div_ceil(u128::from(self.millionths));
        Duration::from_nanos(u64::try_from(nanos).expect("an index within a bounded duration"))
    }

    /// How many requests are due once `elapsed` has passed: the first one is due at once.
    pub(super) fn due_after(self, elapsed: Duration) -> u64 {
        self.requests_in(elapsed) + 1
    }

    fn nanos_of_a_million_periods(self) -> u128 {
        self.period.length().as_nanos() * u128::from(MILLION)
    }
}

impl Period {
    fn length(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_mins(1),
        }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (number, period) = match text.split_once('/') {
            None => (text, Period::Second),
            Some((number, "s")) => (number, Period::Second),
            Some((number, "m")) => (number, Period::Minute),
            Some(_) => return Err(RateError::Form),
        };
        let millionths = millionths(number)?;
        let fastest = FASTEST_PER_SECOND * MILLION * period.length().as_secs();
        if millionths == 0 || millionths > fastest {
            return Err(RateError::Range);
        }
        Ok(Self { millionths, period })
    }
}

/// Reads a plain decimal without going through a float.
fn millionths(number: &str) -> Result<u64, RateError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return Err(RateError::Form);
    }
    // Only digits: all that can go wrong here is that there are too many of them.
    format!("{whole}{fraction:0<6}").parse().map_err(|_| RateError::Range)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.period {
            Period::Second => "s",
            Period::Minute => "m",
        };
        write!(f, "{}/{unit}", self.millionths as f64 / MILLION as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_is_per_second_unless_it_says_per_minute() {
        let ten_seconds = Duration::from_secs(10);
        assert_eq!(rate("500/s").requests_in(ten_seconds), 5_000);
        assert_eq!(rate("500"), rate("500/s"));
        assert_eq!(rate("0.5/s").requests_in(ten_seconds), 5);
        assert_eq!(rate("30/m").requests_in(ten_seconds), 5);
        assert_eq!(rate("0.000001").requests_in(Duration::from_secs(1_000_000)), 1);
    }

    #[test]
    fn what_is_not_a_rate_is_refused() {
        for bad in
            ["", "/s", "500/h", "500/", "5/s/s", "-5", "+5", "1e3", ".5", "5.", "1.0000001", "5 /s", "five"]
        {
            assert_eq!(bad.parse::<Rate>(), Err(RateError::Form), "{bad:?}");
        }
        for bad in ["0", "0.0/m", "1000000.1", "60000001/m", "99999999999999999999"] {
            assert_eq!(bad.parse::<Rate>(), Err(RateError::Range), "{bad:?}");
        }
    }

    #[test]
    fn a_rate_reads_back_as_it_was_written() {
        for text in ["500/s", "0.5/s", "30/m", "1000000/s"] {
            assert_eq!(rate(text).to_string(), text);
        }
    }

    #[test]
    fn requests_are_spaced_evenly_and_never_drift() {
        assert_eq!(rate("500/s").offset(0), Duration::ZERO);
        assert_eq!(rate("500/s").offset(1), Duration::from_millis(2));
        assert_eq!(rate("30/m").offset(3), Duration::from_secs(6));
        assert_eq!(rate("3/s").offset(3_000_000_000), Duration::from_secs(1_000_000_000));
    }

    #[test]
    fn every_request_is_due_exactly_when_its_time_has_come() {
        for rate in [rate("3/s"), rate("7/m"), rate("499.999999"), rate("1000000")] {
            for index in (0..1000).chain(100_000_000..100_000_100) {
                let offset = rate.offset(index);
                assert_eq!(rate.due_after(offset), index + 1, "{rate}, {index}");
                if let Some(before) = offset.checked_sub(Duration::from_nanos(1)) {
                    assert_eq!(rate.due_after(before), index, "{rate}, {index}");
                }
            }
        }
    }

    #[test]
    fn every_request_of_a_run_is_due_before_its_end() {
        let duration = Duration::from_secs(30);
        for rate in [rate("500"), rate("0.3"), rate("31/m"), rate("333333.333333")] {
            assert!(rate.offset(rate.requests_in(duration) - 1) < duration, "{rate}");
        }
    }
}
