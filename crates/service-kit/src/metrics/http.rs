//! The request families of one listener, and the handles that make recording a request cheap: looking a series up by
//! its label strings costs a tenth of a small request, so each is looked up once and then kept.

use std::sync::OnceLock;

use http::{Method, StatusCode};
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};

use super::Metrics;

/// The methods of RFC 9110 and PATCH, then what every other one is counted as, so that a client cannot make series.
const METHODS: [&str; 10] =
    ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "OTHER"];

/// The request families of a listener.
#[derive(Clone)]
pub(crate) struct HttpMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_flight: Option<IntGauge>,
}

impl HttpMetrics {
    /// The families of the public listener. `edges` are in seconds.
    pub(crate) fn public(metrics: &Metrics, edges: &[f64]) -> Self {
        let in_flight = metrics.gauge("http_requests_in_flight", "Requests that are being answered.");
        Self { in_flight: Some(in_flight), ..Self::with_prefix(metrics, "", edges) }
    }

    /// The families of the management listener: apart, so that probes never dilute what users saw.
    pub(crate) fn management(metrics: &Metrics, edges: &[f64]) -> Self {
        Self::with_prefix(metrics, "management_", edges)
    }

    fn with_prefix(metrics: &Metrics, prefix: &str, edges: &[f64]) -> Self {
        let labels = &["method", "path", "status"];
        let help = "Requests answered; 499 is a client that went away.";
        let requests = metrics.counter_vec(&format!("{prefix}http_requests_total"), help, labels);
        let name = format!("{prefix}http_request_duration_seconds");
        let help = "Time from a request's complete head to the end of its answer.";
        Self { requests, duration: metrics.histogram_vec(&name, help, labels, edges), in_flight: None }
    }

    /// Makes the series of a documented answer exist at 0, and those of its failures: the first error is then not
    /// lost by `rate()`, and no analysis meets an empty vector.
    pub(crate) fn announce(&self, path: &str, method: &Method, success: StatusCode) {
        for status in [success.as_str(), "500", "503"] {
            self.requests.with_label_values(&[method.as_str(), path, status]);
        }
        self.duration.with_label_values(&[method.as_str(), path, success.as_str()]);
    }

    pub(crate) fn in_flight(&self) -> Option<&IntGauge> {
        self.in_flight.as_ref()
    }
}

/// The series of one method, path and status.
pub(crate) struct StatusMetrics {
    status: StatusCode,
    requests: IntCounter,
    duration: Histogram,
    next: OnceLock<Box<StatusMetrics>>,
}

impl StatusMetrics {
    /// Counts one request that took `seconds`.
    pub(crate) fn record(&self, seconds: f64) {
        self.requests.inc();
        self.duration.observe(seconds);
    }
}

/// The handles of one path, made when first needed. Reading them takes no lock: a short list for each method, to
/// which a new status is only ever appended.
#[derive(Default)]
pub(crate) struct PathMetrics([OnceLock<Box<StatusMetrics>>; METHODS.len()]);

impl PathMetrics {
    pub(crate) fn find(
        &self,
        http: &HttpMetrics,
        path: &str,
        method: &Method,
        status: StatusCode,
    ) -> &StatusMetrics {
        let index = METHODS.iter().position(|name| method == name).unwrap_or(METHODS.len() - 1);
        let make = || {
            let labels = &[METHODS[index], path, status.as_str()];
            let requests = http.requests.with_label_values(labels);
            let duration = http.duration.with_label_values(labels);
            Box::new(StatusMetrics { status, requests, duration, next: OnceLock::new() })
        };
        let mut entry = self.0[index].get_or_init(make);
        while entry.status != status {
            entry = entry.next.get_or_init(make);
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_made_once_for_each_status_and_odd_methods_share_one() {
        let metrics = Metrics::new("test", "1", "none");
        let http = HttpMetrics::public(&metrics, &[1.0]);
        let path = PathMetrics::default();
        for status in [200, 500, 200, 404, 500] {
            path.find(&http, "/a", &Method::GET, StatusCode::from_u16(status).unwrap()).record(0.1);
        }
        for odd in ["PURGE", "BREW"] {
            path.find(&http, "/a", &Method::from_bytes(odd.as_bytes()).unwrap(), StatusCode::OK).record(0.1);
        }
        let text = metrics.render();
        for labels in [
            r#""GET",path="/a",status="200""#,
            r#""GET",path="/a",status="500""#,
            r#""OTHER",path="/a",status="200""#,
        ] {
            let series = format!("http_requests_total{{method={labels},");
            assert!(text.lines().any(|line| line.starts_with(&series) && line.ends_with(" 2")), "{text}");
        }
    }
}
