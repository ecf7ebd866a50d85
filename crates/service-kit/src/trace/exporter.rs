//! The one task that sends spans. Nothing waits for it but the end of the service, and that not for long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::collector::{Collector, Refused};
use super::tracer::{Lost, Tracer};
use crate::logging;

/// The pause before a batch is sent again, doubled each time up to the other: OTLP wants it to grow.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long the end of a service waits for a collector at most: one that is well takes a full queue in a tenth of it.
const FLUSH: Duration = Duration::from_secs(2);

/// The running task.
pub(crate) struct Exporter {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    tracer: Arc<Tracer>,
}

impl Exporter {
    pub(crate) fn start(tracer: &Arc<Tracer>, service: &'static str) -> Self {
        let (stop, stopped) = watch::channel(false);
        let sending = Sending {
            tracer: Arc::clone(tracer),
            collector: Collector::new(&tracer.target),
            stopped,
            works: true,
        };
        let task = tokio::spawn(logging::in_service(service, sending.run()));
        Self { task, stop, tracer: Arc::clone(tracer) }
    }

    /// Sends what there is, within the limit and [`FLUSH`]. To be called after the last request has ended.
    pub(crate) async fn finish(mut self, limit: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(limit.min(FLUSH), &mut self.task).await.is_err() {
            self.task.abort();
            let waiting = self.tracer.queue.len();
            tracing::warn!(waiting, "traces: the last spans were not delivered in time");
        }
    }
}

struct Sending {
    tracer: Arc<Tracer>,
    collector: Collector,
    stopped: watch::Receiver<bool>,
    /// Whether the collector took the last message.
    works: bool,
}

impl Sending {
    async fn run(mut self) {
        loop {
            let ends = self.wait_for_spans().await;
            self.tracer.clock.adjust();
            let spans = self.tracer.queue.take();
            if !spans.is_empty() {
                self.deliver(&spans).await;
            } else if ends {
                return;
            }
        }
    }

    /// Returns when there is a batch, spans have been gathered for long enough, or the service ends: then true.
    async fn wait_for_spans(&mut self) -> bool {
        let due = tokio::time::Instant::now() + self.tracer.target.delay;
        loop {
            if *self.stopped.borrow() {
                return true;
            }
            if self.tracer.queue.has_batch() {
                return false;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due) => return false,
                () = self.tracer.queue.full_batch.notified() => {}
                () = ended(&mut self.stopped) => {}
            }
        }
    }

    /// Sends spans until the collector has taken or refused them, or the time for it is up.
    async fn deliver(&mut self, spans: &[Vec<u8>]) {
        let count = spans.len() as u64;
        let message = Bytes::from(self.tracer.envelope.message(spans));
        let deadline = Instant::now() + self.tracer.target.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let refused = match self.attempt(message.clone(), deadline).await {
                Ok(rejected) => {
                    self.delivered();
                    return self.tracer.lost(Lost::Rejected, rejected.min(count));
                }
                Err(refused) => refused,
            };
            self.failed(&refused.reason);
            // By a fifth earlier or later, or replicas would come back all at once.
            let wait = refused.after.unwrap_or(pause).mul_f64(0.8 + 0.4 * fastrand::f64());
            let is_over = *self.stopped.borrow() || Instant::now() + wait >= deadline;
            if !refused.again || is_over {
                return self.tracer.lost(Lost::NotExported, count);
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = ended(&mut self.stopped) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(&self, message: Bytes, deadline: Instant) -> Result<u64, Refused> {
        let limit = self.tracer.target.attempt.min(deadline.saturating_duration_since(Instant::now()));
        let answer = tokio::time::timeout(limit, self.collector.send(message)).await;
        answer.unwrap_or_else(|_| Err(Refused::silent(self.tracer.target.attempt)))
    }

    /// One line in the log for each change.
    fn failed(&mut self, reason: &str) {
        if std::mem::replace(&mut self.works, false) {
            let collector = &self.tracer.target.endpoint;
            tracing::warn!(%collector, reason, "traces: not delivered; what is too much or too old is dropped");
        }
    }

    fn delivered(&mut self) {
        if !std::mem::replace(&mut self.works, true) {
            tracing::info!(collector = %self.tracer.target.endpoint, "traces: delivered again");
        }
    }
}

/// Resolves when the service ends. A sender that is gone without a word says the same.
async fn ended(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
