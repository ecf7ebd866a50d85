//! When an alert fires: a share of failing requests in constant traffic, seen through the windows of its expression.

use std::time::Duration;

use super::share::Share;

/// How finely time passes here, a tenth of a minute: evaluations in a cluster are further apart.
const STEP: Duration = Duration::from_secs(6);

/// What lies before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum History {
    /// Traffic without a failure, for longer than any window
    Clean,
    /// No sample at all: the service has just been scraped for the first time
    None,
}

/// A share of all requests that fails from minute 0 on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) share: Share,
    pub(super) duration: Duration,
    pub(super) history: History,
}

/// Part of an alert's expression: the share of failing requests over a window has reached a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) window: Duration,
    /// A long window sums rates that were recorded over a short one, and so lags behind: over this one, or 0.
    pub(super) recorded_over: Duration,
    pub(super) threshold: Share,
    /// Whether the threshold itself is not enough (`>`), or is (`>=`).
    pub(super) above: bool,
}

/// What becomes of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It fires this long after the fault began: perhaps after its end, because windows remember.
    Fires(Duration),
    /// It would fire after this time if the fault lasted longer.
    Needs(Duration),
    /// It would not, however long the fault lasted.
    Never,
}

/// All conditions must hold, without a break, for as long as `hold`.
pub(super) fn outcome(conditions: &[Condition], hold: Duration, fault: Fault) -> Outcome {
    // By then every window holds nothing but the fault, and what has not fired never will.
    let longest = conditions.iter().map(|condition| condition.window + condition.recorded_over).max();
    let settled = longest.unwrap_or_default() + hold + STEP;
    if let Some(time) = fires(conditions, hold, fault, fault.duration.min(settled) + settled) {
        return Outcome::Fires(time);
    }
    let endless = Fault { duration: settled, ..fault };
    fires(conditions, hold, endless, settled).map_or(Outcome::Never, Outcome::Needs)
}

/// As Prometheus does it: evaluates until the alert has been active for as long as `hold`.
fn fires(conditions: &[Condition], hold: Duration, fault: Fault, end: Duration) -> Option<Duration> {
    let mut active_since = None;
    let mut now = STEP;
    while now <= end {
        if !conditions.iter().all(|condition| condition.holds(now, fault)) {
            active_since = None;
        } else if now.saturating_sub(*active_since.get_or_insert(now)) >= hold {
            return Some(now);
        }
        now += STEP;
    }
    None
}

impl Condition {
    fn holds(&self, now: Duration, fault: Fault) -> bool {
        let seen = |ago: Duration| self.seen(now.saturating_sub(ago));
        let (window, duration) = (self.window, fault.duration);
        // Both in milliseconds of traffic. What the window holds of the fault: all of it that has been, less what was
        // before the window.
        let failing = (seen(Duration::ZERO) - seen(duration)) - (seen(window) - seen(window + duration));
        let all = match fault.history {
            History::Clean => milliseconds(window),
            History::None => seen(Duration::ZERO) - seen(window),
        };
        fault.share.reaches(failing, self.threshold, all, self.above)
    }

    /// How much of a step at minute 0 has been seen after this time. A recorded rate rises to it over its own window.
    fn seen(&self, time: Duration) -> u64 {
        let (time, ramp) = (milliseconds(time), milliseconds(self.recorded_over));
        if time < ramp { time * time / (2 * ramp) } else { time - ramp / 2 }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn minutes(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    fn over(window: Duration, threshold: &str) -> Condition {
        Condition {
            window,
            recorded_over: Duration::ZERO,
            threshold: threshold.parse().unwrap(),
            above: false,
        }
    }

    fn fault(share: &str, duration: Duration, history: History) -> Fault {
        Fault { share: share.parse().unwrap(), duration, history }
    }

    #[test]
    fn the_long_window_decides_after_clean_traffic() {
        let fast = [over(HOUR, "0.0144"), over(minutes(5), "0.0144")];
        let outcome = |share, duration| outcome(&fast, minutes(2), fault(share, duration, History::Clean));
        assert_eq!(outcome("0.0288", HOUR), Outcome::Fires(minutes(32)));
        assert_eq!(outcome("0.0144", 2 * HOUR), Outcome::Fires(minutes(62)));
        assert_eq!(outcome("0.0288", minutes(5)), Outcome::Needs(minutes(32)));
        assert_eq!(outcome("0.014399", 24 * 365 * HOUR), Outcome::Never);
    }

    #[test]
    fn without_history_the_hold_alone_decides() {
        let fast = [over(HOUR, "0.0144"), over(minutes(5), "0.0144")];
        let outcome = |duration| outcome(&fast, minutes(2), fault("0.0144", duration, History::None));
        assert_eq!(outcome(minutes(5)), Outcome::Fires(minutes(2) + STEP));
        assert_eq!(outcome(minutes(1)), Outcome::Needs(minutes(2) + STEP));
    }

    #[test]
    fn a_window_remembers_a_fault_that_has_ended() {
        let low = Condition { above: true, ..over(minutes(5), "0.005") };
        let outcome = |share, duration| outcome(&[low], minutes(5), fault(share, duration, History::Clean));
        // Above the threshold from 0:50 to 9:10, so that the alert comes after the fault's end.
        assert_eq!(outcome("0.03", minutes(5)), Outcome::Fires(Duration::from_secs(54 + 300)));
        // From 2:30 to 5:30 only.
        assert_eq!(outcome("0.01", minutes(3)), Outcome::Needs(Duration::from_secs(156 + 300)));
        assert_eq!(outcome("0.005", HOUR), Outcome::Never);
    }

    #[test]
    fn good_requests_dilute_a_short_fault_in_an_empty_window() {
        let condition = over(minutes(10), "0.01");
        let outcome = |hold| outcome(&[condition], hold, fault("0.02", minutes(2), History::None));
        // Two minutes at twice the threshold are the threshold over four.
        assert_eq!(outcome(minutes(3)), Outcome::Fires(minutes(3) + STEP));
        assert_eq!(outcome(minutes(4)), Outcome::Needs(minutes(4) + STEP));
    }

    #[test]
    fn a_window_of_recorded_rates_lags_by_half_of_theirs() {
        let raw = over(6 * HOUR, "0.006");
        let recorded = Condition { recorded_over: minutes(5), ..raw };
        let outcome =
            |condition, history| outcome(&[condition], Duration::ZERO, fault("0.03", 6 * HOUR, history));
        assert_eq!(outcome(raw, History::Clean), Outcome::Fires(minutes(72)));
        assert_eq!(outcome(recorded, History::Clean), Outcome::Fires(minutes(72) + 25 * STEP));
        assert_eq!(outcome(recorded, History::None), Outcome::Fires(STEP));
    }
}
