//! How long the database takes, for metrics and traces.

use prometheus::HistogramVec;
use service_kit::Metrics;

use super::report::Database;
use super::{DatabaseUrl, Failure, Turn};

/// Edges in seconds: from a hit in the database's memory on the same machine to its timeout.
const EDGES: [f64; 12] = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];

pub(super) struct DatabaseMetrics {
    duration: HistogramVec,
    database: Database,
}

impl DatabaseMetrics {
    pub(super) fn new(metrics: &Metrics, url: &DatabaseUrl) -> Self {
        let help = "Time that a database operation took, waiting for its turn and a connection included.";
        let labels = &["operation", "outcome"];
        let duration = metrics.histogram_vec("database_operation_duration_seconds", help, labels, &EDGES);
        Self { duration, database: Database::of(url) }
    }

    /// Measures an operation, and logs why it failed: the one place that does.
    pub(super) fn observe<T>(&self, turn: &Turn, result: Result<T, Failure>) -> Result<T, Failure> {
        let outcome = match &result {
            Ok(_) => "ok",
            Err(
                Failure::TimedOut
                | Failure::Busy
                | Failure::NoConnection { error: sqlx::Error::PoolTimedOut, .. },
            ) => "timeout",
            Err(_) => "error",
        };
        let seconds = turn.asked.elapsed().as_secs_f64();
        self.duration.with_label_values(&[turn.operation, outcome]).observe(seconds);
        self.database.report(turn, &result, outcome);
        result.inspect_err(|error| tracing::warn!(operation = turn.operation, "database: {error}"))
    }
}
