//! One request and its answer, recorded when it is dropped: whichever way it ends, it ends here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use hyper::body::Incoming;

use super::body::{BodyState, RequestBody};
use super::drain;
use crate::lifecycle::Phase;
use crate::replica::{REPLICA, X_REPLICA};
use crate::request_id::X_REQUEST_ID;
use crate::server::Connection;
use crate::trace::{self, RequestTrace, SpanContext};

/// The version of the service that answered.
const X_VERSION: HeaderName = HeaderName::from_static("x-version");

pub(super) struct Exchange {
    connection: Arc<Connection>,
    started: Instant,
    route: usize,
    method: Method,
    version: Version,
    wants_close: bool,
    id: HeaderValue,
    /// Set by the request's body; there only if the request has one.
    body: Option<Arc<BodyState>>,
    /// The status on the wire; None before there is one.
    status: Option<StatusCode>,
    end: End,
    /// None when nothing is traced. Boxed: an exchange changes places often, and is to be small then.
    pub(super) trace: Option<Box<RequestTrace>>,
    line: Option<Box<Line>>,
}

#[derive(PartialEq)]
enum End {
    /// Nobody has said so: the client went away.
    Unknown,
    Complete,
    /// The answer's own body failed.
    Broken,
}

/// What only the access line needs.
struct Line {
    uri: Uri,
    /// As a valid `traceparent` says it, or of the trace that was begun here.
    trace_id: Option<[u8; 32]>,
}

impl Exchange {
    pub(super) fn begin(connection: &Arc<Connection>, request: &mut Request<Incoming>) -> Self {
        let listener = &connection.listener;
        let started = Instant::now();
        connection.request_begins(request.version(), started);
        if let Some(in_flight) = listener.table.metrics.in_flight() {
            in_flight.inc();
        }
        let route = listener.table.find(request.uri().path());
        let id = listener.request_ids.ensure(request.headers_mut());
        let trace = listener.tracer.as_ref().map(|tracer| {
            let route = listener.table.template(route);
            let begin = trace::Begin { route, peer: connection.peer, started };
            Box::new(RequestTrace::begin(tracer, request, &begin))
        });
        let line = log_enabled(listener.table.get(route).business && listener.public).then(|| {
            let passed = || request.headers().get(trace::TRACEPARENT).and_then(SpanContext::parse);
            let trace_id = match &trace {
                Some(trace) => Some(trace.trace_digits()),
                None => passed().map(SpanContext::trace_digits),
            };
            Box::new(Line { uri: request.uri().clone(), trace_id })
        });
        Self {
            connection: Arc::clone(connection),
            started,
            route,
            method: request.method().clone(),
            version: request.version(),
            wants_close: request.uri().query().is_some_and(wants_close),
            id,
            body: BodyState::of(request, connection),
            status: None,
            end: End::Unknown,
            trace,
            line,
        }
    }

    pub(super) fn body(&self) -> Option<Arc<BodyState>> {
        self.body.clone()
    }

    /// What is to be read of the body before the answer goes out: nothing, when the answer ends the connection anyway.
    pub(super) fn unread(&self, response: &Response) -> Option<RequestBody> {
        let rest = self.body.as_ref()?.take_rest()?;
        let ends = response.headers().contains_key(header::CONNECTION);
        (!ends && drain::is_worth_it(&rest)).then_some(rest)
    }

