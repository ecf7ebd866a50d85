//! The line that a terminal sees every second.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::Run;
use super::table::milliseconds;
use super::tally::Counts;

const EVERY: Duration = Duration::from_secs(1);

/// Prints until it is dropped. Sent and lost count from the start, the rest is the last second: a canary that turns
/// bad shows at once, not when it has moved the average.
pub(super) async fn print_every_second(run: &Run) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, with nothing to show.
    let mut opened = ticks.tick().await.into_std();
    loop {
        let now = ticks.tick().await.into_std();
        let (window, lost) = run.tally.next_window();
        eprintln!("{}", line(run.pace.elapsed(), run.pace.sent(), lost, &window, seconds(opened, now)));
        opened = now;
    }
}

fn seconds(from: Instant, to: Instant) -> f64 {
    (to - from).as_secs_f64()
}

fn line(elapsed: Duration, sent: u64, lost: u64, window: &Counts, seconds: f64) -> String {
    let rate = window.answered as f64 / seconds;
    let [p50, p99] = [0.5, 0.99].map(|quantile| milliseconds(window.quantile_ms(quantile)));
    let versions =
        window.versions.iter().map(|(name, count)| format!("  {name} {:.0} %", window.share(*count) * 100.0));
    let versions: String = versions.collect();
    format!(
        "{:>5.0} s  sent {sent}  lost {lost}  {rate:.0}/s  p50 {p50}  p99 {p99}{versions}",
        elapsed.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::super::connection::Answer;
    use super::*;

    #[test]
    fn a_line_has_the_totals_and_the_last_second() {
        let mut window = Counts::new();
        for name in ["1.0.0", "1.0.0", "1.0.0", "1.1.0"] {
            let answer = Answer { status: 200, version: Some(HeaderValue::from_static(name)), last: false };
            window.answered(&answer, Duration::from_micros(1500));
        }
        assert_eq!(
            line(Duration::from_secs(12), 1200, 3, &window, 1.0),
            "   12 s  sent 1200  lost 3  4/s  p50 1.50 ms  p99 1.50 ms  1.0.0 75 %  1.1.0 25 %"
        );
    }

    #[test]
    fn a_second_without_answers_has_no_latency() {
        let line = line(Duration::from_secs(1), 9, 9, &Counts::new(), 1.0);
        assert_eq!(line, "    1 s  sent 9  lost 9  0/s  p50 -  p99 -");
    }
}
