//! What a collector wants to be told with the spans: a token, as a rule.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::pairs;

/// Headers whose values are never shown.
#[derive(Clone)]
pub struct Headers(HeaderMap);

impl Headers {
    pub(super) fn map(&self) -> &HeaderMap {
        &self.0
    }
}

impl FromStr for Headers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let header = |(name, value): (String, String)| {
            let mut value = HeaderValue::from_str(&value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_str(&name).ok()?, value))
        };
        let headers = pairs::parse(text).and_then(|pairs| pairs.into_iter().map(header).collect());
        headers.map(Self).ok_or_else(|| {
            "must be name=value with commas between them, each a header, percent-encoded where it has to be"
                .to_owned()
        })
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_decoded_and_only_their_names_are_shown() {
        let headers: Headers = "authorization=Bearer%20hunter2,x-tenant=a".parse().unwrap();
        assert_eq!(headers.map()["authorization"], "Bearer hunter2");
        let shown = format!("{headers:?} {:?}", headers.map());
        assert!(shown.contains("x-tenant") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bad in ["authorization", "two words=a", "a=b%0Ac", "=b"] {
            assert!(bad.parse::<Headers>().is_err(), "{bad}");
        }
    }
}
