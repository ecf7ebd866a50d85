//! The report as people read it.

use super::report::{Latency, Report};

impl Report {
    /// Lines of a label and what it says, ready to print.
    pub(super) fn table(&self) -> String {
        let mut lines = vec![self.url.clone(), String::new()];
        lines.push(line("sent", &self.sent.to_string()));
        lines.push(line("lost", &self.lost_by_reason()));
        lines.push(line("duration", &format!("{:.3} s", self.duration_seconds)));
        lines.push(line("rate", &format!("{:.1}/s answered", self.rate)));
        lines.push(line("latency", &latency(&self.latency_ms)));
        for (index, (status, count)) in self.status.iter().enumerate() {
            lines.push(line(only_first(index, "status"), &format!("{status:<16} {count:>10}")));
        }
        for (index, (name, version)) in self.versions.iter().enumerate() {
            let share = version.share * 100.0;
            let text = format!("{name:<16} {:>10}  {share:>6.2} %", version.count);
            lines.push(line(only_first(index, "version"), &text));
        }
        lines.join("\n")
    }

    fn lost_by_reason(&self) -> String {
        let reasons: Vec<_> =
            self.lost_reasons.iter().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
        if reasons.is_empty() {
            self.lost.to_string()
        } else {
            format!("{}  ({})", self.lost, reasons.join(", "))
        }
    }
}

fn line(label: &str, text: &str) -> String {
    format!("{label:<10} {text}")
}

/// A label stands on the first of its lines.
fn only_first(index: usize, label: &str) -> &str {
    if index == 0 { label } else { "" }
}

fn latency(latency: &Latency) -> String {
    let Latency { p50, p90, p99, max } = latency;
    [("p50", p50), ("p90", p90), ("p99", p99), ("max", max)]
        .map(|(name, value)| format!("{name} {}", milliseconds(*value)))
        .join("   ")
}

pub(super) fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2} ms"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::report::tests::sample;
    use super::super::tally::Counts;
    use super::*;

    #[test]
    fn the_table_says_everything_in_columns() {
        let expected = "\
http://h/

sent       106
lost       6  (reset 3, timeout 2, interrupted 1)
duration   2.000 s
rate       50.0/s answered
latency    p50 50.02 ms   p90 90.05 ms   p99 99.01 ms   max 100.03 ms
status     200                      90
           500                      10
version    -                        20   20.00 %
           1.0.0                    80   80.00 %";
        assert_eq!(sample().table(), expected);
    }

    #[test]
    fn an_empty_run_still_has_its_lines() {
        let table = Report::new("http://h/", 0, Duration::from_secs(1), Counts::new()).table();
        assert!(table.contains("lost       0\n"), "{table}");
        assert!(table.ends_with("latency    p50 -   p90 -   p99 -   max -"), "{table}");
    }
}
