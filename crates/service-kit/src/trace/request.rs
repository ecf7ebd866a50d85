//! The trace of one request, and the span that the service reports of it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Version, header};

use super::context::SpanContext;
use super::draft::{Draft, Kind, Parent};
use super::span::TRACEPARENT;
use super::tracer::Tracer;
use crate::hex;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The trace that a request belongs to. A clone is another handle to the same.
#[derive(Clone)]
pub(crate) struct RequestTrace {
    tracer: Arc<Tracer>,
    context: SpanContext,
    /// None for one that is not reported: it costs no memory.
    span: Option<Arc<ServerSpan>>,
}

struct ServerSpan(Mutex<State>);

struct State {
    /// None once it has ended.
    draft: Option<Draft>,
    /// What a layer has said about a failure that it made an answer of.
    failure: Option<&'static str>,
    faulted: bool,
}

/// What is known of a request when it begins.
pub(crate) struct Begin {
    /// The route's template; None where there is no such route.
    pub(crate) route: Option<&'static str>,
    /// The other end of the connection.
    pub(crate) peer: IpAddr,
    pub(crate) started: Instant,
}

impl RequestTrace {
    pub(crate) fn begin<B>(tracer: &Arc<Tracer>, request: &Request<B>, begin: &Begin) -> Self {
        let header = request.headers().get(TRACEPARENT).filter(|_| tracer.propagators.trace_context);
        let parent = header.and_then(SpanContext::parse);
        let span_id = tracer.ids.span();
        let context = match parent {
            Some(parent) => parent.child(span_id),
            None => SpanContext { trace_id: tracer.ids.trace(), span_id, flags: 0 },
        };
        let sampled = tracer.sampler.samples(parent, context.trace_id);
        let context = context.sampled(sampled);
        let span = sampled.then(|| {
            let parent = parent.map_or(Parent::None, |parent| Parent::Remote(parent.span_id));
            let start = tracer.clock.time(begin.started);
            Arc::new(ServerSpan::begin(context, parent, start, request, begin))
        });
        Self { tracer: Arc::clone(tracer), context, span }
    }

    /// The id of the trace, in digits.
    pub(crate) fn trace_digits(&self) -> [u8; 32] {
        self.context.trace_digits()
    }

    /// The id of the span, in digits; None when it is not reported.
    pub(crate) fn span_digits(&self) -> Option<[u8; 16]> {
        self.span.as_ref().map(|_| hex::digits(self.context.span_id))
    }

    /// Who reports it, and its place; None when it is not reported.
    pub(super) fn reported(&self) -> Option<(&Arc<Tracer>, SpanContext)> {
        self.span.as_ref().map(|_| (&self.tracer, self.context))
    }

    /// What those are told whom the request asks.
    pub(super) fn passed_on(&self) -> Option<SpanContext> {
        self.tracer.propagators.trace_context.then_some(self.context)
    }

    /// A fault that a rule has injected.
    pub(super) fn fault(&self, rule: &str, kind: &str) {
        let Some(span) = &self.span else { return };
        let mut state = span.lock();
        let State { draft: Some(draft), faulted, .. } = &mut *state else { return };
        if !std::mem::replace(faulted, true) {
            draft.attribute("fault.injected", super::Value::Boolean(true));
        }
        let time = self.tracer.clock.time(Instant::now());
        draft.event(time, "fault", &[("fault.rule", rule.into()), ("fault.kind", kind.into())]);
    }

    /// A failure of which a layer makes an answer.
    pub(super) fn failed(&self, failure: &'static str) {
        if let Some(span) = &self.span {
            span.lock().failure = Some(failure);
        }
    }

    /// Reports the span, with the status that the metrics have counted. `failure` is why there is no other one.
    pub(crate) fn end(&self, ended: Instant, status: StatusCode, failure: Option<&'static str>) {
        let Some(span) = &self.span else { return };
        let mut state = span.lock();
        let Some(mut draft) = state.draft.take() else { return };
        let failure = failure.or(state.failure);
        drop(state);
        draft.attribute("http.response.status_code", status.as_u16());
        let failed = status.is_server_error();
        if let Some(error_type) = failure.or(failed.then(|| status.as_str())) {
            draft.attribute("error.type", error_type);
        }
        self.tracer.report(draft.end(self.tracer.clock.time(ended), failed));
    }
}

