//! What one request asks of `/work`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use service_kit::config::value;

/// A span of time to sleep: at least the first, at most the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepRange {
    shortest: Duration,
    longest: Duration,
}

/// Sleep, CPU time and memory (in bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) sleep: SleepRange,
    pub(crate) cpu: Duration,
    pub(crate) memory: u64,
}

impl SleepRange {
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }

    /// Any time within the range, all equally likely.
    pub(crate) fn pick(&self) -> Duration {
        self.shortest + self.longest.saturating_sub(self.shortest).mul_f64(fastrand::f64())
    }
}

impl FromStr for SleepRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (shortest, longest) = text.split_once("..").unwrap_or((text, text));
        match (value::duration(shortest), value::duration(longest)) {
            (Ok(shortest), Ok(longest)) if shortest <= longest => Ok(Self { shortest, longest }),
            _ => Err("must be a duration such as 100ms or an ascending range such as 50ms..200ms".to_owned()),
        }
    }
}

impl fmt::Display for SleepRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = humantime::format_duration;
        if self.shortest == self.longest {
            return write!(f, "{}", format(self.longest));
        }
        write!(f, "{}..{}", format(self.shortest), format(self.longest))
    }
}

impl Demand {
    /// The same with what a query string says: `cpu=20ms&sleep=0ms&memory=1Mi`.
    pub(crate) fn overridden_by(mut self, query: &str) -> Result<Self, String> {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "cpu" => self.cpu = value::duration(value).map_err(|allowed| format!("cpu {allowed}"))?,
                "sleep" => self.sleep = value.parse().map_err(|allowed| format!("sleep {allowed}"))?,
                "memory" => {
                    self.memory = value::bytes(value).map_err(|allowed| format!("memory {allowed}"))?;
                }
                // The listener's business: it ends the connection after the answer.
                "connection" if value == "close" => {}
                _ => return Err("only cpu, sleep and memory can be asked for".to_owned()),
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(query: &str) -> Result<Demand, String> {
        let sleep = "50ms..200ms".parse().unwrap();
        Demand { sleep, cpu: Duration::from_millis(5), memory: 0 }.overridden_by(query)
    }

    #[test]
    fn a_query_overrides_what_it_names() {
        let demand = demand("cpu=20ms&memory=1Mi").unwrap();
        assert_eq!((demand.cpu, demand.memory), (Duration::from_millis(20), 1 << 20));
        assert_eq!(demand.sleep.to_string(), "50ms..200ms");
    }

    #[test]
    fn what_is_no_duration_range_or_size_is_refused() {
        for bad in
            ["cpu=fast", "cpu", "sleep=2s..1s", "sleep=-1ms", "memory=lots", "sleeep=1ms", "cpu=1ms&cpu=%00"]
        {
            assert!(demand(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sleep_stays_within_its_range() {
        let range: SleepRange = "50ms..200ms".parse().unwrap();
        assert!(
            (0..1_000).map(|_| range.pick()).all(|sleep| sleep >= range.shortest && sleep <= range.longest)
        );
    }
}
