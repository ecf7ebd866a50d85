//! The types that configuration values are parsed into. Every message says what is allowed.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// A day: no delay or timeout of a demo service is meant to be longer, so a longer one is a typing error.
const MAX_SECONDS: f64 = 86_400.0;

/// A span of time given in seconds, decimals allowed: `0` to `86400`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = || format!("must be a number of seconds from 0 to {MAX_SECONDS}, such as 5 or 0.5");
    let value: f64 = text.parse().map_err(|_| allowed())?;
    if !(0.0..=MAX_SECONDS).contains(&value) {
        return Err(allowed());
    }
    Ok(Duration::from_secs_f64(value))
}

/// As [`seconds`], but at least a millisecond: a timeout of nothing would refuse everything.
pub fn positive_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text) {
        Ok(value) if value >= Duration::from_millis(1) => Ok(value),
        _ => Err(format!("must be a number of seconds from 0.001 to {MAX_SECONDS}, such as 5 or 0.5")),
    }
}

/// A word that is safe as a header value, a metric label and a JSON string: 1 to 128 visible ASCII characters.
pub fn word(text: &str) -> Result<String, String> {
    if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 128 visible ASCII characters without spaces".to_owned())
}

/// An amount of memory in bytes, with an optional Kubernetes suffix: `1048576`, `512Ki`, `32Mi`, `1Gi`, `1M`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let allowed = || "must be a number of bytes such as 1048576, 512Ki, 32Mi or 1Gi".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[digits..] {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return Err(allowed()),
    };
    let number: u64 = text[..digits].parse().map_err(|_| allowed())?;
    number.checked_mul(unit).ok_or_else(allowed)
}

/// A whole number in a range, both ends included.
pub fn number(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {} to {}", range.start(), range.end())),
    }
}

/// A switch.
pub fn boolean(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

/// A year: beyond it, sums of times overflow.
const MAX_DURATION: Duration = Duration::from_hours(365 * 24);

/// A span of time with its unit, such as `20ms` or `1m 30s`, up to 365 days; `0` needs none.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = if text == "0" { Some(Duration::ZERO) } else { humantime::parse_duration(text).ok() };
    let parsed = parsed.filter(|duration| *duration <= MAX_DURATION);
    parsed.ok_or_else(|| "must be a duration such as 20ms, 1.5s or 2m".to_owned())
}

/// Histogram edges in seconds, ascending, separated by commas or spaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets(pub Vec<f64>);

impl FromStr for Buckets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = "must be 1 to 64 ascending positive numbers of seconds, such as 0.1,0.3,1";
        let edges = text
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<f64>, _>>();
        let edges = edges.map_err(|_| allowed)?;
        let ascending = edges.is_sorted_by(|a, b| a < b);
        let positive = edges.iter().all(|edge| edge.is_finite() && *edge > 0.0);
        // 64 edges times every route, method and status is as many series as one pod should have.
        if !ascending || !positive || !(1..=64).contains(&edges.len()) {
            return Err(allowed.to_owned());
        }
        Ok(Self(edges))
    }
}

/// A value that is never shown: not by `Debug`, and so by no log line.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The value itself. Call it only where it is used, never where it is printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_take_decimals_and_refuse_what_is_no_span_of_time() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for bad in ["abc", "", "-1", "NaN", "inf", "1e9", "5s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert!(positive_seconds("0").is_err());
    }

    #[test]
    fn bytes_take_kubernetes_suffixes() {
        assert_eq!(bytes("32Mi"), Ok(32 << 20));
        assert_eq!(bytes("7"), Ok(7));
        for bad in ["", "Mi", "1mi", "-1", "1.5Gi", "99999999999999999999", "18446744073709551615Gi"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_stay_in_their_range_and_switches_are_words() {
        assert_eq!((number(1..=5)("5"), boolean("true")), (Ok(5), Ok(true)));
        for bad in ["", "0", "6", "x", "-1", "1.5"] {
            assert!(number(1..=5)(bad).is_err() && boolean(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn buckets_are_ascending_and_positive() {
        assert_eq!("0.1, 0.3 1".parse(), Ok(Buckets(vec![0.1, 0.3, 1.0])));
        for bad in ["", "1,0.5", "1,1", "0,1", "inf", "a"] {
            assert!(bad.parse::<Buckets>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_in_its_debug_output() {
        let secret: Secret = "hunter2".parse().unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.expose(), "hunter2");
    }
}
