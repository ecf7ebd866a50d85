//! Injects the faults that the rules ask for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::{IntoResponse, Response};
use http::Request;
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::error::ApiError;
use crate::faults::{Faults, Plan, Rule, X_FAULT};
use crate::routes::RouteTable;

pub(super) struct Inject<S> {
    inner: S,
    table: Arc<RouteTable>,
    /// None on the management listener, which no fault touches.
    faults: Option<Faults>,
}

impl<S> Inject<S> {
    pub(super) fn new(inner: S, table: Arc<RouteTable>, faults: Option<Faults>) -> Self {
        Self { inner, table, faults }
    }

    fn plan<B>(&self, request: &Request<B>) -> Option<Plan> {
        let faults = self.faults.as_ref().filter(|faults| faults.any())?;
        let path = request.uri().path();
        let route = self.table.get(self.table.find(path));
        if !route.business {
            return None;
        }
        faults.plan(request.method(), route.template, path)
    }
}

impl<S, B> Service<Request<B>> for Inject<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = InjectFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        let plan = self.plan(&request);
        let (delay, failure) = plan.map(|plan| (plan.delay, plan.failure)).unwrap_or_default();
        InjectFuture {
            delay: delay.map(tokio::time::sleep),
            inner: if failure.is_some() { None } else { Some(self.inner.call(request)) },
            failure,
        }
    }
}

pin_project! {
    // The handler's future exists from the start, but nothing of it runs before the delay is over.
    pub(super) struct InjectFuture<F> {
        #[pin]
        delay: Option<Sleep>,
        failure: Option<Arc<Rule>>,
        #[pin]
        inner: Option<F>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for InjectFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(delay) = this.delay.as_mut().as_pin_mut() {
            ready!(delay.poll(cx));
            this.delay.set(None);
        }
        if let Some(inner) = this.inner.as_pin_mut() {
            return inner.poll(cx);
        }
        let (rule, status) = this.failure.as_ref().expect("either a handler or a failure answers").failure();
        let error = ApiError::new(status, "injected fault").with_header(X_FAULT, rule);
        Poll::Ready(Ok(error.into_response()))
    }
}
