//! The invalidations that were not confirmed. They stay here until they are, and the replica does not read the cache
//! before. Those that were confirmed are remembered for as long as an entry lives: in a failover, the server that has
//! confirmed them may not have been the master any more for the other replicas.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many products may be pending: as many as one `DEL` takes in a few milliseconds.
const MAX: u16 = 10_000;

/// Products with the number of the last write that concerned each.
pub(super) type Writes = HashMap<i64, u64>;

#[derive(Default)]
pub(super) struct Pending(Mutex<State>);

#[derive(Default)]
struct State {
    writes: Writes,
    next: u64,
    /// Products with the time of their last confirmed invalidation.
    confirmed: HashMap<i64, Instant>,
    /// Set when there were too many to remember: until then the cache is not read at all, and by then every entry
    /// that they concerned has died.
    closed_until: Option<Instant>,
}

impl Pending {
    pub(super) fn add(&self, id: i64, time_to_live: Duration) {
        let mut state = self.lock();
        if state.writes.len() >= usize::from(MAX) {
            state.writes.clear();
            state.closed_until = Some(Instant::now() + time_to_live);
            return;
        }
        state.next += 1;
        let number = state.next;
        state.writes.insert(id, number);
    }

    /// What is pending, or None while the cache must not be read.
    pub(super) fn look(&self) -> Option<Writes> {
        let state = self.lock();
        match state.closed_until {
            Some(until) if Instant::now() < until => None,
            _ => Some(state.writes.clone()),
        }
    }

    /// Forgets what has been confirmed, but not what was written again meanwhile.
    pub(super) fn settled(&self, confirmed: &Writes) {
        self.lock().writes.retain(|id, number| confirmed.get(id) != Some(number));
    }

    /// Remembers an invalidation that was confirmed.
    pub(super) fn confirmed(&self, id: i64, time_to_live: Duration) {
        let mut state = self.lock();
        if state.confirmed.len() >= usize::from(MAX) {
            state.confirmed.retain(|_, at| at.elapsed() < time_to_live);
        }
        if state.confirmed.len() >= usize::from(MAX) {
            // The latest matter most: what comes now is remembered.
            state.confirmed.clear();
        }
        state.confirmed.insert(id, Instant::now());
    }

    /// Makes pending what was confirmed by another server, unless all that it concerned has died since.
    pub(super) fn again(&self, time_to_live: Duration) {
        let confirmed = std::mem::take(&mut self.lock().confirmed);
        for (id, _) in confirmed.into_iter().filter(|(_, at)| at.elapsed() < time_to_live) {
            self.add(id, time_to_live);
        }
    }

    /// Nothing panics while it is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_TO_LIVE: Duration = Duration::from_mins(5);

    #[test]
    fn what_is_written_again_while_it_is_settled_stays_pending() {
        let pending = Pending::default();
        pending.add(5, TIME_TO_LIVE);
        pending.add(6, TIME_TO_LIVE);
        let seen = pending.look().unwrap();
        pending.add(5, TIME_TO_LIVE);
        pending.settled(&seen);
        assert_eq!(pending.look().unwrap().into_keys().collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn what_another_server_has_confirmed_is_pending_again_while_it_matters() {
        let pending = Pending::default();
        pending.confirmed(5, TIME_TO_LIVE);
        pending.again(Duration::ZERO);
        assert!(pending.look().unwrap().is_empty());
        pending.confirmed(5, TIME_TO_LIVE);
        pending.again(TIME_TO_LIVE);
        assert_eq!(pending.look().unwrap().into_keys().collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn too_many_close_the_cache_until_all_they_concern_has_died() {
        let pending = Pending::default();
        let add = |time_to_live| (0..=MAX).for_each(|id| pending.add(id.into(), time_to_live));
        add(Duration::ZERO);
        assert!(pending.look().unwrap().is_empty());
        add(TIME_TO_LIVE);
        assert!(pending.look().is_none());
    }
}
