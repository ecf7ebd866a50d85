//! Burns CPU time and fills memory on a bounded pool of threads, away from the threads that answer.

use std::num::NonZero;
use std::sync::OnceLock;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;

use super::memory::Held;

/// Jobs that may wait, for each thread. With the default 5 ms a full queue is a wait of 1.3 s, which an SLO sees long
/// before; beyond it, refusing is kinder than queueing.
const QUEUE_PER_THREAD: usize = 256;

/// CPU time between two looks at whether anyone still waits for the result.
const SLICE: Duration = Duration::from_millis(1);

/// How much the burning threads give way: when there are fewer cores than threads, an answer to a probe goes first.
const NICENESS: i32 = 10;

struct Job {
    cpu: Duration,
    held: Held,
    done: oneshot::Sender<Held>,
}

/// As many threads as there are cores, started with the first job.
pub(super) struct Burners {
    queue: OnceLock<Sender<Job>>,
}

impl Burners {
    pub(super) fn new() -> Self {
        Self { queue: OnceLock::new() }
    }

    /// Makes the memory resident and burns the CPU time; None when the queue is full. Dropping the future ends the work.
    pub(super) async fn burn(&self, cpu: Duration, held: Held) -> Option<Held> {
        if cpu.is_zero() && held.is_resident() {
            return Some(held);
        }
        let (done, result) = oneshot::channel();
        self.queue.get_or_init(start).try_send(Job { cpu, held, done }).ok()?;
        result.await.ok()
    }
}

fn start() -> Sender<Job> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (queue, jobs) = bounded(threads * QUEUE_PER_THREAD);
    for _ in 0..threads {
        let jobs = jobs.clone();
        let thread = std::thread::Builder::new().name("burn".to_owned());
        thread.spawn(move || work(&jobs)).expect("a process that cannot start a thread cannot burn CPU");
    }
    queue
}

fn work(jobs: &Receiver<Job>) {
    // Linux gives each thread a niceness of its own. Where it is refused, the work is merely less polite.
    let _ = rustix::process::nice(NICENESS);
    for mut job in jobs {
        if job.done.is_closed() {
            continue;
        }
        job.held.make_resident();
        let end = cpu_time() + job.cpu;
        while cpu_time() < end && !job.done.is_closed() {
            spin_until(end.min(cpu_time() + SLICE));
        }
        let _ = job.done.send(job.held);
    }
}

/// Measured CPU time, not time on the clock: an autoscaler sees what was asked for, however busy the machine is.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn spin_until(end: Duration) {
    while cpu_time() < end {
        // A few microseconds of work between two system calls, so that it is user time that is burned.
        for round in 0..2_000_u32 {
            std::hint::black_box(round.wrapping_mul(2_654_435_761));
        }
    }
}
