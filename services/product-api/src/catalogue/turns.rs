//! Turns at the database. Who waits for one can leave at no cost; who has one goes to the end, with a connection that is
//! given back as it was taken. So clients that hang up leave behind at most as many queries as there are turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a query waits for its turn. Shorter than the deadline of any client that shows the 503 to someone, longer
/// than a busy database needs.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Turns(Arc<Semaphore>);

/// A turn, for one operation. Those that wait are served in the order in which they came.
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    pub(super) operation: &'static str,
    /// When it began to wait.
    pub(super) asked: Instant,
}

impl Turns {
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// Waits until it is the caller's turn; else the error says for what it has waited.
    pub(super) async fn wait(&self, operation: &'static str) -> Result<Turn, Turn> {
        let waiting = Turn::new(operation);
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await {
            Ok(permit) => Ok(Turn { _permit: Some(permit.expect("it is never closed")), ..waiting }),
            Err(_) => Err(waiting),
        }
    }
}

impl Turn {
    /// Out of turn: for what has waited already, and for checks, which are made however busy the database is.
    pub(super) fn new(operation: &'static str) -> Self {
        Self { _permit: None, operation, asked: Instant::now() }
    }
}
