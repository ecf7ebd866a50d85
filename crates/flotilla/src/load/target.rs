//! Where the requests go.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Request, Uri};
use http_body_util::Empty;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server, and the request that it is sent again and again.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) addresses: Vec<SocketAddr>,
    method: Method,
    path: Uri,
    headers: HeaderMap,
    /// Eight hexadecimal digits that tell the requests of this run from those of any other in a log.
    run_id: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error("{0:?} is not a URL: use a form like http://127.0.0.1:8080/success")]
    Url(String),
    #[error("{0:?} is not an http:// URL: only plain HTTP is supported")]
    Scheme(String),
    #[error("cannot resolve {host:?}: {reason}")]
    Resolve { host: String, reason: String },
}

impl Target {
    /// Parses the URL and looks its host up, once: a lookup for each connection would measure the resolver.
    pub(super) async fn resolve(url: &str, method: Method, close: bool) -> Result<Self, TargetError> {
        let place = Place::parse(url)?;
        let addresses = place.lookup().await?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, place.authority);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("flotilla/", env!("CARGO_PKG_VERSION"))));
        if close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let run_id = format!("{:08x}", fastrand::u32(..));
        Ok(Self { addresses, method, path: Uri::from(place.path), headers, run_id })
    }

    /// The request with this number. Its id is one that the servers accept as their own request id.
    pub(super) fn request(&self, number: u64) -> Request<Empty<Bytes>> {
        let id = HeaderValue::try_from(format!("load-{}-{number}", self.run_id)).expect("letters and digits");
        let mut request = Request::new(Empty::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(X_REQUEST_ID, id);
        request
    }
}

/// The parts of an `http://` URL.
#[derive(Debug)]
struct Place {
    host: String,
    port: u16,
    authority: HeaderValue,
    path: PathAndQuery,
}

impl Place {
    fn parse(url: &str) -> Result<Self, TargetError> {
        let bad = || TargetError::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| bad())?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(_) => return Err(TargetError::Scheme(url.to_owned())),
            None => return Err(bad()),
        }
        let authority = uri.authority().ok_or_else(bad)?;
        // Credentials would have to become a header, and an empty port or one above 65535 is a slip of the keyboard.
        let port_is_bad = authority.port_u16().is_none() && authority.as_str() != authority.host();
        if authority.host().is_empty() || port_is_bad || authority.as_str().contains('@') {
            return Err(bad());
        }
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| bad())?,
            path: uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")),
        })
    }

    async fn lookup(&self) -> Result<Vec<SocketAddr>, TargetError> {
        let failed = |reason: String| TargetError::Resolve { host: self.host.clone(), reason };
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let addresses: Vec<_> = found.map_err(|error| failed(error.to_string()))?.collect();
        if addresses.is_empty() { Err(failed("no address".to_owned())) } else { Ok(addresses) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_url_gives_host_port_and_path() {
        let place = Place::parse("http://example.test:8080/work?cpu=0ms#top").unwrap();
        assert_eq!((place.host.as_str(), place.port), ("example.test", 8080));
        assert_eq!(place.authority, "example.test:8080");
        assert_eq!(place.path, "/work?cpu=0ms");
    }

    #[test]
    fn port_and_path_have_defaults() {
        let place = Place::parse("http://[::1]").unwrap();
        assert_eq!((place.host.as_str(), place.port, place.path.as_str()), ("::1", 80, "/"));
    }

    #[test]
    fn other_schemes_and_garbage_are_refused() {
        assert!(matches!(Place::parse("https://localhost/"), Err(TargetError::Scheme(_))));
        let garbage =
            ["", "localhost", "localhost:80", "/path", "http://", "http:// /", "http://a:b@c/", "::"];
        for bad in garbage.into_iter().chain(["http://h:99999/", "http://h:/", "http://:80/", "http://h/\n"])
        {
            assert!(matches!(Place::parse(bad), Err(TargetError::Url(_))), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn requests_carry_the_run_and_their_number() {
        let target = Target::resolve("http://127.0.0.1:1/x?y", Method::HEAD, true).await.unwrap();
        let request = target.request(7);
        let id = request.headers()[X_REQUEST_ID].to_str().unwrap();
        assert_eq!(id, format!("load-{}-7", target.run_id));
        assert_eq!(target.run_id.len(), 8);
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::HEAD, "/x?y"));
        assert_eq!(request.headers()[HOST], "127.0.0.1:1");
        assert_eq!(request.headers()[CONNECTION], "close");
    }
}
