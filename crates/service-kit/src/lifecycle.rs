//! The life of a process: serving, draining, closing; and the signals that move it on.

use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How a service is told to stop. Later values are more urgent, and it never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all yet.
    Run,
    /// As SIGTERM says it: stay reachable for the drain delay, then finish what is in flight.
    Drain,
    /// As Ctrl-C says it: finish what is in flight, at once.
    Finish,
    /// As a second signal says it: leave everything.
    Abort,
}

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Everything is accepted.
    Serving,
    /// Everything is still accepted, but not ready any more, and clients are asked to go elsewhere.
    Draining,
    /// Nothing new is accepted; what is in flight is finished.
    Closing,
    /// The deadline has passed; what was in flight is cut off.
    Aborted,
}

/// A small latch that everyone may read at no cost: the phase only ever advances.
#[derive(Debug)]
pub(crate) struct Lifecycle(AtomicU8);

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Serving as u8))
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Draining,
            2 => Phase::Closing,
            _ => Phase::Aborted,
        }
    }

    pub(crate) fn advance(&self, phase: Phase) {
        self.0.fetch_max(phase as u8, Ordering::AcqRel);
    }
}

/// Turns SIGTERM, SIGINT and whatever comes second into [`Stop`]. The handlers are in place when it returns, which is
/// what makes a process with the id 1 stoppable at all.
pub fn stop_on_signals() -> std::io::Result<watch::Receiver<Stop>> {
    let (sender, receiver) = watch::channel(Stop::Run);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let first = tokio::select! {
            _ = terminate.recv() => Stop::Drain,
            _ = interrupt.recv() => Stop::Finish,
        };
        sender.send_replace(first);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sender.send_replace(Stop::Abort);
        // The channel stays open: a closed one would be one more case for every receiver.
        sender.closed().await;
    });
    Ok(receiver)
}
