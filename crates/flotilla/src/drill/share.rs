//! Shares of requests and burn rates as exact decimals: at the edge of an alert, equal has to be equal.

use std::fmt;
use std::str::FromStr;

/// A share is counted in these: the product of a burn rate (six digits) and the budget of an objective in percent (eight).
const UNITS: u128 = 100_000_000_000_000;

const MILLION: u64 = 1_000_000;

/// The finest rate of a fault rule: six digits after the point.
const MILLIONTH: u128 = UNITS / MILLION as u128;

/// How many times faster than "used up exactly at the end of the period" a budget is spent: more than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burn(u64);

/// A share of all requests, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(u128);

impl Share {
    pub(super) const ALL: Self = Self(UNITS);

    /// What an objective in percent, between 0 and 100, allows to fail.
    pub(super) fn beyond_objective(percent: &str) -> Result<Self, String> {
        let allowed =
            "must be a percentage between 0 and 100 with at most six digits after the point, such as 99.9";
        let percent =
            millionths(percent).filter(|percent| (1..100 * MILLION).contains(percent)).ok_or(allowed)?;
        Ok(Self(u128::from(100 * MILLION - percent) * MILLIONTH / 100))
    }

    /// The share that fails when this one is the budget.
    pub(super) fn times(self, burn: Burn) -> Self {
        Self(self.0 * u128::from(burn.0) / u128::from(MILLION))
    }

    /// What is left of all requests.
    pub(super) fn rest(self) -> Self {
        Self(UNITS.saturating_sub(self.0))
    }

    /// Whether this share of `part` is at least the share `threshold` of `whole`; or more than that.
    pub(super) fn reaches(self, part: u64, threshold: Self, whole: u64, above: bool) -> bool {
        let (bad, allowed) = (self.0 * u128::from(part), threshold.0 * u128::from(whole));
        if above { bad > allowed } else { bad >= allowed }
    }

    /// Why no fault rule can have this for its rate, if none can.
    pub(super) fn check_rate(self) -> Result<(), String> {
        if self > Self::ALL {
            return Err(format!("{} % of all requests would have to fail", self.percent()));
        }
        if !self.0.is_multiple_of(MILLIONTH) {
            let reason = "and the rate of a fault has at most six digits after the point";
            return Err(format!("a share of {self} would have to fail, {reason}"));
        }
        Ok(())
    }

    /// The same in percent, exact.
    pub(super) fn percent(self) -> String {
        decimal(self.0, UNITS / 100)
    }

    /// As a number, for what is only shown.
    pub(super) fn as_f64(self) -> f64 {
        self.0 as f64 / UNITS as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.0, UNITS))
    }
}

impl fmt::Display for Burn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.0.into(), MILLION.into()))
    }
}

impl FromStr for Burn {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = "must be a decimal above 0 with at most six digits after the point, such as 14.4";
        millionths(text).filter(|burn| *burn > 0).map(Self).ok_or(allowed)
    }
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = "must be a decimal above 0 with at most six digits after the point, such as 0.005";
        let share = millionths(text).filter(|share| *share > 0).ok_or(allowed)?;
        Ok(Self(u128::from(share) * MILLIONTH))
    }
}

/// Reads a plain decimal without going through a float.
fn millionths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // Six digits before the point: a budget that burns a million times too fast is beyond any objective.
    let fits = digits(whole) && digits(fraction) && whole.len() <= 6 && fraction.len() <= 6;
    if fits { format!("{whole}{fraction:0<6}").parse().ok() } else { None }
}

fn decimal(number: u128, unit: u128) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", number / unit, number % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(burn: &str, objective: &str) -> Share {
        Share::beyond_objective(objective).unwrap().times(burn.parse().unwrap())
    }

    #[test]
    fn a_burn_rate_is_an_exact_share_of_requests() {
        for (burn, objective, rate, percent) in [
            ("14.4", "99.9", "0.0144", "1.44"),
            ("30", "99.9", "0.03", "3"),
            ("1", "99.0", "0.01", "1"),
            ("0.001", "99.9", "0.000001", "0.0001"),
            ("1000", "99.9", "1", "100"),
            ("100", "99.999999", "0.000001", "0.0001"),
        ] {
            let share = failing(burn, objective);
            assert_eq!(share.check_rate(), Ok(()), "{burn} of {objective}");
            assert_eq!((share.to_string(), share.percent()), (rate.to_owned(), percent.to_owned()));
        }
    }

    #[test]
    fn a_rate_that_no_rule_can_have_is_refused() {
        assert!(failing("1000.000001", "99.9").check_rate().unwrap_err().starts_with("100.0000001 % "));
        assert!(failing("0.0001", "99.9").check_rate().unwrap_err().contains("a share of 0.0000001 "));
        assert!(failing("0.000001", "99.999999").check_rate().unwrap_err().contains("0.00000000000001"));
        assert!(failing("999999.999999", "0.000001").check_rate().is_err());
    }

    #[test]
    fn a_share_reaches_its_threshold_when_it_equals_it() {
        let share = failing("14.4", "99.9");
        assert!(share.reaches(3, share, 3, false) && !share.reaches(3, share, 3, true));
        assert!(!share.reaches(999, share, 1_000, false) && share.reaches(1_001, share, 1_000, true));
    }

    #[test]
    fn what_is_not_a_decimal_in_range_is_refused() {
        for bad in
            ["", "0", "0.0", "-1", "+1", "1e3", ".5", "5.", "1.0000001", "1000000", "NaN", "5x", "1,5", "é"]
        {
            assert!(bad.parse::<Burn>().is_err(), "{bad:?}");
        }
        for bad in ["0", "100", "100.1", "ninety", "99.9%"] {
            assert!(Share::beyond_objective(bad).is_err(), "{bad:?}");
        }
    }
}
