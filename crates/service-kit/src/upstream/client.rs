//! The pooled client: one attempt, and the retry of what may be repeated.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use prometheus::IntCounter;

use super::Config;
use super::failure::Failure;
use super::headers::remove_connection;
use super::report;
use super::resolve::Resolver;
use super::url::Url;

/// Services of one cluster connect within milliseconds. A host that is gone swallows the packets, and a second is what
/// its discovery may cost: two attempts stay well below the default deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an unused connection is kept. Well below the 120 s of the kit's servers, so that it is never the server
/// that closes one under a request on its way.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// The largest answer head, as large as the kit's servers take of a request.
const MAX_HEAD_BYTES: usize = 32 * 1024;

#[derive(Clone)]
pub(super) struct Client {
    upstream: &'static str,
    pool: Pool<HttpConnector<Resolver>, Full<Bytes>>,
    max_body_bytes: usize,
    retries: IntCounter,
    url: Url,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(upstream: &'static str, url: &Url, config: &Config, retries: IntCounter) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Resolver::default());
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        // hyper repeats only what found its pooled connection closed before a byte was sent: no retry, by the protocol.
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(config.upstream_max_in_flight as usize)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        let max_body_bytes = usize::try_from(config.upstream_max_body_bytes).unwrap_or(usize::MAX);
        let (url, timeout) = (url.clone(), config.upstream_timeout_sec);
        Self { upstream, pool, max_body_bytes, retries, url, timeout }
    }

    /// One request, and the whole of its answer.
    pub(super) async fn attempt(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let response = self.pool.request(request.map(Full::new)).await;
        let (mut head, body) =
            response.map_err(|error| Failure::of_exchange(self.upstream, &error))?.into_parts();
        remove_connection(&mut head.headers);
        match Limited::new(body, self.max_body_bytes).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Err(Failure::invalid(self.upstream, "the answer is larger than UPSTREAM_MAX_BODY_BYTES"))
            }
            Err(error) => Err(Failure::of_exchange(self.upstream, &*error)),
        }
    }

    /// An attempt, and a second where the first found no one and the method changes nothing: a write is never repeated.
    /// It follows at once: a lost connection and another replica need no pause, and an outage is not made longer by one.
    async fn exchange(self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let deadline = Instant::now() + self.timeout;
        let again = request.method().is_safe().then(|| request.clone());
        let first = self.reported(request, 0, deadline).await;
        match again {
            Some(again) if deserves_another(&first) => {
                self.retries.inc();
                self.reported(again, 1, deadline).await
            }
            _ => first,
        }
    }

    /// An attempt with a span of its own, which the upstream's follows from. When the call's time is up, it is dropped.
    async fn reported(
        &self,
        mut request: Request<Bytes>,
        resent: u32,
        deadline: Instant,
    ) -> Result<Response<Bytes>, Failure> {
        let mut span = report::begin(&request, &self.url, resent);
        span.set_deadline(deadline);
        span.propagate(request.headers_mut());
        let result = self.attempt(request).await;
        report::end(span, &result);
        result
    }
}

/// Whether the connection failed, or the upstream refused without saying when to return.
fn deserves_another(result: &Result<Response<Bytes>, Failure>) -> bool {
    match result {
        Ok(response) => {
            response.status() == StatusCode::SERVICE_UNAVAILABLE
                && !response.headers().contains_key(header::RETRY_AFTER)
        }
        Err(failure) => failure.is_unreachable(),
    }
}

impl tower::Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}
