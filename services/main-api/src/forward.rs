//! Asks the auxiliary service for what a client asked of us.

use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::{RawValue, to_raw_value};
use service_kit::upstream::{Failure, Upstream};
use service_kit::{Invalid, Kit};

use crate::answer::Answer;
use crate::config::Config;

/// The upstream's name: in metrics, in the soft check, and in the `upstream` field of its failures.
pub(crate) const AUXILIARY_SERVICE: &str = "auxiliary-service";

/// All but the unreserved characters of RFC 3986: no other can mean anything to whoever reads the path on its way.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest name that AWS reads. With each byte encoded it still fits into a URI.
const MAX_NAME_BYTES: usize = 2_048;

pub(crate) struct Forwarder {
    upstream: Upstream,
    version: Box<RawValue>,
}

impl Forwarder {
    pub(crate) fn new(config: &Config, kit: &Kit) -> Result<Self, Invalid> {
        let url = config.auxiliary_service_url()?;
        let version = to_raw_value(kit.version()).expect("a string is JSON");
        Ok(Self { upstream: Upstream::new(kit, AUXILIARY_SERVICE, url, &config.upstream), version })
    }

    /// GETs a path of the auxiliary service, for the request that has these headers.
    pub(crate) async fn get(&self, path: &str, headers: &HeaderMap) -> Result<Answer, Failure> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = path.parse::<Uri>().expect("paths are constant or encoded");
        let read = |response| Answer::read(&response, &self.version);
        self.upstream.send(request, headers, read).await
    }
}

/// The path of a parameter: the whole name as one segment, so that nothing in it changes the path or the query.
/// None for what no path can hold, and no parameter is called.
pub(crate) fn parameter_path(name: &str) -> Option<String> {
    // A segment of dots means another path to any proxy, encoded or not.
    if matches!(name, "." | "..") || name.len() > MAX_NAME_BYTES {
        return None;
    }
    Some(format!("/parameter/{}", utf8_percent_encode(name, NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_whatever_it_holds() {
        for (name, path) in [
            ("db/host", "/parameter/db%2Fhost"),
            ("a?b#c d", "/parameter/a%3Fb%23c%20d"),
            ("ü", "/parameter/%C3%BC"),
            ("a/../b", "/parameter/a%2F..%2Fb"),
            ("%2e%2e", "/parameter/%252e%252e"),
            ("\0", "/parameter/%00"),
            ("...", "/parameter/..."),
        ] {
            let encoded = parameter_path(name).unwrap();
            assert_eq!(encoded, path);
            assert_eq!(encoded.parse::<Uri>().unwrap().path(), path);
        }
    }

    #[test]
    fn what_no_path_can_hold_is_refused() {
        for name in [".", "..", &"ü".repeat(1_025)] {
            assert_eq!(parameter_path(name), None, "{name}");
        }
        assert!(parameter_path(&"ü".repeat(1_024)).unwrap().parse::<Uri>().is_ok());
    }
}
