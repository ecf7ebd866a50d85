//! The proxies between the service and AWS.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use service_kit::config::SECRETS;

/// Each is read in lower case too, which wins, as it does in AWS's tools and in curl. A URL may hold a password, so
/// none is ever shown.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Proxies {
    /// Proxy to `https://` endpoints, which AWS has; `http://user:password@host:port`, percent-encoded
    #[arg(long, value_name = "URL", help_heading = SECRETS)]
    pub https_proxy: Option<ProxyUrl>,
    /// Proxy to `http://` endpoints
    #[arg(long, value_name = "URL", help_heading = SECRETS)]
    pub http_proxy: Option<ProxyUrl>,
    /// Proxy where neither of the two says one
    #[arg(long, value_name = "URL", help_heading = SECRETS)]
    pub all_proxy: Option<ProxyUrl>,
    /// Who is reached without a proxy: names (with all below them), addresses and networks, comma-separated; `*` is all
    #[arg(long, value_name = "LIST")]
    pub no_proxy: Option<String>,
}

impl Proxies {
    pub(crate) fn https(&self) -> Option<&ProxyUrl> {
        self.https_proxy.as_ref().or(self.all_proxy.as_ref()).filter(|_| !self.none())
    }

    pub(crate) fn http(&self) -> Option<&ProxyUrl> {
        self.http_proxy.as_ref().or(self.all_proxy.as_ref()).filter(|_| !self.none())
    }

    /// The entries of `NO_PROXY`.
    pub(crate) fn exempt(&self) -> impl Iterator<Item = &str> {
        let entries = self.no_proxy.as_deref().unwrap_or_default().split(',').map(str::trim);
        entries.filter(|entry| !entry.is_empty())
    }

    fn none(&self) -> bool {
        self.exempt().any(|entry| entry == "*")
    }
}

/// The URL of a proxy that HTTP is spoken to: `http://`, which is meant where nothing is said, or `https://`.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Uri);

impl ProxyUrl {
    /// With its password.
    pub(crate) fn expose(&self) -> &Uri {
        &self.0
    }

    /// Host and port, without user and password.
    pub(crate) fn place(&self) -> &str {
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        authority.rsplit_once('@').map_or(authority, |(_, place)| place)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place())
    }
}

impl FromStr for ProxyUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let refused = |why: &str| {
            format!("must be the URL of an HTTP proxy, such as http://user:password@proxy:3128; {why}")
        };
        let malformed = || refused("in a password, percent-encode / @ : # % ?");
        let url = Self(whole.parse().map_err(|_| malformed())?);
        let host = url.0.host().unwrap_or_default();
        let port_is_sound = url.place() == host || url.0.port_u16().is_some();
        // The SDK's client would take the host to begin at the first.
        let one_at = url.0.authority().is_some_and(|authority| authority.as_str().matches('@').count() <= 1);
        match url.0.scheme_str() {
            Some("http" | "https") if !host.is_empty() && port_is_sound && one_at => Ok(url),
            Some(scheme) if scheme.starts_with("socks") => Err(refused("SOCKS is not supported")),
            _ => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_may_be_left_out_and_a_password_is_not_shown() {
        for text in ["proxy:3128", "http://proxy:3128/", "http://user:p%40ss@proxy:3128"] {
            let url: ProxyUrl = text.parse().unwrap();
            assert_eq!((url.place(), url.0.scheme_str()), ("proxy:3128", Some("http")), "{text}");
            assert_eq!(format!("{url:?}"), "proxy:3128");
        }
    }

    #[test]
    fn what_cannot_be_a_proxy_is_refused_without_its_password() {
        for text in [
            "http://",
            "socks5://user:hunter2@proxy:1080",
            "ftp://proxy",
            "http://user:hunter2@proxy:port",
            "http://user:hunter2@proxy:99999",
            "http://user:hun/ter2@proxy:3128",
            "http://user:hunt@er2@proxy:3128",
            "http://user:hunt er2@proxy:3128",
        ] {
            let message = text.parse::<ProxyUrl>().unwrap_err();
            assert!(message.starts_with("must be the URL of an HTTP proxy"), "{text}: {message}");
            assert!(!message.contains("hunt"), "{message}");
        }
    }

    #[test]
    fn a_star_exempts_everything() {
        let proxy = Some("proxy:3128".parse().unwrap());
        let proxies = |no: &str| Proxies {
            https_proxy: None,
            http_proxy: None,
            all_proxy: proxy.clone(),
            no_proxy: Some(no.to_owned()),
        };
        assert_eq!((proxies("a, *").http(), proxies("a, *").https()), (None, None));
        assert_eq!(proxies(" a,,b ").exempt().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(proxies("").https(), proxy.as_ref());
    }
}
