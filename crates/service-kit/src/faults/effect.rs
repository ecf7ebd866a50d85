//! A fault at work in a thread of its own, away from the threads that answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

/// Ends its thread when it is dropped: with the rule that it belongs to.
#[derive(Debug)]
pub(super) struct Effect {
    _stop: Sender<()>,
}

/// When the thread has to end.
pub(super) struct Until {
    stopped: Receiver<()>,
    end: Option<Instant>,
}

/// From when until when a fault is at work.
#[derive(Clone, Copy)]
pub(super) struct Period {
    pub(super) start: Instant,
    pub(super) end: Option<Instant>,
}

impl Effect {
    /// Starts the thread, which waits for the period to begin.
    pub(super) fn start(period: Period, work: impl FnOnce(&Until) + Send + 'static) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("fault".to_owned()).stack_size(128 * 1024);
        let run = move || {
            let before = Until { stopped, end: None };
            if before.pause(period.start.saturating_duration_since(Instant::now())) {
                work(&Until { end: period.end, ..before });
            }
        };
        if let Err(error) = thread.spawn(run) {
            tracing::error!(%error, "a fault has no thread and does nothing");
        }
        Self { _stop: stop }
    }
}

impl Until {
    /// Waits; false as soon as it is over.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
        let over = left.is_some_and(|left| left <= pause);
        let waited = self.stopped.recv_timeout(left.map_or(pause, |left| left.min(pause)));
        !over && waited == Err(RecvTimeoutError::Timeout)
    }

    /// Waits until it is over.
    pub(super) fn wait(&self) {
        // An hour at a time: a bound as good as any other.
        while self.pause(Duration::from_hours(1)) {}
    }

    pub(super) fn goes_on(&self) -> bool {
        self.end.is_none_or(|end| Instant::now() < end) && self.stopped.try_recv() == Err(TryRecvError::Empty)
    }
}
