//! The products as the routes see them: read through the cache, written through to the database.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::Kit;
use tokio::sync::oneshot;

use crate::ballast::Ballast;
use crate::cache::{Cache, Key, Lookup};
use crate::catalogue::{Catalogue, Change, Turn, Unavailable};
use crate::coalesce::{Coalesce, Shared};
use crate::filter::Filter;
use crate::input::{Changes, Draft};
use crate::page::Page;
use crate::precondition::Precondition;
use crate::product::Versioned;

/// How long a request waits once it has its turn: for a connection (2 s) and a query (2 s) that only reads.
const PATIENCE: Duration = Duration::from_secs(4);

/// Everything that the routes share.
pub(crate) struct Products {
    pub(crate) catalogue: Catalogue,
    pub(crate) cache: Option<Cache>,
    pages: Coalesce<Filter, Arc<Page>, Unavailable>,
    singles: Coalesce<i64, Arc<Option<Versioned>>, Unavailable>,
    kit: Kit,
    _ballast: Ballast,
}

/// What was read, and whether the cache had it.
pub(crate) struct Read<T> {
    pub(crate) value: Arc<T>,
    pub(crate) cached: bool,
}

impl Products {
    pub(crate) fn new(catalogue: Catalogue, cache: Option<Cache>, ballast: Ballast, kit: &Kit) -> Self {
        Self {
            catalogue,
            cache,
            pages: Coalesce::new(),
            singles: Coalesce::new(),
            kit: kit.clone(),
            _ballast: ballast,
        }
    }

    pub(crate) async fn list(self: &Arc<Self>, filter: &Filter) -> Result<Read<Page>, Unavailable> {
        let (this, wanted) = (Arc::clone(self), filter.clone());
        let query = self.to_the_end("list", move |turn| async move {
            Ok(Page::new(this.catalogue.list(&turn, &wanted).await?, wanted.limit))
        });
        self.read(&self.pages, filter.clone(), Key::List(filter.clone()), query).await
    }

    /// None when there is no such product; that is cached too.
    pub(crate) async fn find(self: &Arc<Self>, id: i64) -> Result<Read<Option<Versioned>>, Unavailable> {
        let this = Arc::clone(self);
        let query = self.to_the_end("find", move |turn| async move { this.catalogue.find(&turn, id).await });
        self.read(&self.singles, id, Key::Product(id), query).await
    }

    /// The cache is asked first, and then the database, once for all who ask now. The ticket is older than the query,
    /// as the protocol of the cache wants it.
    async fn read<K: Clone + Eq + Hash, T: Serialize + DeserializeOwned>(
        &self,
        running: &Coalesce<K, Arc<T>, Unavailable>,
        id: K,
        key: Key,
        query: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<Read<T>, Unavailable> {
        let lookup = match &self.cache {
            Some(cache) => cache.look_up(key).await,
            None => Lookup::Miss(None),
        };
        let ticket = match lookup {
            Lookup::Hit(value) => return Ok(Read { value: Arc::new(value), cached: true }),
            Lookup::Miss(ticket) => ticket,
        };
        let Shared { value, asked } = running.run(id, async { query.await.map(Arc::new) }).await?;
        if let (true, Some(cache), Some(ticket)) = (asked, &self.cache, ticket) {
            cache.store(ticket, value.as_ref()).await;
        }
        Ok(Read { value, cached: false })
    }

    pub(crate) async fn insert(self: &Arc<Self>, draft: Draft) -> Result<Versioned, Unavailable> {
        let this = Arc::clone(self);
        self.to_the_end("insert", move |turn| async move {
            let result = this.catalogue.insert(&turn, &draft).await;
            // An insert of unknown outcome concerns the lists: nobody has cached a product whose id nobody knows.
            this.written(result.as_ref().map_or(0, |inserted| inserted.product.id), turn, result).await
        })
        .await
    }

    pub(crate) async fn update(
        self: &Arc<Self>,
        id: i64,
        changes: Changes,
        precondition: Precondition,
    ) -> Result<Change<Versioned>, Unavailable> {
        let this = Arc::clone(self);
        self.to_the_end("update", move |turn| async move {
            let result = this.catalogue.update(&turn, id, &changes, &precondition).await;
            this.written(id, turn, result).await
        })
        .await
    }

    pub(crate) async fn delete(
        self: &Arc<Self>,
        id: i64,
        precondition: Precondition,
    ) -> Result<Change<()>, Unavailable> {
        let this = Arc::clone(self);
        self.to_the_end("delete", move |turn| async move {
            let result = this.catalogue.delete(&turn, id, &precondition).await;
            this.written(id, turn, result).await
        })
        .await
    }

    /// How many products there are; None while nobody can say.
    pub(crate) async fn count(&self) -> Option<i64> {
        if !self.catalogue.is_migrated() {
            return None;
        }
        let turn = self.catalogue.turn("count").await.ok()?;
        self.catalogue.count(&turn).await.ok()
    }

    /// Ends what the cache has, unless it is certain that nothing was written. The cache may be slow; the database's
    /// next client does not wait for it.
    async fn written<T>(
        &self,
        id: i64,
        turn: Turn,
        result: Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        drop(turn);
        let written = matches!(result, Ok(_) | Err(Unavailable::Down { outcome_unknown: true }));
        if let (Some(cache), true) = (&self.cache, written) {
            cache.invalidate(id).await;
        }
        result
    }

    /// Waits for a turn at the database, which a client that hangs up leaves to the next one. What has begun then runs to
    /// its end in a task of its own, also when the client has gone or its time is over: a read to give its connection
    /// back as it was, and a write with its invalidation, because one that is done after all must not leave its older
    /// value in the cache.
    async fn to_the_end<T: Send + 'static, F: Future<Output = Result<T, Unavailable>> + Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(Turn) -> F,
    ) -> Result<T, Unavailable> {
        let work = work(self.catalogue.turn(operation).await?);
        let (done, result) = oneshot::channel();
        self.kit.spawn(async move {
            let _ = done.send(work.await);
        });
        match tokio::time::timeout(PATIENCE, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Unavailable::Down { outcome_unknown: true }),
        }
    }
}
