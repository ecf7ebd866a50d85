//! Looks an upstream's name up for each new connection, and never twice at a time.
//!
//! The system's resolver blocks a thread for as long as the name server is silent. Without this, an outage of DNS would
//! take one thread for every request.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::vec::IntoIter;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use hyper_util::client::legacy::connect::dns::Name;

type Lookup = BoxFuture<'static, Result<Vec<SocketAddr>, Arc<io::Error>>>;

/// The resolver of one upstream, and so of one name.
#[derive(Clone, Default)]
pub(super) struct Resolver {
    /// Weak: a lookup that nobody waits for any more would be an old answer to whoever asks next.
    running: Arc<Mutex<Option<WeakShared<Lookup>>>>,
}

impl Resolver {
    fn lookup(&self, name: &Name) -> Shared<Lookup> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let current = running.as_ref().and_then(WeakShared::upgrade);
        if let Some(lookup) = current.filter(|lookup| lookup.peek().is_none()) {
            return lookup;
        }
        let name = name.as_str().to_owned();
        let lookup = async move {
            // The port is the connector's part.
            let found = tokio::net::lookup_host((name, 0)).await;
            found.map(Iterator::collect).map_err(Arc::new)
        };
        let lookup = lookup.boxed().shared();
        *running = lookup.downgrade();
        lookup
    }
}

impl tower::Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = Arc<io::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<IntoIter<SocketAddr>, Arc<io::Error>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.lookup(&name);
        Box::pin(async move { lookup.await.map(Vec::into_iter) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_lookup_and_the_next_one_asks_again() {
        let resolver = Resolver::default();
        let name: Name = "localhost".parse().unwrap();
        let first = resolver.lookup(&name);
        assert!(first.ptr_eq(&resolver.lookup(&name)));
        assert!(first.clone().await.unwrap().iter().all(|address| address.ip().is_loopback()));
        assert!(!first.ptr_eq(&resolver.lookup(&name)));
    }
}
