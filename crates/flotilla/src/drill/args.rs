//! The arguments of `flotilla drill`.

use std::time::Duration;

use super::BUDGET_PERIOD;
use super::model::History;
use super::share::{Burn, Share};

/// Print a fault rule that burns an error budget at a given rate, and which alerts it fires
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The output is a complete fault file: what is no rule is a comment. Write it to the file that FAULTS_FILE names:
  flotilla drill --burn 14.4 --for 5m > faults.yaml
The rule counts every request to the service: with traffic to /fail or unknown paths the share of SLI requests that fail
differs. The times suppose constant traffic to other paths. Scrapes and evaluations add theirs.
Exit status: 0 printed, 2 bad arguments.")]
pub(crate) struct Args {
    /// The objective whose budget is burnt
    #[arg(long, value_enum, default_value = "availability")]
    pub(super) slo: Slo,

    /// How many times faster than the budget allows: at 1 it is used up exactly at the end of its 30 days
    #[arg(long, value_name = "FACTOR", allow_hyphen_values = true)]
    pub(super) burn: Burn,

    /// How long the fault lasts once the rule is loaded
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(super) duration: Duration,

    /// The service's ENVIRONMENT: which alerts watch it, and its objective
    #[arg(long, value_name = "NAME", default_value = "production", value_parser = environment)]
    pub(super) environment: String,

    /// What the alerts have seen before the fault
    #[arg(long, value_enum, default_value = "clean")]
    pub(super) history: History,

    /// Another objective than the environment's, in percent of requests
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, value_parser = Share::beyond_objective)]
    pub(super) objective: Option<Share>,
}

/// A service level objective that a fault can burn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Slo {
    /// The share of requests that are not answered with 5xx
    Availability,
}

/// Longer than the period of the budget is no drill.
fn duration(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_secs(1)..=BUDGET_PERIOD;
    let duration =
        service_kit::config::value::duration(text).ok().filter(|duration| allowed.contains(duration));
    duration.ok_or_else(|| "must be a duration from 1s to 30d, such as 5m or 1h 30m".to_owned())
}

/// A service's ENVIRONMENT: it is printed into a comment, so it must not end the line.
fn environment(text: &str) -> Result<String, &'static str> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=50).contains(&text.len()) && text.chars().all(word);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 50 lower-case letters, digits and '-', such as staging")
    }
}
