//! Injects the faults that the rules ask for.

mod truncate;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::Response;
use http::Request;
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::faults::{Asked, Faults, Plan};
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

    fn plan<B>(&self, request: &Request<B>) -> Option<Box<Plan>> {
        let faults = self.faults.as_ref().filter(|faults| faults.any())?;
        let path = request.uri().path();
        let route = self.table.get(self.table.find(path));
        if !route.business {
            return None;
        }
        let (method, headers) = (request.method(), request.headers());
        faults.plan(&Asked { method, template: route.template, path, headers })
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
        let replaced = plan.as_ref().is_some_and(|plan| plan.replacement.is_some());
        InjectFuture {
            delay: plan.as_ref().and_then(|plan| plan.delay).map(tokio::time::sleep),
            inner: if replaced { None } else { Some(self.inner.call(request)) },
            plan,
        }
    }
}

pin_project! {
    // The handler's future exists from the start, but nothing of it runs before the delay is over.
    pub(super) struct InjectFuture<F> {
        #[pin]
        delay: Option<Sleep>,
        plan: Option<Box<Plan>>,
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
        let response = match this.inner.as_pin_mut() {
            Some(inner) => ready!(inner.poll(cx))?,
            None => replaced(this.plan.as_deref()),
        };
        let truncated = this.plan.as_ref().filter(|plan| plan.truncates);
        Poll::Ready(Ok(match truncated {
            Some(plan) => truncate::truncate(response, &plan.rule),
            None => response,
        }))
    }
}

fn replaced(plan: Option<&Plan>) -> Response {
    let plan = plan.expect("without a plan the handler answers");
    plan.replacement.as_ref().expect("without a replacement the handler answers").answer(&plan.rule)
}
