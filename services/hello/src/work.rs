//! Work on demand: sleep, CPU time, memory, and failures at an exact rate.

mod burn;
mod demand;
mod memory;

use std::time::Duration;

use service_kit::Kit;
use service_kit::faults::{FaultCounter, RateCounter};

use crate::config::Config;
use burn::Burners;
pub(crate) use demand::Demand;
pub use demand::SleepRange;
use memory::Budget;

/// The name of the rule that `FAIL_RATE` is, in `x-fault` and in `fault_injected_total`.
pub(crate) const FAIL_RATE: &str = "FAIL_RATE";

/// Everything that `/work` shares between requests.
pub(crate) struct Work {
    greeting: String,
    defaults: Demand,
    max_sleep: Duration,
    max_cpu: Duration,
    max_memory: u64,
    failures: RateCounter,
    injected: FaultCounter,
    burners: Burners,
    memory: Budget,
}

/// How a piece of work ended.
pub(crate) enum Outcome {
    Done,
    /// `FAIL_RATE` wanted it so.
    Failed,
}

/// Which bound a piece of work would have passed.
#[derive(Debug)]
pub(crate) enum Overload {
    Queue,
    Memory,
}

impl Work {
    pub(crate) fn new(config: &Config, kit: &Kit) -> Self {
        Self {
            greeting: config.greeting.clone(),
            defaults: Demand { sleep: config.work_sleep, cpu: config.work_cpu, memory: 0 },
            max_sleep: config.work_max_sleep,
            max_cpu: config.work_max_cpu,
            max_memory: config.work_max_memory,
            failures: RateCounter::new(config.fail_rate),
            injected: kit.faults.counter(FAIL_RATE, "error"),
            burners: Burners::new(),
            memory: Budget::new(config.work_max_memory),
        }
    }

    pub(crate) fn greeting(&self) -> &str {
        &self.greeting
    }

    /// What a query asks for, within the limits; the defaults where it is silent.
    pub(crate) fn demand(&self, query: &str) -> Result<Demand, String> {
        let demand = self.defaults.overridden_by(query)?;
        let longest = |what, max| format!("{what} must be at most {}", humantime::format_duration(max));
        if demand.sleep.longest() > self.max_sleep {
            return Err(longest("sleep", self.max_sleep));
        }
        if demand.cpu > self.max_cpu {
            return Err(longest("cpu", self.max_cpu));
        }
        // What is more than there is would be in use for ever.
        if demand.memory > self.max_memory {
            return Err(format!("memory must be at most {} bytes", self.max_memory));
        }
        Ok(demand)
    }

    /// Does the work, and lets it fail when its turn has come.
    pub(crate) async fn run(&self, demand: Demand) -> Result<Outcome, Overload> {
        let held = self.memory.reserve(demand.memory).ok_or(Overload::Memory)?;
        // Resident from here on, so that the memory shows for as long as the request takes.
        let held = self.burners.burn(Duration::ZERO, held).await.ok_or(Overload::Queue)?;
        let sleep = demand.sleep.pick();
        if !sleep.is_zero() {
            tokio::time::sleep(sleep).await;
        }
        drop(self.burners.burn(demand.cpu, held).await.ok_or(Overload::Queue)?);
        if self.failures.strike() {
            self.injected.inc();
            return Ok(Outcome::Failed);
        }
        Ok(Outcome::Done)
    }
}
