//! Which requests are reported, decided when they begin.

use std::str::FromStr;

use super::context::SpanContext;

/// `OTEL_TRACES_SAMPLER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    /// Whether a request that belongs to a trace already is reported when its caller is.
    follows_parent: bool,
    share: Share,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    All,
    None,
    /// As large as `OTEL_TRACES_SAMPLER_ARG` says.
    Ratio,
}

/// Every sampler, by its standard name.
const NAMES: [(&str, bool, Share); 6] = [
    ("always_on", false, Share::All),
    ("always_off", false, Share::None),
    ("traceidratio", false, Share::Ratio),
    ("parentbased_always_on", true, Share::All),
    ("parentbased_always_off", true, Share::None),
    ("parentbased_traceidratio", true, Share::Ratio),
];

impl FromStr for Sampler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, ..)| *name == text);
        found.map(|&(_, follows_parent, share)| Self { follows_parent, share }).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
            format!("must be one of {}", names.join(", "))
        })
    }
}

/// `OTEL_TRACES_SAMPLER_ARG`: a share from 0 to 1.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let ratio: Option<f64> = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a number from 0 to 1, such as 0.01".to_owned())
}

/// A sampler with its share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    follows_parent: bool,
    /// Traces whose id is below it are reported.
    bound: u64,
}

impl Decision {
    pub(super) fn new(sampler: Sampler, ratio: f64) -> Self {
        let ratio = match sampler.share {
            Share::All => 1.0,
            Share::None => 0.0,
            Share::Ratio => ratio,
        };
        // 2^63 at most: ids are compared without their lowest bit, as OpenTelemetry's own SDKs do, so that services
        // with the same ratio choose the same traces.
        Self { follows_parent: sampler.follows_parent, bound: (ratio * (1_u64 << 63) as f64) as u64 }
    }

    pub(super) fn samples(self, parent: Option<SpanContext>, trace_id: u128) -> bool {
        match parent {
            Some(parent) if self.follows_parent => parent.is_sampled(),
            _ => (trace_id as u64) >> 1 < self.bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(name: &str, share: f64, parent: Option<bool>, trace_id: u128) -> bool {
        let parent = parent.map(|sampled| SpanContext { trace_id, span_id: 1, flags: u8::from(sampled) });
        Decision::new(name.parse().unwrap(), share).samples(parent, trace_id)
    }

    #[test]
    fn the_parent_decides_where_the_sampler_is_based_on_it() {
        for (name, root, child_of_reported, child_of_other) in [
            ("always_on", true, true, true),
            ("always_off", false, false, false),
            ("parentbased_always_on", true, true, false),
            ("parentbased_always_off", false, true, false),
        ] {
            let decisions = [None, Some(true), Some(false)].map(|parent| decide(name, 0.5, parent, 7));
            assert_eq!(decisions, [root, child_of_reported, child_of_other], "{name}");
        }
        assert!(decide("parentbased_traceidratio", 0.0, Some(true), 7));
        assert!(!decide("parentbased_traceidratio", 1.0, Some(false), 7));
    }

    #[test]
    fn a_ratio_chooses_by_the_id_so_that_every_service_chooses_the_same() {
        for (share, highest) in [(0.0, 0), (0.25, 1 << 62), (0.5, 1 << 63)] {
            assert!(!decide("traceidratio", share, None, highest), "{share}");
            assert!(highest == 0 || decide("traceidratio", share, Some(false), highest - 1), "{share}");
        }
        assert!(decide("traceidratio", 1.0, None, u128::MAX));
        let ids = std::iter::repeat_with(|| fastrand::u128(..)).take(100_000);
        let chosen = ids.filter(|id| decide("traceidratio", 0.1, None, *id)).count();
        assert!((9_000..11_000).contains(&chosen), "{chosen}");
    }

    #[test]
    fn names_and_shares_that_are_none_are_refused() {
        for bad in ["", "on", "Always_On", "jaeger_remote"] {
            let message = bad.parse::<Sampler>().unwrap_err();
            assert!(message.starts_with("must be one of always_on, "), "{message}");
        }
        for bad in ["", "-0.1", "1.1", "NaN", "10%"] {
            assert!(ratio(bad).is_err(), "{bad}");
        }
        assert_eq!(ratio("0.01"), Ok(0.01));
    }
}
