//! Waiting with a deadline, never for a fixed time.

use std::time::{Duration, Instant};

/// Polls until the probe gives a value, and panics when it has not within the time.
pub fn within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// [`within`] 10 s, for a condition.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    within(Duration::from_secs(10), what, || condition().then_some(()));
}
