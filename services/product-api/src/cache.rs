//! The cache: what it may answer, and why that is right with several replicas on one Redis and one database.
//!
//! # The protocol
//!
//! What is cached belongs to a *subject*: one product, or the lists. A subject has a *generation* in Redis, a random
//! token, and an entry is `<token> <json>`. An entry counts only while its token is the subject's present generation.
//!
//! - A **reader** gets the generation with `GETEX`, and then the entry. When the tokens agree it answers with the entry.
//!   Else it has missed: it takes the generation (or, where there is none that counts, sets a new random one), *then*
//!   asks the database, and stores the answer under that token.
//! - A **writer** commits to the database, *then* deletes the generations of the product and of the lists, and then
//!   answers.
//!
//! # Why it is right
//!
//! *No replica serves the older value once a write has been answered.* After the deletion no entry that was stored
//! before it counts again: tokens are random, so that none comes back. It does not matter that a reader's two commands
//! are two: its generation was the present one after the request had begun.
//!
//! *A reader never caches what a later write has replaced.* Its token is older than its query. If a write commits
//! after the query has seen the older value, that write's deletion comes after the token was taken, and the late entry
//! carries a token that no longer counts. If the token was taken after the deletion, the query sees the commit. So it
//! is also when a reader replaces a generation that another has just set: that ends entries, and revives none.
//! Nothing depends on the order of messages, on locks, or on a script.
//!
//! *Redis may forget.* An evicted or flushed generation is a miss. One that comes back from a snapshot, after a
//! deletion that the snapshot has not seen, does not count either: the key of a generation names the run of the
//! server, and each start of a server is a new run.
//!
//! # Why it is right in a failover
//!
//! *A server that was demoted answers no reader.* `GETEX` counts as a write, and a replica refuses it as it refuses
//! the deletion: who still has a link to it loses that with the first read. So do both on a server that lost its disk
//! or its quorum of replicas.
//!
//! *What the new master has not been told does not count.* A token begins with the replication id of the master under
//! which it was made, and a promotion makes a new id. A reader takes no other token. The key has no replication id: where
//! the id changes without a failover, replicas that know of it and those that do not yet still delete the same key.
//!
//! *A deletion that went to the old master* while others had moved on to the new one is made again: what a replica has
//! written within the last `CACHE_TTL` (10,000 products at most) is pending when its link leads to another master.
//!
//! What remains: while two servers both take themselves for the master, as Sentinel lets them until it has demoted the
//! old one, replicas that are linked to different ones may serve each other's older values. That ends when the old one is
//! demoted; by `CACHE_TTL` at the latest. And a server that is demoted and promoted again within a second may be taken
//! for the master that it was, until the check of that second.
//!
//! *A deletion that was not confirmed* stays pending in the replica, and is made before its own next read of the cache
//! (see [`pending`]). Until then, or when the replica ends before, others may serve the older value, but no longer than
//! `CACHE_TTL`: an entry dies at a time that is fixed before the query, also when a paused Redis stores it late. This
//! bound needs the clocks of replicas and Redis to agree; nothing else does. A write whose outcome the database did not
//! tell is treated as done.
//!
//! # What trouble costs
//!
//! All cache operations of one request share a budget of 40 ms. The first that fails or takes longer gives the link
//! up: from then on nobody asks the cache, at no cost, until a link has been made and tried in the background.

mod budget;
mod keeper;
mod key;
mod link;
mod links;
mod metrics;
mod pause;
mod pending;
mod reason;
mod server;
mod target;
mod trial;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use redis::{FromRedisValue, Pipeline};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::faults::Faults;
use service_kit::{Check, Kit};

use budget::Budget;
pub(crate) use key::Key;
use key::Subject;
use link::Link;
use links::Links;
use metrics::{CacheMetrics, Operation};
use pending::Pending;
pub(crate) use reason::ENCODING;
pub(crate) use target::Target;

/// The cache that the replicas share.
pub(crate) struct Cache {
    target: Target,
    links: Links,
    /// The replication id of the last link; None where that is unknown.
    tenure: ArcSwapOption<String>,
    time_to_live: Duration,
    pending: Pending,
    metrics: CacheMetrics,
    faults: Faults,
}

/// What the cache says about a key.
pub(crate) enum Lookup<T> {
    Hit(T),
    /// Ask the database. With a ticket, what it says may be stored.
    Miss(Option<Ticket>),
}

/// The right to store what is read from the database after now.
pub(crate) struct Ticket {
    link: Arc<Link>,
    key: Key,
    token: String,
    /// In milliseconds of Unix time.
    dies_at: u128,
    budget: Budget,
}

/// The cache cannot be used now. The reason has been logged.
#[derive(Debug)]
struct Trouble;

impl Cache {
    /// Not linked yet: see [`Cache::keep_linked`].
    pub(crate) fn new(target: Target, time_to_live: Duration, check: Check, kit: &Kit) -> Self {
        Self {
            target,
            links: Links::new(check),
            tenure: ArcSwapOption::empty(),
            time_to_live,
            pending: Pending::default(),
            metrics: CacheMetrics::new(&kit.metrics),
            faults: kit.faults.clone(),
        }
    }

    /// Whether it is used now.
    pub(crate) fn is_linked(&self) -> bool {
        self.links.current().is_some()
    }

    /// What the cache has for the key.
    pub(crate) async fn look_up<T: DeserializeOwned>(&self, key: Key) -> Lookup<T> {
        let kind = key.kind();
        let lookup = match self.consult(key).await.unwrap_or(Lookup::Miss(None)) {
            Lookup::Hit(_) if self.faults.misses_cache() => Lookup::Miss(None),
            lookup => lookup,
        };
        self.metrics.count(kind, matches!(lookup, Lookup::Hit(_)));
        lookup
    }

