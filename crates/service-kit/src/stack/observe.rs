//! The outermost layer: gives a request its id, and records what became of it when the last byte of the answer is on
//! its way, or when the client is found to be gone.

mod body;
mod drain;
mod exchange;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::Response;
use futures_util::future::BoxFuture;
use http::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;

use super::check_head::CutOff;
use crate::server::Connection;
use crate::trace;
pub(crate) use body::{ObservedBody, RequestBody};
use exchange::Exchange;

/// The service of one connection.
pub(crate) struct Observe<S> {
    connection: Arc<Connection>,
    inner: Arc<S>,
}

impl<S> Observe<S> {
    pub(crate) fn new(connection: Arc<Connection>, inner: Arc<S>) -> Self {
        Self { connection, inner }
    }
}

impl<S> Service<Request<Incoming>> for Observe<S>
where
    S: Service<Request<RequestBody>, Response = Response, Error = Infallible>,
{
    type Response = Response<ObservedBody>;
    type Error = Infallible;
    type Future = ObserveFuture<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let mut exchange = Exchange::begin(&self.connection, &mut request);
        if self.connection.is_cut() {
            request.extensions_mut().insert(CutOff);
        }
        let request = request.map(|body| RequestBody::new(body, exchange.body()));
        let inner = {
            // Fault rules decide here, before anything is polled.
            let _entered = trace::enter(&mut exchange.trace);
            self.inner.call(request)
        };
        ObserveFuture { inner, exchange: Some(exchange), drain: None }
    }
}

pin_project! {
    pub(crate) struct ObserveFuture<F> {
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        // The answer, held back. Boxed, so that only a request whose body was left unread pays for it.
        drain: Option<BoxFuture<'static, Response>>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for ObserveFuture<F> {
    type Output = Result<Response<ObservedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const UNFINISHED: &str = "a future is not polled after it is ready";
        let this = self.project();
        let mut response = match this.drain {
            Some(drain) => ready!(drain.as_mut().poll(cx)),
            None => {
                let exchange = this.exchange.as_mut().expect(UNFINISHED);
                let _entered = trace::enter(&mut exchange.trace);
                match ready!(this.inner.poll(cx)) {
                    Ok(response) => response,
                    Err(infallible) => match infallible {},
                }
            }
        };
        if this.drain.is_none()
            && let Some(rest) = this.exchange.as_ref().expect(UNFINISHED).unread(&response)
        {
            let drain = this.drain.insert(Box::pin(drain::drain(response, rest)));
            response = ready!(drain.as_mut().poll(cx));
        }
        let mut exchange = this.exchange.take().expect(UNFINISHED);
        exchange.answer(&mut response);
        Poll::Ready(Ok(response.map(|body| ObservedBody::new(body, exchange))))
    }
}
