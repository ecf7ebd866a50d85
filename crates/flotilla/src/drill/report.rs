//! What a drill prints: a fault file, in which everything but the rule is a comment.

use std::fmt;
use std::time::Duration;

use humantime::format_duration;

use super::BUDGET_PERIOD;
use super::alerts::Alert;
use super::model::{Fault, History, Outcome, outcome};
use super::share::{Burn, Share};

/// A drill that can be held.
pub(super) struct Drill {
    pub(super) environment: String,
    /// The share of requests that may fail.
    pub(super) budget: Share,
    pub(super) burn: Burn,
    pub(super) fault: Fault,
    pub(super) alerts: Vec<Alert>,
}

impl fmt::Display for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, burn, fault: Fault { share, duration, .. }, .. } = self;
        let (failing, objective) = (share.percent(), self.budget.rest().percent());
        let (spent, duration) = (self.spent(), format_duration(*duration));
        writeln!(f, "# {environment}: {failing} % of all requests fail for {duration}.")?;
        // Its stride runs over all of them, and so can fall on the others alone: /success and /fail in turn.
        writeln!(
            f,
            "# The rule counts every request to the service: with traffic to /fail or unknown paths"
        )?;
        writeln!(f, "# the share of SLI requests that fail differs.")?;
        writeln!(
            f,
            "# The 30-day budget of {objective} % burns at {burn} times its rate: {spent:.2} % of it is spent."
        )?;
        writeln!(f, "rules:")?;
        writeln!(f, "  - name: drill-availability-{burn}x")?;
        writeln!(f, "    error:\n      rate: {share}\n      status: 500")?;
        writeln!(f, "    ttl: {duration}")?;
        self.write_alerts(f)
    }
}

impl Drill {
    /// The part of the budget that is gone afterwards, in percent.
    fn spent(&self) -> f64 {
        let burn = self.fault.share.as_f64() / self.budget.as_f64();
        burn * self.fault.duration.as_secs_f64() / BUDGET_PERIOD.as_secs_f64() * 100.0
    }

    fn write_alerts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alerts.is_empty() {
            return writeln!(f, "# No alert watches the availability of {}.", self.environment);
        }
        let before = match self.fault.history {
            History::Clean => "after traffic without a failure",
            History::None => "without any history",
        };
        writeln!(f, "# Alerts, {before}, in minutes from the fault's first second:")?;
        let rows: Vec<[String; 4]> = self.alerts.iter().map(|alert| self.row(alert)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
        let [first, second, third] = [0, 1, 2].map(width);
        for [name, severity, condition, fires] in &rows {
            writeln!(f, "#   {name:first$}  {severity:second$}  {condition:third$}  {fires}")?;
        }
        Ok(())
    }

    fn row(&self, alert: &Alert) -> [String; 4] {
        let hold = match alert.hold.is_zero() {
            true => String::new(),
            false => format!(" for {}", format_duration(alert.hold)),
        };
        let duration = self.fault.duration;
        let fires = match outcome(&alert.conditions, alert.hold, self.fault) {
            Outcome::Fires(time) if time < duration => format!("fires after {}", minutes(time)),
            // In the fault's last moment scrapes and evaluations decide, and that is no promise.
            Outcome::Fires(time) if time == duration => {
                format!("at the edge of {}: may fire after {}", format_duration(duration), minutes(time))
            }
            Outcome::Fires(time) => {
                let late = minutes(time);
                format!("not within {}, but after {late}: windows remember", format_duration(duration))
            }
            Outcome::Needs(time) => {
                format!("not within {}: it would take {}", format_duration(duration), minutes(time))
            }
            Outcome::Never => "never at this rate".to_owned(),
        };
        [alert.name.clone(), alert.severity.clone(), alert.condition.clone() + &hold, fires]
    }
}

fn minutes(time: Duration) -> String {
    format!("{:.1} min", time.as_secs_f64() / 60.0)
}
