//! The pace of a run: which request is due when, and the thread that releases it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::rate::Rate;

/// The shortest nap. Below it a core would go into waking up; requests due in the meantime are released together.
const NAP: Duration = Duration::from_micros(50);

/// One request to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// From 1, without gaps.
    pub(super) number: u64,
    pub(super) due: Instant,
}

/// Hands out the requests of a run, each once and none before it is due.
pub(super) struct Pace {
    rate: Rate,
    duration: Duration,
    start: Instant,
    /// One permit a request that is due; closed once the last one has been released.
    due: Semaphore,
    taken: AtomicU64,
    /// How many requests the run has: the plan, until the run is ended early.
    total: AtomicU64,
    stopped: AtomicBool,
    ended: OnceLock<Instant>,
}

impl Pace {
    /// Waits until a request is due; `None` when the run has no more.
    pub(super) async fn next(&self) -> Option<Turn> {
        // Closed, the semaphore refuses also the permits it still has. All that was released is due by then, so the
        // count alone decides.
        if let Ok(permit) = self.due.acquire().await {
            permit.forget();
        }
        let index = self.taken.fetch_add(1, Ordering::AcqRel);
        (index < self.total.load(Ordering::Acquire))
            .then(|| Turn { number: index + 1, due: self.start + self.rate.offset(index) })
    }

    /// How many requests have been handed out so far.
    pub(super) fn sent(&self) -> u64 {
        self.taken.load(Ordering::Acquire).min(self.total.load(Ordering::Acquire))
    }

    /// How long ago the schedule ended, by plan or by being stopped; zero before.
    pub(super) fn since_end(&self) -> Duration {
        self.ended.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn new(rate: Rate, duration: Duration) -> Self {
        Self {
            rate,
            duration,
            start: Instant::now(),
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
            total: AtomicU64::new(rate.requests_in(duration)),
            stopped: AtomicBool::new(false),
            ended: OnceLock::new(),
        }
    }

    /// Releases every request at its time and says how many that were. The run lasts to the end of its duration, not to the last request: the
    /// achieved rate would be too high otherwise.
    fn release(&self) -> u64 {
        let total = self.total.load(Ordering::Acquire);
        let mut released = 0;
        while !self.stopped.load(Ordering::Acquire) {
            let elapsed = self.start.elapsed();
            let due = self.rate.due_after(elapsed).min(total);
            self.due.add_permits((due - released) as usize);
            released = due;
            if elapsed >= self.duration {
                break;
            }
            let next = if released < total { self.rate.offset(released) } else { self.duration };
            thread::park_timeout(next.saturating_sub(elapsed).max(NAP));
        }
        self.total.store(released, Ordering::Release);
        self.ended.get_or_init(Instant::now);
        self.due.close();
        released
    }
}

/// The thread that keeps the pace. Tokio's timer ticks in milliseconds, which is several requests at a few thousand a
/// second; a parked thread wakes within some tens of microseconds.
pub(super) struct Pacer {
    pace: Arc<Pace>,
    thread: JoinHandle<u64>,
}

impl Pacer {
    pub(super) fn start(rate: Rate, duration: Duration) -> std::io::Result<Self> {
        let pace = Arc::new(Pace::new(rate, duration));
        let shared = Arc::clone(&pace);
        let thread = thread::Builder::new().name("pace".to_owned()).spawn(move || shared.release())?;
        Ok(Self { pace, thread })
    }

    pub(super) fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// Ends the schedule: what is not due yet is no longer part of the run.
    pub(super) fn stop(&self) {
        self.pace.stopped.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Ends the schedule and says how many requests became due, also those that no worker came to take.
    pub(super) fn finish(self) -> u64 {
        self.stop();
        self.thread.join().expect("the pace thread does not panic")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(pace: &Pace) -> Vec<(Turn, Instant)> {
        let mut turns = Vec::new();
        while let Some(turn) = pace.next().await {
            turns.push((turn, Instant::now()));
        }
        turns
    }

    #[tokio::test]
    async fn hands_out_each_number_once_and_none_before_it_is_due() {
        let pacer = Pacer::start("2000/s".parse().unwrap(), Duration::from_millis(250)).unwrap();
        let turns = all(&pacer.pace()).await;
        assert!(turns.iter().map(|(turn, _)| turn.number).eq(1..=500));
        assert!(turns.iter().all(|(turn, taken)| turn.due <= *taken));
        assert_eq!(pacer.pace().sent(), 500);
        assert!(pacer.pace().elapsed() >= Duration::from_millis(250));
    }

    #[tokio::test]
    async fn a_stopped_run_keeps_what_was_due() {
        let pacer = Pacer::start("1/s".parse().unwrap(), Duration::from_hours(1)).unwrap();
        let pace = pacer.pace();
        assert_eq!(pace.next().await.map(|turn| turn.number), Some(1));
        pacer.stop();
        assert!(pace.next().await.is_none());
        assert_eq!((pace.sent(), pacer.finish()), (1, 1));
    }

    #[tokio::test]
    async fn what_nobody_took_is_still_part_of_the_run() {
        let pacer = Pacer::start("1000/s".parse().unwrap(), Duration::from_millis(20)).unwrap();
        while pacer.pace().since_end().is_zero() {
            tokio::task::yield_now().await;
        }
        assert_eq!(pacer.pace().sent(), 0);
        assert_eq!(pacer.finish(), 20);
    }
}
