//! W3C trace context: `traceparent` is logged and passed on; the services start no traces of their own.

use http::{HeaderName, HeaderValue};

/// The header's name.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace id of a valid `traceparent`: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
pub(crate) fn trace_id(header: &HeaderValue) -> Option<&str> {
    let mut parts = header.to_str().ok()?.split('-');
    let hex = |part: &&str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let version = parts.next().filter(|part| hex(part, 2) && *part != "ff")?;
    let trace_id = parts.next().filter(|part| hex(part, 32) && part.bytes().any(|byte| byte != b'0'))?;
    parts.next().filter(|part| hex(part, 16) && part.bytes().any(|byte| byte != b'0'))?;
    parts.next().filter(|part| hex(part, 2))?;
    // Later versions may append fields; version 00 has none.
    (version != "00" || parts.next().is_none()).then_some(trace_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_trace_id_of_a_valid_header_only() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let read = |text: String| trace_id(&HeaderValue::from_str(&text).unwrap()).map(str::to_owned);
        assert_eq!(read(format!("00-{id}-b7ad6b7169203331-01")).as_deref(), Some(id));
        assert_eq!(read(format!("cc-{id}-b7ad6b7169203331-01-more")).as_deref(), Some(id));
        for bad in [
            String::new(),
            format!("00-{id}-b7ad6b7169203331"),
            format!("00-{id}-b7ad6b7169203331-01-more"),
            format!("ff-{id}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
