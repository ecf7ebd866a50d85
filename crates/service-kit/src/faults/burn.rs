//! CPU time that is burned beside the work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use rustix::time::{ClockId, clock_gettime};

use super::effect::Until;

/// CPU time between two looks at the clock.
const SLICE: Duration = Duration::from_millis(1);

/// How long it rests when it is ahead.
const REST: Duration = Duration::from_millis(5);

/// What a machine that was busy with other things owes at most: more would come back as a burst.
const MAX_DEBT: Duration = Duration::from_secs(1);

/// No node has more, and each is a thread.
const MAX: u32 = 256_000;

/// Thousandths of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cores(u32);

impl Cores {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let allowed = || format!("must be a number of cores from 0.001 to {}, such as 0.5", MAX / 1_000);
        let cores: f64 = text.parse().map_err(|_| allowed())?;
        let thousandths = (cores * 1_000.0).round();
        if !(1.0..=f64::from(MAX)).contains(&thousandths) {
            return Err(allowed());
        }
        Ok(Self(thousandths as u32))
    }

    /// What each thread burns: as many whole cores as there are, and the rest.
    pub(super) fn threads(self) -> Vec<Self> {
        let whole = std::iter::repeat_n(1_000, (self.0 / 1_000) as usize);
        whole.chain(Some(self.0 % 1_000)).filter(|share| *share > 0).map(Self).collect()
    }

    /// Burns until it is over.
    pub(super) fn run(self, burned: &Burned, until: &Until) {
        let (began, mut done, mut forgiven) = (Instant::now(), Duration::ZERO, Duration::ZERO);
        loop {
            let due = (began.elapsed() * self.0 / 1_000).saturating_sub(forgiven);
            if done >= due {
                if !until.pause(REST) {
                    return;
                }
                continue;
            }
            forgiven += due.saturating_sub(done + MAX_DEBT);
            let slice = spin(SLICE);
            burned.add(slice);
            done += slice;
            if !until.goes_on() {
                return;
            }
        }
    }
}

/// What the threads of a rule have burned together. Counts each second.
#[derive(Debug)]
pub(super) struct Burned {
    nanos: AtomicU64,
    counter: IntCounter,
}

impl Burned {
    pub(super) fn new(counter: IntCounter) -> Self {
        Self { nanos: AtomicU64::new(0), counter }
    }

    fn add(&self, time: Duration) {
        const SECOND: u64 = 1_000_000_000;
        let nanos = time.as_nanos() as u64;
        let before = self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.counter.inc_by((before + nanos) / SECOND - before / SECOND);
    }
}

/// Burns CPU time, measured, and returns how much it was.
fn spin(time: Duration) -> Duration {
    let began = cpu_time();
    loop {
        // Some microseconds of work between two system calls, so that it is user time that is burned.
        for round in 0..2_000_u32 {
            std::hint::black_box(round.wrapping_mul(2_654_435_761));
        }
        let burned = cpu_time().saturating_sub(began);
        if burned >= time {
            return burned;
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_cores_get_a_thread_each_and_the_rest_another() {
        let threads = |cores: &str| {
            Cores::parse(cores).unwrap().threads().iter().map(|share| share.0).collect::<Vec<_>>()
        };
        assert_eq!(
            (threads("0.5"), threads("2"), threads("1.25")),
            (vec![500], vec![1_000, 1_000], vec![1_000, 250])
        );
        for bad in ["", "0", "-1", "NaN", "inf", "0.0001", "257", "half"] {
            assert!(Cores::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_whole_second_is_counted_once() {
        let burned = Burned::new(IntCounter::new("a", "b").unwrap());
        (0..25).for_each(|_| burned.add(Duration::from_millis(100)));
        assert_eq!(burned.counter.get(), 2);
    }
}
