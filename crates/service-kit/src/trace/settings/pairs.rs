//! Lists such as `key=value,other=value`, percent-encoded.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The pairs of a list, whose values may hold `=`; None when one has no name or no `=`, or is no UTF-8.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        Some((decode(key).filter(|key| !key.is_empty())?, decode(value)?))
    };
    // Templates that write one pair after the other leave a comma at the end.
    text.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect()
}

/// `OTEL_RESOURCE_ATTRIBUTES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceAttributes(pub(in crate::trace) Vec<(String, String)>);

impl FromStr for ResourceAttributes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = "must be key=value with commas between them, each percent-encoded where it has to be";
        parse(text).map(Self).ok_or_else(|| allowed.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_may_be_empty() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            parse("a=1, b = two%20words%2C ,c=x=y,d=,"),
            Some(vec![pair("a", "1"), pair("b", "two words,"), pair("c", "x=y"), pair("d", ""),])
        );
        for bad in ["a", "=1", "a=1,b", "a=%ff", " = "] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
