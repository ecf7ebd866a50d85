//! The list of open connections, and the reaper that sees to it that none rests for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::connection::Connection;

/// The open connections. The lock is taken when one opens or closes, never for a request.
#[derive(Default)]
pub(super) struct Open {
    connections: Mutex<(u64, HashMap<u64, Arc<Connection>>)>,
    all_closed: Notify,
}

/// A connection's place in the list, given up when dropped.
pub(super) struct Entry {
    open: Arc<Open>,
    key: u64,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, (u64, HashMap<u64, Arc<Connection>>)> {
        // Nothing panics while it is held, and a list is as good after a panic as before.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(self: &Arc<Self>, connection: Arc<Connection>) -> Entry {
        let mut list = self.lock();
        list.0 += 1;
        let key = list.0;
        list.1.insert(key, connection);
        Entry { open: Arc::clone(self), key }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().1.len()
    }

    /// Ends the connection that has been idle for the longest; false when none is.
    pub(super) fn displace_longest_idle(&self) -> bool {
        let list = self.lock();
        let idle = list.1.values().filter_map(|connection| Some((connection.idle()?, connection)));
        let longest = idle.max_by_key(|(time, _)| *time);
        longest.inspect(|(_, connection)| connection.displace()).is_some()
    }

    /// Has every connection look at the phase.
    pub(super) fn wake(&self) {
        self.lock().1.values().for_each(|connection| connection.wake());
    }

    /// Ends those that rest too long, for ever.
    pub(super) async fn reap(&self) {
        loop {
            // The limits are 10 s and more: a second late is on time.
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.lock().1.values().for_each(|connection| connection.check());
        }
    }

    /// The requests that are being answered.
    pub(super) fn in_flight(&self) -> u32 {
        self.lock().1.values().map(|connection| connection.in_flight()).sum()
    }

    /// Resolves when no request is in flight. What is left then is a client that says nothing, or does not read.
    pub(super) async fn wait_until_idle(&self) {
        while self.in_flight() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Resolves when the last connection has closed.
    pub(super) async fn wait_until_all_closed(&self) {
        loop {
            let notified = self.all_closed.notified();
            if self.lock().1.is_empty() {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut list = self.open.lock();
        list.1.remove(&self.key);
        if list.1.is_empty() {
            self.open.all_closed.notify_waiters();
        }
    }
}
