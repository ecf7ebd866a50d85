//! Where a collector takes spans.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

use crate::upstream::plain_http;

/// The URL of a collector: `http://`, a host, and perhaps a port and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        plain_http(text).map(Self).ok_or_else(|| {
            "must be a URL such as http://otel-collector:4318, without user, query or fragment; \
             https is not spoken here: a collector beside the service, or a mesh, is to encrypt"
                .to_owned()
        })
    }
}

impl Endpoint {
    /// A path below this one.
    pub(super) fn below(&self, path: &str) -> Self {
        let base = self.0.path().trim_end_matches('/');
        let joined = format!("http://{}{base}{path}", self.authority());
        Self(joined.parse().expect("two sound paths are one"))
    }

    pub(in crate::trace) fn authority(&self) -> &Authority {
        self.0.authority().expect("it was there when it was parsed")
    }

    pub(in crate::trace) fn path(&self) -> &str {
        self.0.path()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_the_endpoints_own() {
        for (endpoint, joined) in [
            ("http://c:4318", "http://c:4318/v1/traces"),
            ("http://c:4318/", "http://c:4318/v1/traces"),
            ("http://c/otlp/", "http://c/otlp/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(endpoint.parse::<Endpoint>().unwrap().below("/v1/traces").to_string(), joined);
        }
    }

    #[test]
    fn it_is_kept_as_it_is() {
        for (endpoint, path) in
            [("http://c", "/"), ("http://c/a/", "/a/"), ("http://c/v1/traces", "/v1/traces")]
        {
            assert_eq!(endpoint.parse::<Endpoint>().unwrap().path(), path);
        }
    }
}
