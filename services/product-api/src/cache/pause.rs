//! The time between two attempts to link: it grows, so that a server that refuses each time is left in peace.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);

/// With an attempt that is given up, still within the 5 s in which the cache has to be back.
const LONGEST: Duration = Duration::from_secs(2);

pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pause {
    pub(super) async fn wait(&mut self) {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        tokio::time::sleep(pause).await;
    }
}
