//! Where the requests go.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body_util::Full;

use super::args::Args;
use super::header::Header;
use super::tls::Tls;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server, and the request that it is sent again and again.
pub(super) struct Target {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) tls: Option<Tls>,
    pub(super) http2: bool,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    /// Eight hexadecimal digits that tell the requests of this run from those of any other in a log.
    run_id: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error("{0:?} is not a URL: use a form like http://127.0.0.1:8080/success")]
    Url(String),
    #[error("{0:?} is neither an http:// nor an https:// URL")]
    Scheme(String),
    #[error("cannot resolve {host:?}: {reason}")]
    Resolve { host: String, reason: String },
    #[error("--header {0}: a request has one Host")]
    Hosts(String),
    #[error("--body-file {0:?}: {1}")]
    Body(PathBuf, std::io::Error),
    #[error("{0}")]
    Tls(String),
}

impl Target {
    /// Parses the URL and looks its host up, once: a lookup for each connection would measure the resolver.
    pub(super) async fn resolve(args: &Args) -> Result<Self, TargetError> {
        let place = Place::parse(&args.url)?;
        let body = body(args)?;
        let tls = place.https.then(|| Tls::new(&place.host, args.http2, args.insecure)).transpose();
        let (headers, host) = headers(args, place.authority.clone())?;
        let with_body = args.body.is_some() || args.body_file.is_some();
        Ok(Self {
            addresses: place.lookup().await?,
            tls: tls.map_err(TargetError::Tls)?,
            http2: args.http2,
            method: args.method.clone().unwrap_or(if with_body { Method::POST } else { Method::GET }),
            // In HTTP/2 the URI says what Host does in HTTP/1.1.
            uri: if args.http2 { place.absolute(&host) } else { Uri::from(place.path) },
            headers,
            body,
            run_id: format!("{:08x}", fastrand::u32(..)),
        })
    }

    /// The request with this number. Its id is one that the servers accept as their own request id.
    pub(super) fn request(&self, number: u64) -> Request<Full<Bytes>> {
        let id = HeaderValue::try_from(format!("load-{}-{number}", self.run_id)).expect("letters and digits");
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(X_REQUEST_ID, id);
        request
    }
}

fn body(args: &Args) -> Result<Bytes, TargetError> {
    match &args.body_file {
        Some(file) => {
            let body = std::fs::read(file).map_err(|error| TargetError::Body(file.clone(), error));
            Ok(body?.into())
        }
        None => Ok(args.body.clone().unwrap_or_default().into()),
    }
}

/// All that a request has but its number, and who it is for.
fn headers(args: &Args, host: HeaderValue) -> Result<(HeaderMap, HeaderValue), TargetError> {
    let mut headers = HeaderMap::new();
    for Header { name, value } in &args.headers {
        if headers.append(name, value.clone()) && name == HOST {
            return Err(TargetError::Hosts(format!("{name}:{}", String::from_utf8_lossy(value.as_bytes()))));
        }
    }
    let host = headers.remove(HOST).unwrap_or(host);
    if !args.http2 {
        headers.insert(HOST, host.clone());
        if args.new_connections {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    let agent = HeaderValue::from_static(concat!("flotilla/", env!("CARGO_PKG_VERSION")));
    headers.entry(USER_AGENT).or_insert(agent);
    Ok((headers, host))
}

/// The parts of a URL.
#[derive(Debug)]
struct Place {
    https: bool,
    host: String,
    port: u16,
    authority: HeaderValue,
    path: PathAndQuery,
}

impl Place {
    fn parse(url: &str) -> Result<Self, TargetError> {
        let bad = || TargetError::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err(TargetError::Scheme(url.to_owned())),
            None => return Err(bad()),
        };
        let authority = uri.authority().ok_or_else(bad)?;
        // Credentials would have to become a header, and an empty port or one above 65535 is a slip of the keyboard.
        let port_is_bad = authority.port_u16().is_none() && authority.as_str() != authority.host();
        if authority.host().is_empty() || port_is_bad || authority.as_str().contains('@') {
            return Err(bad());
        }
        Ok(Self {
            https,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if https { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| bad())?,
            path: uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")),
        })
    }

    fn absolute(&self, host: &HeaderValue) -> Uri {
        let scheme = if self.https { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(host.as_bytes()).path_and_query(self.path.clone());
        uri.build().expect("each part has been parsed")
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
    fn a_url_gives_host_port_and_path() {
        let place = Place::parse("http://example.test:8080/work?cpu=0ms#top").unwrap();
        assert_eq!((place.host.as_str(), place.port), ("example.test", 8080));
        assert_eq!(place.authority, "example.test:8080");
        assert_eq!(place.path, "/work?cpu=0ms");
    }

    #[test]
    fn port_and_path_have_defaults() {
        let place = Place::parse("http://[::1]").unwrap();
        assert_eq!((place.host.as_str(), place.port, place.path.as_str()), ("::1", 80, "/"));
        let place = Place::parse("https://h").unwrap();
        assert_eq!((place.https, place.port), (true, 443));
    }

    #[test]
    fn other_schemes_and_garbage_are_refused() {
        assert!(matches!(Place::parse("ftp://localhost/"), Err(TargetError::Scheme(_))));
        let garbage =
            ["", "localhost", "localhost:80", "/path", "http://", "http:// /", "http://a:b@c/", "::"];
        for bad in garbage.into_iter().chain(["http://h:99999/", "http://h:/", "http://:80/", "http://h/\n"])
        {
            assert!(matches!(Place::parse(bad), Err(TargetError::Url(_))), "{bad:?}");
        }
    }

    async fn target(arguments: &[&str]) -> Result<Target, TargetError> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: Args,
        }
        let line = [&["load"], arguments].concat();
        Target::resolve(&<Line as clap::Parser>::parse_from(line).args).await
    }

    #[tokio::test]
    async fn requests_carry_the_run_and_their_number() {
        let arguments = ["http://127.0.0.1:1/x?y", "--method", "HEAD", "--new-connections"];
        let target = target(&arguments).await.ok().unwrap();
        let request = target.request(7);
        let id = request.headers()[X_REQUEST_ID].to_str().unwrap();
        assert_eq!(id, format!("load-{}-7", target.run_id));
        assert_eq!(target.run_id.len(), 8);
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::HEAD, "/x?y"));
        assert_eq!(request.headers()[HOST], "127.0.0.1:1");
        assert_eq!(request.headers()[CONNECTION], "close");
    }

    #[tokio::test]
    async fn over_http2_the_host_is_in_the_uri() {
        let arguments = ["http://127.0.0.1:1/x?y", "--http2", "--new-connections", "-H", "Host: shop.test"];
        let request = target(&arguments).await.ok().unwrap().request(1);
        assert_eq!(request.uri(), "http://shop.test/x?y");
        assert!(!request.headers().contains_key(HOST) && !request.headers().contains_key(CONNECTION));
    }

    #[tokio::test]
    async fn two_hosts_are_one_too_many() {
        let result = target(&["http://127.0.0.1:1/", "-H", "host:a", "-H", "host:b"]).await;
        assert!(matches!(result, Err(TargetError::Hosts(_))));
    }
}
