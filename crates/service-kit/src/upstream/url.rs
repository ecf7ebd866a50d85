//! Where an upstream is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

/// The URL of an upstream: `http://`, a host, and perhaps a port and a path under which it answers.
///
/// The host is looked up for each new connection. TLS between services is the mesh's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    authority: Authority,
    /// Without the final `/`.
    path: String,
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            "must be a URL such as http://auxiliary-service:8001, without user, query or fragment".to_owned()
        })
    }
}

fn parse(text: &str) -> Option<Url> {
    let uri = plain_http(text)?;
    Some(Url { authority: uri.authority()?.clone(), path: uri.path().trim_end_matches('/').to_owned() })
}

/// A URL of `http://` with a host, and without user, query and fragment.
pub(crate) fn plain_http(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
    let authority = uri.authority().filter(|_| uri.scheme() == Some(&Scheme::HTTP))?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let port_is_sound = port.is_empty() || authority.port_u16().is_some_and(|port| port != 0);
    if authority.host().is_empty() || !port_is_sound || uri.query().is_some() {
        return None;
    }
    Some(uri)
}

impl Url {
    /// The host, without the brackets of an address.
    pub(super) fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(80)
    }

    /// The URI of a path (and query) below this URL; None when both together are longer than a URI may be (64 KiB).
    pub(super) fn join(&self, path: &str) -> Option<Uri> {
        let path = PathAndQuery::try_from(format!("{}{path}", self.path)).ok()?;
        Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .ok()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_the_urls_own() {
        for (url, joined) in [
            ("http://api:3000", "http://api:3000/products?limit=1"),
            ("http://api:3000/", "http://api:3000/products?limit=1"),
            ("http://[::1]:3000/shop/v1/", "http://[::1]:3000/shop/v1/products?limit=1"),
            ("http://api.shop.svc", "http://api.shop.svc/products?limit=1"),
        ] {
            assert_eq!(url.parse::<Url>().unwrap().join("/products?limit=1").unwrap(), joined, "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_http_url_is_refused() {
        for bad in [
            "",
            "api:3000",
            "/api",
            "https://api",
            "ftp://api",
            "http://",
            "http:///path",
            "http://:3000",
            "http://user:password@api",
            "http://api:0",
            "http://api:99999",
            "http://api:",
            "http://api:port",
            "http://api?x=1",
            "http://api/#top",
            "http://a b",
        ] {
            assert!(bad.parse::<Url>().is_err(), "{bad}");
        }
    }
}
