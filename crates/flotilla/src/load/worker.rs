//! A worker: one keep-alive connection, one request at a time.

use std::sync::Arc;

use tokio::time::timeout;

use super::Run;
use super::connection::{Answer, Connection, Failure};
use super::lost::Lost;
use super::pace::Turn;

/// Sends the requests that are due until the run has no more.
pub(super) async fn work(run: Arc<Run>) {
    let mut kept = None;
    while let Some(turn) = run.pace.next().await {
        match attempt(&run, turn, &mut kept).await {
            Ok(answer) => run.tally.answered(&answer, turn.due.elapsed()),
            Err(lost) => run.tally.lost(lost),
        }
    }
}

/// One request, once. Its time runs from when it is sent, so that the server gets all of it, and not from when it was
/// due, as its latency does. What still waits that long after the run's end is given up.
async fn attempt(run: &Run, turn: Turn, kept: &mut Option<Connection>) -> Result<Answer, Lost> {
    if run.pace.since_end() >= run.timeout {
        return Err(Lost::NotSent);
    }
    timeout(run.timeout, send(run, turn.number, kept)).await.unwrap_or(Err(Lost::Timeout))
}

/// The connection goes back to `kept` only after a complete exchange: after a failure or a timeout it is closed, since
/// a late response on it would be taken for the next one's.
async fn send(run: &Run, number: u64, kept: &mut Option<Connection>) -> Result<Answer, Lost> {
    if let Some(mut connection) = kept.take()
        && connection.is_usable().await
    {
        match connection.exchange(run.target.request(number)).await {
            Ok(answer) => return Ok(keep(run, answer, connection, kept)),
            Err(Failure::Lost(lost)) => return Err(lost),
            Err(Failure::Unsent) => {}
        }
    }
    let mut connection = Connection::open(&run.target).await?;
    match connection.exchange(run.target.request(number)).await {
        Ok(answer) => Ok(keep(run, answer, connection, kept)),
        Err(Failure::Lost(lost)) => Err(lost),
        // A new connection that takes nothing is not idle, it is broken.
        Err(Failure::Unsent) => Err(Lost::Closed),
    }
}

fn keep(run: &Run, answer: Answer, connection: Connection, kept: &mut Option<Connection>) -> Answer {
    if !answer.last && !run.new_connections {
        *kept = Some(connection);
    }
    answer
}
