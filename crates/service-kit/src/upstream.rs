//! The one way in which a service asks another: a pooled HTTP client with a deadline, a limit and metrics.
//!
//! ```text
//! send → count → deadline → tower: load shed → concurrency limit → one retry → attempt → pool → upstream
//! ```
//!
//! There is no circuit breaker: what is refused at once costs nothing, what hangs is bounded by the limit, and so the
//! first request after an upstream's return already succeeds.

mod calls;
mod check;
mod client;
mod failure;
mod headers;
mod report;
mod resolve;
mod url;

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response};
use tower::ServiceExt;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;

use crate::config::value;
use crate::kit::Kit;
use crate::trace::Propagators;
use calls::{Calls, Outcome};
use client::Client;
pub use failure::Failure;
pub use url::Url;
pub(crate) use url::plain_http;

/// What every service with an upstream reads; flatten it into the service's own configuration.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// How long a request to the upstream may take, its retry included
    #[arg(long, value_name = "SECONDS", value_parser = value::positive_seconds, default_value = "5")]
    pub upstream_timeout_sec: Duration,
    /// Requests to the upstream that may be in flight; one more is answered 503
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=65_536), default_value = "128")]
    pub upstream_max_in_flight: u32,
    /// The largest answer of the upstream, in bytes; a larger one is answered 502
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "4Mi")]
    pub upstream_max_body_bytes: u64,
}

/// A service that this one asks.
pub struct Upstream {
    name: &'static str,
    url: Url,
    timeout: Duration,
    client: LoadShed<ConcurrencyLimit<Client>>,
    calls: Calls,
    /// What of a trace is passed on; None where nothing is traced.
    propagators: Option<Propagators>,
}

impl Upstream {
    /// A client for the upstream. `name` is the label `upstream` of its metrics, and the name of the soft check that
    /// asks its `/readyz` in the background and shows it in ours.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the service already has one: they would share their metric families.
    pub fn new(kit: &Kit, name: &'static str, url: Url, config: &Config) -> Self {
        let calls = Calls::new(kit, name);
        let client = Client::new(name, &url, config, calls.retries());
        let propagators = kit.tracer.as_ref().map(|tracer| tracer.propagators);
        kit.spawn(check::watch(kit, name, client.clone(), &url));
        let stack = tower::ServiceBuilder::new()
            // Outside the limit: what finds it reached is refused at once, and never waits.
            .load_shed()
            // Around both attempts and the body, so that nothing of a request is outside it.
            .concurrency_limit(config.upstream_max_in_flight as usize);
        Self {
            name,
            url,
            timeout: config.upstream_timeout_sec,
            client: stack.service(client),
            calls,
            propagators,
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// The request's URI is a path and a query, which follow the URL's own path. Its headers may be those of the
    /// client: what belongs to the client's connection is left out. From `context`, the headers of the request that
    /// is being answered, the request id and the trace context are passed on; where that request is traced, the context
    /// is that of the attempt, which has a span of its own.
    ///
    /// `read` takes what the caller needs from the answer. Where it finds none, the upstream has failed, and is
    /// counted so. Dropping the future ends the request.
    ///
    /// # Errors
    ///
    /// When there is no answer: the limit is reached, the upstream cannot be reached (a safe method is tried once
    /// more, as it is after a 503 without `Retry-After`), the time is up, or the answer is none or too large.
    pub async fn send<T>(
        &self,
        mut request: Request<Bytes>,
        context: &HeaderMap,
        read: impl FnOnce(Response<Bytes>) -> Option<T>,
    ) -> Result<T, Failure> {
        let mut call = self.calls.begin();
        headers::prepare(request.headers_mut(), context, self.propagators);
        let result = self.exchange(request).await.and_then(|response| {
            let outcome = Outcome::of(response.status());
            let answer = read(response).ok_or_else(|| Failure::invalid(self.name, "unusable answer"))?;
            Ok((outcome, answer))
        });
        match result {
            Ok((outcome, answer)) => {
                call.ended(outcome);
                Ok(answer)
            }
            Err(failure) => {
                call.ended(failure.outcome());
                failure.log(context);
                Err(failure)
            }
        }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let too_long = || Failure::invalid(self.name, "the request's URI is too long");
        *request.uri_mut() = self.url.join(path).ok_or_else(too_long)?;
        let sent = self.client.clone().oneshot(request);
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(error.downcast::<Failure>().map_or(Failure::shed(self.name), |f| *f)),
            Err(_) => Err(Failure::timeout(self.name, self.timeout)),
        }
    }
}
