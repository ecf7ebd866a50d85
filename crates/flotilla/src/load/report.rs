//! The report at the end of a run; its field order is the JSON's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::lost::Lost;
use super::tally::Counts;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) url: String,
    /// Every request that became due: answered plus lost.
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) lost_reasons: BTreeMap<Lost, u64>,
    /// From the start to the last outcome, and at least as long as the run was meant to take.
    pub(super) duration_seconds: f64,
    /// Answered requests a second.
    pub(super) rate: f64,
    pub(super) status: BTreeMap<u16, u64>,
    pub(super) latency_ms: Latency,
    pub(super) versions: BTreeMap<String, Version>,
}

/// Of the answered requests; null when there is none, since 0 would read as fast.
#[derive(Debug, Serialize)]
pub(super) struct Latency {
    pub(super) p50: Option<f64>,
    pub(super) p90: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) max: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Version {
    pub(super) count: u64,
    /// Of the answered requests, 0 to 1.
    pub(super) share: f64,
}

impl Report {
    /// What was sent but has no outcome was abandoned by an interrupt: it is lost, too.
    pub(super) fn new(url: &str, sent: u64, duration: Duration, mut counts: Counts) -> Self {
        counts.add_lost(Lost::Interrupted, sent - counts.answered - counts.lost_total());
        let version = |(name, count): (&String, &u64)| {
            (name.clone(), Version { count: *count, share: rounded(counts.share(*count), 6) })
        };
        Self {
            url: url.to_owned(),
            sent,
            lost: counts.lost_total(),
            lost_reasons: counts.lost.clone(),
            duration_seconds: rounded(duration.as_secs_f64(), 3),
            rate: rounded(counts.answered as f64 / duration.as_secs_f64(), 3),
            status: counts.status.clone(),
            latency_ms: Latency {
                p50: counts.quantile_ms(0.5),
                p90: counts.quantile_ms(0.9),
                p99: counts.quantile_ms(0.99),
                max: counts.quantile_ms(1.0),
            },
            versions: counts.versions.iter().map(version).collect(),
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings")
    }
}

/// Digits beyond these are noise.
fn rounded(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;

    use super::super::connection::Answer;
    use super::*;

    /// 100 answers of 1 to 100 ms, 80 by 1.0.0 and 20 without a version, ten of these a 500; five lost, one unaccounted.
    pub(in super::super) fn sample() -> Report {
        let mut counts = Counts::new();
        for index in 1..=100 {
            let version = (index <= 80).then(|| HeaderValue::from_static("1.0.0"));
            let status = if index > 90 { 500 } else { 200 };
            let answer = Answer { status, version, last: false };
            counts.answered(&answer, Duration::from_millis(index));
        }
        counts.add_lost(Lost::Timeout, 2);
        counts.add_lost(Lost::Reset, 3);
        Report::new("http://h/", 106, Duration::from_secs(2), counts)
    }

    #[test]
    fn the_json_has_every_field_in_order() {
        let expected = r#"{"url":"http://h/","sent":106,"lost":6,"lost_reasons":{"reset":3,"timeout":2,"interrupted":1},"#
            .to_owned()
            + r#""duration_seconds":2.0,"rate":50.0,"status":{"200":90,"500":10},"#
            + r#""latency_ms":{"p50":50.015,"p90":90.047,"p99":99.007,"max":100.031},"#
            + r#""versions":{"-":{"count":20,"share":0.2},"1.0.0":{"count":80,"share":0.8}}}"#;
        assert_eq!(sample().json(), expected);
    }

    #[test]
    fn without_an_answer_there_is_no_latency() {
        let report = Report::new("http://h/", 3, Duration::from_secs(1), Counts::new());
        assert_eq!((report.lost, report.rate), (3, 0.0));
        assert!(
            report
                .json()
                .contains(r#""latency_ms":{"p50":null,"p90":null,"p99":null,"max":null},"versions":{}"#)
        );
    }

    #[test]
    fn reasons_have_the_same_name_in_json_and_table() {
        for lost in [Lost::Refused, Lost::BadResponse, Lost::NotSent] {
            assert_eq!(serde_json::to_value(lost).unwrap(), lost.name());
        }
    }
}
