//! The one place that stacks the layers which every request passes, from the outside in.
//!
//! None boxes its future and none is cloned for a request: stacked ready-made layers cost a quarter of a small
//! service's throughput (docs/PERFORMANCE.md).

mod body_limit;
mod buffer_limit;
mod catch_panic;
mod check_head;
mod inject;
mod observe;
mod timeout;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::Request;
use hyper::service::Service;
use tower::ServiceBuilder;
use tower::layer::layer_fn;

use crate::budget::Budget;
use crate::faults::Faults;
use crate::routes::RouteTable;
pub(crate) use buffer_limit::STREAM_WINDOW;
pub(crate) use observe::{Observe, ObservedBody, RequestBody};

/// What the layers need to know.
pub(crate) struct Limits {
    pub(crate) request_timeout: Duration,
    pub(crate) max_body_bytes: u64,
    pub(crate) budget: Arc<Budget>,
}

/// The layers inside [`Observe`], which each connection puts around them: it is the outermost, so that whatever
/// happens below (a panic, a timeout, a refusal, an injected fault) is recorded with its latency and status.
pub(crate) fn stack(
    router: Router,
    table: Arc<RouteTable>,
    faults: Option<Faults>,
    limits: &Limits,
) -> impl Service<Request<RequestBody>, Response = Response, Error = Infallible, Future: Send + 'static>
+ Send
+ Sync
+ 'static {
    let (timeout, max_body_bytes) = (limits.request_timeout, limits.max_body_bytes);
    let budget = Arc::clone(&limits.budget);
    ServiceBuilder::new()
        // Outside the timeout, so that a panic is caught wherever it happens.
        .layer(layer_fn(catch_panic::CatchPanic::new))
        // Outside the faults, so that an injected latency cannot hold a request longer than a real one could.
        .layer(layer_fn(move |inner| timeout::Timeout::new(inner, timeout)))
        // Before anything reads the body or trusts the head.
        .layer(layer_fn(check_head::CheckHead::new))
        // Outside whatever reads bodies.
        .layer(layer_fn(move |inner| buffer_limit::BufferLimit::new(inner, Arc::clone(&budget))))
        // Before the faults, so that a refused request does not count as one that a rule was applied to.
        .layer(layer_fn(move |inner| body_limit::BodyLimit::new(inner, max_body_bytes)))
        // Innermost: an injected failure takes the place of the handler's answer.
        .layer(layer_fn(move |inner| inject::Inject::new(inner, Arc::clone(&table), faults.clone())))
        .service(RouterService(router))
}

/// axum's router as the innermost service.
struct RouterService(Router);

impl<B> Service<Request<B>> for RouterService
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = axum::routing::future::RouteFuture<Infallible>;

    fn call(&self, request: Request<B>) -> Self::Future {
        // Cloning the router is cloning an Arc; it is always ready.
        tower::Service::call(&mut self.0.clone(), request)
    }
}