    async fn consult<T: DeserializeOwned>(&self, key: Key) -> Result<Lookup<T>, Trouble> {
        let link = self.links.current().ok_or(Trouble)?;
        let mut budget = Budget::default();
        self.settle(&link, &mut budget).await?;
        let dies_at = unix_milliseconds() + self.time_to_live.as_millis();
        let generation = key.subject().generation(&link.server);
        let mut get = redis::pipe();
        get.cmd(link.read).arg(&generation).get(key.name(&link.server));
        let (token, entry): (Option<String>, Option<Vec<u8>>) =
            self.call(Operation::Get, &link, &get, &mut budget).await?;
        let counts = token.as_deref().filter(|token| token.starts_with(link.server.tenure()));
        if let Some(value) = counts.zip(entry.as_deref()).and_then(current_value) {
            return Ok(Lookup::Hit(value));
        }
        let token = match counts {
            Some(_) => token,
            None => self.begin_generation(&generation, token.is_some(), &link, &mut budget).await?,
        };
        Ok(Lookup::Miss(token.map(|token| Ticket { link, key, token, dies_at, budget })))
    }

    /// None when a writer has ended the new generation at once. One that is only missing may have been begun by another
    /// reader meanwhile: then that is taken. One that does not count is replaced.
    async fn begin_generation(
        &self,
        generation: &str,
        replace: bool,
        link: &Arc<Link>,
        budget: &mut Budget,
    ) -> Result<Option<String>, Trouble> {
        let mut begin = redis::pipe();
        // Twice as long as an entry lives, so that it seldom ends one early; that would only be a miss.
        let milliseconds = self.time_to_live.as_millis() as u64 * 2;
        begin.cmd("SET").arg(generation).arg(link.server.new_token()).arg("PX").arg(milliseconds);
        if !replace {
            begin.arg("NX");
        }
        begin.ignore().get(generation);
        let (token,): (Option<String>,) = self.call(Operation::Set, link, &begin, budget).await?;
        Ok(token.filter(|token| token.starts_with(link.server.tenure())))
    }

    /// Stores what the database has said. Trouble is nobody's concern: the next reader misses again.
    pub(crate) async fn store<T: Serialize>(&self, ticket: Ticket, value: &T) {
        let Ticket { link, key, token, dies_at, mut budget } = ticket;
        let json = serde_json::to_string(value).expect("what is cached has string keys and no failing parts");
        let mut set = redis::pipe();
        set.cmd("SET")
            .arg(key.name(&link.server))
            .arg(format!("{token} {json}"))
            .arg("PXAT")
            .arg(dies_at as u64);
        let _: Result<(), Trouble> = self.call(Operation::Set, &link, &set, &mut budget).await;
    }

    /// Ends what the cache has of a product and of the lists; to be called after a write and before its answer. No
    /// product has the id 0: it concerns the lists alone.
    pub(crate) async fn invalidate(&self, id: i64) {
        if let Some(link) = self.links.current()
            && self.delete(&[id], &link, &mut Budget::default()).await.is_ok()
        {
            self.pending.confirmed(id, self.time_to_live);
            // Else the link to another master may have been begun without it.
            if self.links.is_current(&link) {
                return;
            }
        }
        self.pending.add(id, self.time_to_live);
    }

    /// Makes the invalidations that are pending.
    async fn settle(&self, link: &Arc<Link>, budget: &mut Budget) -> Result<(), Trouble> {
        let pending = self.pending.look().ok_or(Trouble)?;
        if pending.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = pending.keys().copied().collect();
        self.delete(&ids, link, budget).await?;
        for id in ids {
            self.pending.confirmed(id, self.time_to_live);
        }
        self.pending.settled(&pending);
        Ok(())
    }

    async fn delete(&self, ids: &[i64], link: &Arc<Link>, budget: &mut Budget) -> Result<(), Trouble> {
        let products = ids.iter().map(|id| Subject::Product(*id).generation(&link.server));
        let mut delete = redis::pipe();
        delete.del(products.chain([Subject::Lists.generation(&link.server)]).collect::<Vec<String>>());
        // The entries are dead without their generation; this gives their memory back.
        delete.del(ids.iter().map(|id| Key::Product(*id).name(&link.server)).collect::<Vec<String>>());
        self.call(Operation::Del, link, &delete, budget).await
    }

    async fn call<T: FromRedisValue>(
        &self,
        operation: Operation,
        link: &Arc<Link>,
        commands: &Pipeline,
        budget: &mut Budget,
    ) -> Result<T, Trouble> {
        let span = link.span(operation);
        let outcome = self.metrics.observe(operation, budget.run(link.send(commands))).await;
        match &outcome {
            Ok(Ok(_)) => span.end(),
            Ok(Err(error)) => span.fail(error.code().unwrap_or("error")),
            Err(_) => span.fail("timeout"),
        }
        match outcome {
            Ok(Ok(value)) => Ok(value),
            // A full Redis refuses to store; what it has is as good as before. So is all else beside one bad key.
            Ok(Err(error)) if reason::is_minor(&error) => {
                tracing::debug!("cache: {error}");
                Err(Trouble)
            }
            Ok(Err(error)) => Err(self.links.give_up(link, link.reason(&error))),
            Err(_) => Err(self.links.give_up(link, link.no_answer())),
        }
    }
}

/// The value of an entry that belongs to the present generation.
fn current_value<T: DeserializeOwned>((token, entry): (&str, &[u8])) -> Option<T> {
    let json = entry.strip_prefix(token.as_bytes())?.strip_prefix(b" ")?;
    serde_json::from_slice(json).ok()
}

fn unix_milliseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis())
}