impl ServerSpan {
    fn begin<B>(
        context: SpanContext,
        parent: Parent,
        start: u64,
        request: &Request<B>,
        begin: &Begin,
    ) -> Self {
        let method = known(request.method());
        let mut draft = match begin.route {
            Some(route) => {
                let name = [method.unwrap_or("HTTP"), " ", route];
                let mut draft = Draft::new(context, parent, Kind::Server, &name, start);
                draft.attribute("http.route", route);
                draft
            }
            None => Draft::new(context, parent, Kind::Server, &[method.unwrap_or("HTTP")], start),
        };
        draft.attribute("http.request.method", method.unwrap_or("_OTHER"));
        if method.is_none() {
            draft.attribute("http.request.method_original", request.method().as_str());
        }
        draft.attribute("url.path", request.uri().path());
        draft.attribute("url.scheme", scheme(request.headers()));
        draft.attribute("network.protocol.version", protocol(request.version()));
        client(&mut draft, request.headers(), begin.peer);
        if let Some((host, port)) = server(request) {
            draft.attribute("server.address", host);
            if let Some(port) = port {
                draft.attribute("server.port", port);
            }
        }
        Self(Mutex::new(State { draft: Some(draft), failure: None, faulted: false }))
    }

    /// Of one request alone: nobody else waits for it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The methods that the conventions know: any other could be anything.
pub(crate) fn known(method: &Method) -> Option<&str> {
    let methods = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
    methods.into_iter().find(|name| method == name)
}

pub(crate) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

/// As the client has asked whoever ends its TLS.
fn scheme(headers: &HeaderMap) -> &'static str {
    let forwarded = headers.get(FORWARDED_PROTO);
    if forwarded.is_some_and(|proto| proto == "https") { "https" } else { "http" }
}

/// The client as the first proxy saw it, as the conventions want it; anyone may send the header, and so it is for reading
/// alone.
fn client(draft: &mut Draft, headers: &HeaderMap, peer: IpAddr) {
    let peer = peer.to_canonical().to_string();
    let forwarded = headers.get(FORWARDED_FOR).and_then(|chain| chain.to_str().ok());
    let first = forwarded.and_then(|chain| chain.split(',').next()).map(str::trim);
    match first.filter(|first| first.parse::<IpAddr>().is_ok()) {
        Some(first) => {
            draft.attribute("client.address", first);
            draft.attribute("network.peer.address", &*peer);
        }
        None => draft.attribute("client.address", &*peer),
    }
}

/// The name and the port that the client has asked for.
fn server<B>(request: &Request<B>) -> Option<(&str, Option<u16>)> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = || request.headers().get(header::HOST)?.to_str().ok();
    let text = authority.or_else(host).filter(|text| !text.is_empty())?;
    // A colon within brackets belongs to an address.
    Some(match text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> Request<()> {
        let mut request = Request::new(());
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        request
    }

    #[test]
    fn the_server_is_what_the_client_has_asked_for() {
        for (host, found) in [
            ("shop.example", ("shop.example", None)),
            ("shop.example:8080", ("shop.example", Some(8080))),
            ("[::1]:80", ("[::1]", Some(80))),
            ("[::1]", ("[::1]", None)),
        ] {
            assert_eq!(server(&request(&[("host", host)])), Some(found), "{host}");
        }
        assert_eq!(server(&request(&[])), None);
        assert_eq!(server(&request(&[("host", "")])), None);
    }

    #[test]
    fn the_scheme_is_that_of_the_first_proxy() {
        assert_eq!(scheme(request(&[("x-forwarded-proto", "https")]).headers()), "https");
        for other in [request(&[]), request(&[("x-forwarded-proto", "gopher")])] {
            assert_eq!(scheme(other.headers()), "http");
        }
    }

    #[test]
    fn only_methods_of_the_conventions_are_named() {
        assert_eq!(known(&Method::PATCH), Some("PATCH"));
        assert_eq!(known(&Method::from_bytes(b"BREW").unwrap()), None);
    }
}
