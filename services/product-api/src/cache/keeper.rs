//! Makes the link in the background, and checks it while it lasts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::RedisError;

use super::budget::Budget;
use super::link::{Link, refusal};
use super::metrics::Operation;
use super::pause::Pause;
use super::target::Target;
use super::{Cache, reason, trial};

/// Time between two checks of a link: a Redis that is lost without traffic is noticed within it.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a check may take. Nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What an attempt to link may take: about ten round trips with TLS.
const LINK_PATIENCE: Duration = Duration::from_secs(2);

/// A link that lived longer was a good one: the next is tried at once, because often it was only slow.
const GOOD: Duration = Duration::from_secs(5);

/// How often a cluster may send us on: to the node that has the keys, and once more when they have moved meanwhile.
const HOPS: usize = 3;

impl Cache {
    /// Keeps the cache linked, for ever.
    pub(crate) async fn keep_linked(&self) {
        let mut pause = Pause::default();
        loop {
            match tokio::time::timeout(LINK_PATIENCE, self.link()).await {
                Ok(Ok(link)) => {
                    let linked = Instant::now();
                    self.begin(link).await;
                    self.watch().await;
                    if linked.elapsed() > GOOD {
                        pause = Pause::default();
                        continue;
                    }
                }
                Ok(Err(reason)) => self.links.unreachable(reason),
                Err(_) => self.links.unreachable(refusal(&self.target, &reason::no_answer(&self.target))),
            }
            pause.wait().await;
        }
    }

    /// A link to the master that has the keys, which does all that is asked of it; or why there is none.
    async fn link(&self) -> Result<Arc<Link>, String> {
        let mut target = self.target.clone();
        for _ in 0..=HOPS {
            let moved = match try_link(&target).await {
                // Asked last: a replica in a cluster has sent us on, and one that may be written says nothing.
                Ok(link) if link.server.replica => return Err(refusal(&target, reason::REPLICA)),
                Ok(link) => return Ok(Arc::new(link)),
                Err(error) => match reason::moved(&error) {
                    Some((host, port)) => target.moved(host, port),
                    None => return Err(refusal(&target, &reason::describe(&error, &target))),
                },
            };
            target = moved.map_err(|error| refusal(&self.target, &error.to_string()))?;
        }
        Err(refusal(&self.target, "its cluster does not say which node has the keys"))
    }

    /// Uses a link, and makes the invalidations that are pending.
    async fn begin(&self, link: Arc<Link>) {
        let tenure = Some(link.server.tenure().to_owned()).filter(|_| link.server.is_known());
        let before = self.tenure.swap(tenure.clone().map(Arc::new));
        if tenure.is_none() || before.as_deref() != tenure.as_ref() {
            self.pending.again(self.time_to_live);
        }
        self.links.use_from_now_on(Arc::clone(&link));
        // Readers of this replica would do it too, but the other replicas should not have to wait for one.
        let _ = self.settle(&link, &mut Budget::of(PATIENCE)).await;
    }

    /// Returns when the link has been lost.
    async fn watch(&self) {
        while let Some(link) = self.links.current() {
            self.check(&link).await;
            let _ = tokio::time::timeout(INTERVAL, self.links.lost.notified()).await;
        }
    }

    /// Whether the link still leads to the same master, and whether that stores.
    async fn check(&self, link: &Arc<Link>) {
        let ask = async {
            let stores = link.send::<()>(&trial::check(link)).await;
            Ok::<_, RedisError>((stores, link.ask().await?))
        };
        let found = self.metrics.observe(Operation::Ping, Budget::of(PATIENCE).run(ask)).await;
        let lost = match found {
            Ok(Ok((Err(error), _))) if !reason::is_minor(&error) => link.reason(&error),
            Ok(Ok((_, server))) if server.replica => link.refusal(reason::REPLICA),
            Ok(Ok((_, server))) if server != link.server => link.refusal("its replication id has changed"),
            Ok(Ok((stores, _))) => {
                return self.links.stores(link, stores.map_err(|error| link.reason(&error)));
            }
            Ok(Err(error)) => link.reason(&error),
            Err(_) => link.no_answer(),
        };
        self.links.give_up(link, lost);
    }
}

async fn try_link(target: &Target) -> Result<Link, RedisError> {
    let link = Link::open(target).await?;
    trial::run(&link).await?;
    Ok(link)
}
