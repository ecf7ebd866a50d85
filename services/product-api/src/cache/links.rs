//! The link of the moment, and what is said about it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use service_kit::Check;
use tokio::sync::Notify;

use super::Trouble;
use super::link::Link;

/// How long after the start a link that cannot be made is not reported: what starts together with its Redis waits for
/// it, and is not ready before.
const START: Duration = Duration::from_millis(500);

pub(super) struct Links {
    current: ArcSwapOption<Link>,
    pub(super) lost: Notify,
    check: Check,
    since: Instant,
}

impl Links {
    pub(super) fn new(check: Check) -> Self {
        Self { current: ArcSwapOption::empty(), lost: Notify::new(), check, since: Instant::now() }
    }

    pub(super) fn current(&self) -> Option<Arc<Link>> {
        self.current.load_full()
    }

    pub(super) fn is_current(&self, link: &Arc<Link>) -> bool {
        self.current.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, link))
    }

    /// Whoever finds a link broken says so once; the others find none.
    pub(super) fn give_up(&self, link: &Arc<Link>, reason: String) -> Trouble {
        let before = self.current.compare_and_swap(&Some(Arc::clone(link)), None);
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, link)) {
            self.unreachable(reason);
            self.lost.notify_one();
        }
        Trouble
    }

    /// One line in the log for each change of the reason.
    pub(super) fn unreachable(&self, reason: String) {
        let last = self.check.last();
        if last.is_none() && self.since.elapsed() < START {
            return;
        }
        let reason = Err(reason);
        if let (true, Err(reason)) = (last.as_ref() != Some(&reason), &reason) {
            tracing::warn!("cache: {reason}; continuing without it");
        }
        self.check.report(reason);
    }

    pub(super) fn use_from_now_on(&self, link: Arc<Link>) {
        tracing::info!(run = link.server.run(), "cache: connected");
        if !link.server.is_known() {
            tracing::warn!(
                "cache: INFO is refused: what a restart or a failover brings back counts until CACHE_TTL"
            );
        }
        if link.read == Link::WEAK_READ {
            tracing::warn!("cache: GETEX is refused: a failover is noticed by the check of each second only");
        }
        // Reported first: whoever finds it broken at once has the last word.
        self.check.report(Ok(()));
        self.current.store(Some(link));
    }

    /// What a check of the link has found: that Redis stores, or why not. It answers and forgets all the same.
    pub(super) fn stores(&self, link: &Arc<Link>, result: Result<(), String>) {
        if !self.is_current(link) {
            return;
        }
        if self.check.last().as_ref() != Some(&result) {
            match &result {
                Ok(()) => tracing::info!("cache: it stores again"),
                Err(reason) => tracing::warn!("cache: {reason}"),
            }
        }
        self.check.report(result);
    }
}
