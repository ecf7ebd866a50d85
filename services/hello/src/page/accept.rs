//! Who wants the page: clients that ask for HTML and do not prefer JSON to it.

use http::{HeaderMap, header};

/// Whether HTML is accepted by name, and not less than JSON. `*/*` is what programs send, and they get JSON.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let html = quality(headers, "text/html");
    html > 0.0 && html >= quality(headers, "application/json")
}

/// The highest weight that a media type was asked for with; 0 where it is not named.
fn quality(headers: &HeaderMap, wanted: &str) -> f32 {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(','));
    ranges.filter_map(|range| weight(range, wanted)).fold(0.0, f32::max)
}

/// The weight of a media range when it names the type: 1 where none is given or it is no number.
fn weight(range: &str, wanted: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(wanted) {
        return None;
    }
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some(weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(accept: &'static [&'static str]) -> bool {
        let values = accept.iter().map(|value| (header::ACCEPT, HeaderValue::from_static(value)));
        is_wanted(&values.collect())
    }

    #[test]
    fn browsers_get_the_page() {
        assert!(wanted(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"]));
        assert!(wanted(&["TEXT/HTML"]));
        assert!(wanted(&["application/json;q=0.5", "text/html;q=0.9"]));
    }

    #[test]
    fn programs_get_json() {
        for accept in [&[][..], &["*/*"], &["application/json"], &["text/*"], &["text/html;q=0, */*"]] {
            assert!(!wanted(accept), "{accept:?}");
        }
        assert!(!wanted(&["application/json, text/html;q=0.9"]));
    }
}
