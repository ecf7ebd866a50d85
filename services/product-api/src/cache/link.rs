//! The link to Redis: given up at the first trouble, made and checked anew in the background.
//!
//! redis's connection manager reconnects by itself, but what it reconnects to may be another run of the server, whose
//! generations are not ours. So the first failure of a connection ends its link; a new one begins with asking which run
//! answers and with making the invalidations that are pending.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Pipeline, RedisError};
use service_kit::Check;
use tokio::sync::Notify;

use super::budget::Budget;
use super::metrics::Operation;
use super::{Cache, Trouble};

/// Time between two attempts to link.
const RETRY: Duration = Duration::from_millis(250);

/// Time between two checks of a link: a Redis that is lost without traffic is noticed within it.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// What each step in the background may take. Nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// One connection to one run of the server.
pub(super) struct Link {
    manager: ConnectionManager,
    /// The id of the server's run: a new one each time it starts.
    pub(super) run: String,
}

/// The link of the moment, if there is one.
pub(super) struct Links {
    client: Client,
    current: ArcSwapOption<Link>,
    lost: Notify,
    check: Check,
}

impl Link {
    pub(super) async fn send<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisError> {
        // Boxed, so that the many requests that only wait do not each hold the room for it.
        Box::pin(commands.query_async(&mut self.manager.clone())).await
    }
}

impl Links {
    pub(super) fn new(client: Client, check: Check) -> Self {
        Self { client, current: ArcSwapOption::empty(), lost: Notify::new(), check }
    }

    pub(super) fn current(&self) -> Option<Arc<Link>> {
        self.current.load_full()
    }

    pub(super) fn is_current(&self, link: &Arc<Link>) -> bool {
        self.current.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, link))
    }

    /// Whoever finds a link broken says so once; the others find none.
    pub(super) fn give_up(&self, link: &Arc<Link>, reason: &str) -> Trouble {
        let before = self.current.compare_and_swap(&Some(Arc::clone(link)), None);
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, link)) {
            self.unreachable(reason);
            self.lost.notify_one();
        }
        Trouble
    }

    fn unreachable(&self, reason: &str) {
        if !matches!(self.check.last(), Some(Err(_))) {
            tracing::warn!("cache: {reason}; continuing without it");
        }
        self.check.report(Err(reason.to_owned()));
    }

    fn use_from_now_on(&self, link: Arc<Link>) {
        tracing::info!(run = link.run, "cache: connected");
        self.check.report(Ok(()));
        self.current.store(Some(link));
    }
}

impl Cache {
    /// Keeps the cache linked, for ever.
    pub(crate) async fn keep_linked(&self) {
        loop {
            match tokio::time::timeout(PATIENCE, self.link()).await {
                Ok(Ok(())) => {
                    let linked = Instant::now();
                    self.watch().await;
                    // At once again: often it was only slow. But a server that refuses each time is left in peace.
                    if linked.elapsed() > RETRY {
                        continue;
                    }
                }
                Ok(Err(error)) => self.links.unreachable(&error.to_string()),
                Err(_) => self.links.unreachable("no answer in time"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn link(&self) -> Result<(), RedisError> {
        // One attempt: the loop around it has the patience.
        let config = ConnectionManagerConfig::new().set_number_of_retries(0).set_pipeline_buffer_size(1_024);
        let manager = ConnectionManager::new_with_config(self.links.client.clone(), config).await?;
        let mut information = redis::pipe();
        information.cmd("INFO").arg("server");
        let (server,): (String,) = information.query_async(&mut manager.clone()).await?;
        let run = server.lines().find_map(|line| line.strip_prefix("run_id:"));
        let link = Arc::new(Link { manager, run: run.unwrap_or("unknown").to_owned() });
        self.links.use_from_now_on(Arc::clone(&link));
        // Readers of this replica would do it too, but the other replicas should not have to wait for one.
        let _ = self.settle(&link, &mut Budget::of(PATIENCE)).await;
        Ok(())
    }

    /// Returns when the link has been lost.
    async fn watch(&self) {
        while let Some(link) = self.links.current() {
            tokio::select! {
                () = self.links.lost.notified() => {}
                () = tokio::time::sleep(PING_INTERVAL) => {
                    let mut ping = redis::pipe();
                    ping.ping();
                    let _: Result<(), Trouble> =
                        self.call(Operation::Ping, &link, &ping, &mut Budget::of(PATIENCE)).await;
                }
            }
        }
    }
}
