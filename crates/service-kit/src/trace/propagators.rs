//! What of a trace is read from a request and passed on with those that follow from it.

use std::str::FromStr;

/// `OTEL_PROPAGATORS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagators {
    /// `traceparent` and `tracestate`.
    pub(crate) trace_context: bool,
    /// `baggage`.
    pub(crate) baggage: bool,
}

impl FromStr for Propagators {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ALLOWED: &str = "must be tracecontext, baggage, both with a comma between them, or none";
        let mut found = Self { trace_context: false, baggage: false };
        for name in text.split(',').map(str::trim) {
            match name {
                "tracecontext" => found.trace_context = true,
                "baggage" => found.baggage = true,
                "none" if text.trim() == "none" => {}
                _ => return Err(ALLOWED.to_owned()),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_alone_or_with_the_other() {
        for (text, trace_context, baggage) in [
            ("tracecontext,baggage", true, true),
            ("baggage, tracecontext", true, true),
            ("tracecontext", true, false),
            ("baggage", false, true),
            ("none", false, false),
        ] {
            assert_eq!(text.parse(), Ok(Propagators { trace_context, baggage }), "{text}");
        }
        for bad in ["", "b3", "tracecontext,b3", "none,baggage", "tracecontext,"] {
            assert!(bad.parse::<Propagators>().is_err(), "{bad}");
        }
    }
}
