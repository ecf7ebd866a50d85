//! One thread writes all lines. A request only pushes its line to a lock-free queue and never waits for the reader of
//! the log; lines that find the queue full are counted, said in the log, and shown as `log_lines_dropped_total`.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

/// Lines that may wait: about 50 ms of a saturated service, 2 MiB when each is an access line.
const CAPACITY: usize = 8_192;

/// How long lines are gathered for one write. A lone line is written at once.
const BATCH: Duration = Duration::from_millis(10);

/// How long the end of the process waits for a reader that does not read.
const FLUSH: Duration = Duration::from_secs(1);

static DROPPED: AtomicU64 = AtomicU64::new(0);

/// The lines that were lost since the process started because the log's reader was too slow.
pub(crate) fn dropped_lines() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// The lines on their way to the writing thread.
pub(super) struct Queue {
    lines: ArrayQueue<String>,
    /// Whether the thread is parked, or about to be.
    idle: AtomicBool,
    done: AtomicBool,
    thread: std::sync::OnceLock<Thread>,
}

impl Queue {
    pub(super) fn push(&self, line: String) {
        if self.lines.push(line).is_err() {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
        self.wake();
    }

    fn wake(&self) {
        // SeqCst on both sides: either this sees `idle`, or the thread, which sets it first, sees the line.
        if self.idle.load(Ordering::SeqCst) && self.idle.swap(false, Ordering::SeqCst) {
            self.thread.get().map(Thread::unpark);
        }
    }
}

/// The writing thread; dropping it writes what is left.
pub struct Writer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(out: impl Write + Send + 'static) -> Self {
        let queue = Arc::new(Queue {
            lines: ArrayQueue::new(CAPACITY),
            idle: AtomicBool::new(false),
            done: AtomicBool::new(false),
            thread: std::sync::OnceLock::new(),
        });
        let shared = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(&shared, out))
            .expect("a process that cannot start one thread cannot serve");
        queue.thread.set(thread.thread().clone()).expect("set once, here");
        Self { queue, thread: Some(thread) }
    }

    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.done.store(true, Ordering::SeqCst);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        let deadline = Instant::now() + FLUSH;
        while !thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn write_lines(queue: &Queue, mut out: impl Write) {
    let mut batch = String::new();
    let mut reported = 0;
    loop {
        // At most one queue a write: lines that come faster than they are written must not gather here.
        std::iter::from_fn(|| queue.lines.pop()).take(CAPACITY).for_each(|line| batch.push_str(&line));
        reported = report_dropped(&mut batch, reported);
        if batch.is_empty() {
            if queue.done.load(Ordering::SeqCst) {
                return;
            }
            queue.idle.store(true, Ordering::SeqCst);
            if queue.lines.is_empty() && !queue.done.load(Ordering::SeqCst) {
                std::thread::park();
            }
            queue.idle.store(false, Ordering::SeqCst);
            continue;
        }
        if out.write_all(batch.as_bytes()).and_then(|()| out.flush()).is_err() {
            // A closed log is no reason to stop serving, but its lines are lost.
            reported += batch.lines().count() as u64;
            DROPPED.fetch_add(batch.lines().count() as u64, Ordering::Relaxed);
        }
        batch.clear();
        // One burst must not keep its memory for ever.
        batch.shrink_to(64 * 1024);
        if !queue.done.load(Ordering::SeqCst) {
            std::thread::park_timeout(BATCH);
        }
    }
}

fn report_dropped(batch: &mut String, reported: u64) -> u64 {
    let dropped = dropped_lines();
    if dropped > reported {
        let timestamp = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        let message = "log lines dropped: their reader is too slow";
        let lines = dropped - reported;
        let line =
            serde_json::json!({"timestamp": timestamp, "level": "WARN", "message": message, "lines": lines});
        batch.push_str(&line.to_string());
        batch.push('\n');
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_in_order_before_the_writer_is_gone() {
        let sink = Sink::default();
        let writer = Writer::start(sink.clone());
        let queue = writer.queue();
        for number in 0..5_000 {
            queue.push(format!("{number}\n"));
        }
        drop(writer);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.lines().eq((0..5_000).map(|number| number.to_string())));
    }

    #[test]
    fn a_lone_line_is_written_without_a_successor() {
        let sink = Sink::default();
        let writer = Writer::start(sink.clone());
        let deadline = Instant::now() + Duration::from_secs(5);
        for expected in [b"a\n".as_slice(), b"a\nb\n"] {
            writer.queue().push(String::from_utf8(expected[expected.len() - 2..].to_vec()).unwrap());
            while sink.0.lock().unwrap().as_slice() != expected {
                assert!(Instant::now() < deadline, "never written");
                std::thread::yield_now();
            }
        }
    }
}