    /// The handler has answered: adds the headers of every answer.
    pub(super) fn answer(&mut self, response: &mut Response) {
        self.status = Some(response.status());
        if self.method == Method::HEAD {
            // Its body is never sent.
            self.complete();
        }
        let listener = &self.connection.listener;
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.clone());
        headers.insert(X_VERSION, listener.version.clone());
        if let Some(replica) = &*REPLICA {
            headers.insert(X_REPLICA, replica.clone());
        }
        // hyper ends a connection whose request has an unread rest; unsaid, the client's next request would be lost.
        let unread = self.body.as_ref().is_some_and(|body| !body.read.load(Ordering::Relaxed));
        let close = unread || self.wants_close || listener.lifecycle.phase() >= Phase::Draining;
        // HTTP/2 has GOAWAY for this, and forbids the header.
        if close && self.version <= Version::HTTP_11 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        // In an answer of version 1.1, hyper would add what a client of version 1.0 has asked for: `keep-alive`.
        if self.version == Version::HTTP_10 && headers.contains_key(header::CONNECTION) {
            *response.version_mut() = Version::HTTP_10;
        }
    }

    pub(super) fn complete(&mut self) {
        self.end = End::Complete;
    }

    pub(super) fn broken(&mut self) {
        self.end = End::Broken;
    }

    /// The status that is recorded, and why it is not the one on the wire, if it is not.
    fn outcome(&self) -> (StatusCode, Option<&'static str>) {
        let client_lost = self.body.as_ref().is_some_and(|body| body.client_lost.load(Ordering::Relaxed));
        // Over HTTP/2 a body is complete when it is handed over, and may still be cut off.
        let cut_off =
            self.version == Version::HTTP_2 && self.connection.listener.lifecycle.phase() == Phase::Aborted;
        match self.status {
            Some(status) if self.end == End::Complete && !client_lost && !cut_off => (status, None),
            _ if self.end == End::Broken || std::thread::panicking() => {
                (StatusCode::INTERNAL_SERVER_ERROR, Some("body_failed"))
            }
            // Cut off by the shutdown deadline: not the client's doing.
            _ if self.connection.listener.lifecycle.phase() == Phase::Aborted => {
                (StatusCode::SERVICE_UNAVAILABLE, Some("shutdown"))
            }
            _ => {
                let gone = StatusCode::from_u16(499).expect("a status has three digits");
                (gone, Some("client_disconnect"))
            }
        }
    }

    fn log(&self, line: &Line, status: StatusCode, duration: Duration) {
        let listener = &self.connection.listener;
        let route = listener.table.get(self.route);
        let (method, path, status) = (self.method.as_str(), line.uri.path(), status.as_u16());
        let request_id = self.id.to_str().unwrap_or_default();
        let trace_id = line.trace_id.as_ref().and_then(|digits| str::from_utf8(digits).ok());
        let span_id = self.trace.as_deref().and_then(RequestTrace::span_digits);
        let span_id = span_id.as_ref().and_then(|digits| str::from_utf8(digits).ok());
        let duration_ms = duration.as_micros() as f64 / 1e3;
        if route.business && listener.public {
            tracing::info!(target: "http", method, path, route = route.template, status, duration_ms, request_id, trace_id, span_id);
        } else {
            tracing::debug!(target: "http", method, path, route = route.template, status, duration_ms, request_id, trace_id, span_id);
        }
    }
}

/// A script in a browser may not send `connection: close`; `?connection=close` asks for the same. It is honoured here,
/// because an injected failure that kept the connection would make the failing version sticky.
fn wants_close(query: &str) -> bool {
    query.split('&').any(|pair| pair == "connection=close")
}

/// Users' requests are logged at `info`, probes and scrapes at `debug`; the target is `http` (`LOG_LEVEL=info,http=off`).
fn log_enabled(business: bool) -> bool {
    if business {
        tracing::enabled!(target: "http", tracing::Level::INFO)
    } else {
        tracing::enabled!(target: "http", tracing::Level::DEBUG)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = Instant::now();
        let duration = ended.duration_since(self.started);
        let table = &self.connection.listener.table;
        let route = table.get(self.route);
        let (status, failure) = self.outcome();
        let series = route.metrics.find(&table.metrics, route.template, &self.method, status);
        series.record(duration.as_secs_f64());
        if let Some(in_flight) = table.metrics.in_flight() {
            in_flight.dec();
        }
        // Before the connection is idle: whoever waits for that finds the span in the queue.
        if let Some(trace) = &self.trace {
            trace.end(ended, status, failure);
        }
        self.connection.request_ends(ended);
        if let Some(line) = &self.line {
            self.log(line, status, duration);
        }
    }
}
