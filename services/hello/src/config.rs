//! The variables of hello alone.

use std::time::Duration;

use service_kit::Invalid;
use service_kit::config::value;
use service_kit::faults::Rate;

use crate::work::SleepRange;

/// What hello reads beside what every service reads.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// The greeting in `message` and `greeting`
    #[arg(long, value_name = "TEXT", default_value = "hello")]
    pub greeting: String,
    /// Share of `/work` requests that fail, exactly: a decimal from 0 to 1 with at most six digits
    #[arg(long, value_name = "RATE", default_value = "0")]
    pub fail_rate: Rate,
    /// How long `/work` sleeps: a duration or a range of two
    #[arg(long, value_name = "RANGE", default_value = "50ms..200ms")]
    pub work_sleep: SleepRange,
    /// CPU time that `/work` burns
    #[arg(long, value_name = "DURATION", value_parser = value::duration, default_value = "5ms")]
    pub work_cpu: Duration,
    /// The longest sleep that a request may ask for
    #[arg(long, value_name = "DURATION", value_parser = value::duration, default_value = "10s")]
    pub work_max_sleep: Duration,
    /// The most CPU time that a request may ask for
    #[arg(long, value_name = "DURATION", value_parser = value::duration, default_value = "10s")]
    pub work_max_cpu: Duration,
    /// The most memory that all requests in flight may hold together
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "32Mi")]
    pub work_max_memory: u64,
}

impl Config {
    /// Refuses defaults that no request would be allowed to ask for.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if self.work_sleep.longest() > self.work_max_sleep {
            let value = self.work_sleep.to_string();
            return Err(Invalid::new("WORK_SLEEP", Some(&value), "must not be longer than WORK_MAX_SLEEP"));
        }
        if self.work_cpu > self.work_max_cpu {
            let value = humantime::format_duration(self.work_cpu).to_string();
            return Err(Invalid::new("WORK_CPU", Some(&value), "must not be longer than WORK_MAX_CPU"));
        }
        Ok(())
    }
}
