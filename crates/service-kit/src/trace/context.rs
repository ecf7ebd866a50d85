//! W3C trace context: which trace a request belongs to, and which span of it is meant.

use http::HeaderValue;

use crate::hex;

/// Set in the flags of what is reported.
const SAMPLED: u8 = 1;

/// A span's place, as `traceparent` says it: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanContext {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) flags: u8,
}

impl SpanContext {
    /// From the value of a header; None when it is not valid.
    pub(crate) fn parse(header: &HeaderValue) -> Option<Self> {
        let text = header.as_bytes();
        let (known, rest) = text.split_at_checked(55)?;
        let dashes = [2, 35, 52].map(|place| known[place]);
        // Later versions may append fields; version 00 has none.
        let ends = rest.is_empty() || rest[0] == b'-' && &known[..2] != b"00";
        if dashes != *b"---" || &known[..2] == b"ff" || !ends {
            return None;
        }
        hex::number(&known[..2])?;
        let trace_id = hex::number(&known[3..35]).filter(|id| *id != 0)?;
        let span_id = hex::number(&known[36..52]).filter(|id| *id != 0)? as u64;
        let flags = hex::number(&known[53..55])? as u8;
        Some(Self { trace_id, span_id, flags })
    }

    pub(super) fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same place with this decision; other flags stay, as the standard wants.
    pub(super) fn sampled(self, sampled: bool) -> Self {
        Self { flags: self.flags & !SAMPLED | u8::from(sampled), ..self }
    }

    /// Another span of the same trace.
    pub(super) fn child(self, span_id: u64) -> Self {
        Self { span_id, ..self }
    }

    /// As a header.
    pub(super) fn header(self) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        text[3..35].copy_from_slice(&self.trace_digits());
        text[36..52].copy_from_slice(&hex::digits(self.span_id));
        text[53..].copy_from_slice(&hex::digits(self.flags.into())[14..]);
        HeaderValue::from_bytes(&text).expect("digits and dashes are visible")
    }

    pub(crate) fn trace_digits(self) -> [u8; 32] {
        let mut digits = [0; 32];
        digits[..16].copy_from_slice(&hex::digits((self.trace_id >> 64) as u64));
        digits[16..].copy_from_slice(&hex::digits(self.trace_id as u64));
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    fn parse(text: &str) -> Option<SpanContext> {
        SpanContext::parse(&HeaderValue::from_str(text).unwrap())
    }

    #[test]
    fn a_valid_header_is_read_and_any_other_refused() {
        let context = parse(&format!("00-{ID}-b7ad6b7169203331-01")).unwrap();
        assert_eq!(str::from_utf8(&context.trace_digits()).unwrap(), ID);
        assert_eq!((context.span_id, context.is_sampled()), (0xb7ad_6b71_6920_3331, true));
        assert_eq!(parse(&format!("cc-{ID}-b7ad6b7169203331-01-more")), Some(context));
        assert!(!parse(&format!("00-{ID}-b7ad6b7169203331-02")).unwrap().is_sampled());
        for bad in [
            String::new(),
            format!("00-{ID}-b7ad6b7169203331"),
            format!("00-{ID}-b7ad6b7169203331-01-more"),
            format!("00-{ID}-b7ad6b7169203331-01x"),
            format!("cc-{ID}-b7ad6b7169203331-01x"),
            format!("ff-{ID}-b7ad6b7169203331-01"),
            format!("0x-{ID}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{ID}-{}-01", "0".repeat(16)),
            format!("00-{}-b7ad6b7169203331-01", ID.to_uppercase()),
            format!("00_{ID}-b7ad6b7169203331-01"),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_child_is_written_with_the_trace_and_the_decision_of_its_parent() {
        let parent = parse(&format!("00-{ID}-b7ad6b7169203331-02")).unwrap();
        let child = parent.child(0xf0).sampled(true);
        assert_eq!(child.header(), format!("00-{ID}-00000000000000f0-03"));
        assert_eq!(child.sampled(false).header(), format!("00-{ID}-00000000000000f0-02"));
    }
}
