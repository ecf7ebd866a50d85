//! Every call is recorded, whichever way it ends: success, failure, timeout, or a client that went away.

mod details;

use std::time::Instant;

use prometheus::{Histogram, IntCounter};
use service_kit::trace::{Kind, Span};
use service_kit::{Check, Kit, Severity};

use crate::config::AwsBackend;
use crate::error::{Failure, Reason};
pub(crate) use details::Details;

/// What is asked of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    DescribeParameters,
    GetParameter,
}

/// The label `operation` of each, in the order of the enum.
const OPERATIONS: [&str; 3] = ["ListBuckets", "DescribeParameters", "GetParameter"];

impl Operation {
    /// The name with its service, as IAM policies and error messages have it.
    pub(crate) fn qualified(self) -> &'static str {
        match self {
            Self::ListBuckets => "s3:ListBuckets",
            Self::DescribeParameters => "ssm:DescribeParameters",
            Self::GetParameter => "ssm:GetParameter",
        }
    }

    /// The service as its SDK calls it.
    fn service(self) -> &'static str {
        match self {
            Self::ListBuckets => "S3",
            Self::DescribeParameters | Self::GetParameter => "SSM",
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    NotFound,
    Denied,
    Throttled,
    Timeout,
    Cancelled,
    Error,
}

/// The label `outcome` of each, in the order of the enum.
const OUTCOMES: [&str; 7] = ["ok", "not_found", "denied", "throttled", "timeout", "cancelled", "error"];

/// The series of each operation; every outcome exists at 0 from the start.
pub(crate) struct Calls {
    operations: [Series; OPERATIONS.len()],
    /// Shows whether AWS answered the last call. It makes none of its own: each would be billed and throttled.
    check: Option<Check>,
    /// What a call is to a trace: one to another process, or not.
    kind: Kind,
}

struct Series {
    outcomes: [(IntCounter, Histogram); OUTCOMES.len()],
    attempts: IntCounter,
}

impl Calls {
    pub(crate) fn new(kit: &Kit, backend: AwsBackend) -> Self {
        let labels = &["operation", "outcome"];
        let help = "Calls by how they ended; one page of a listing is one call.";
        let requests = kit.metrics.counter_vec("aws_requests_total", help, labels);
        let help = "Time from the start of a call to its answer, retries included.";
        let edges = &kit.config.http_buckets.0;
        let duration = kit.metrics.histogram_vec("aws_request_duration_seconds", help, labels, edges);
        let help = "HTTP requests sent for calls; more than calls where the SDK has retried.";
        let attempts = kit.metrics.counter_vec("aws_request_attempts_total", help, &["operation"]);
        let series = |operation| Series {
            outcomes: OUTCOMES.map(|outcome| {
                let values = &[operation, outcome];
                (requests.with_label_values(values), duration.with_label_values(values))
            }),
            attempts: attempts.with_label_values(&[operation]),
        };
        let check = (backend == AwsBackend::Aws).then(|| kit.health.add("aws", Severity::Soft));
        let kind = match backend {
            AwsBackend::Aws => Kind::Client,
            AwsBackend::Embedded => Kind::Internal,
        };
        Self { operations: OPERATIONS.map(series), check, kind }
    }

    /// The counter of an operation's attempts.
    pub(crate) fn attempts(&self, operation: Operation) -> &IntCounter {
        &self.operations[operation as usize].attempts
    }

    /// Waits for a call, until the deadline, and records how it ended.
    pub(crate) async fn record<T, F>(
        &self,
        operation: Operation,
        deadline: Instant,
        call: impl FnOnce(Details) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut guard = self.begin(operation);
        let call = call(guard.details.clone());
        let result = tokio::time::timeout_at(deadline.into(), call).await.unwrap_or_else(|_| {
            let cause = "AWS_TIMEOUT_SEC has passed".to_owned();
            Err(Failure { operation, reason: Reason::Timeout, cause })
        });
        guard.outcome = result.as_ref().map_or_else(Failure::outcome, |_| Outcome::Ok);
        self.report(&result);
        result
    }

    fn begin(&self, operation: Operation) -> Guard<'_> {
        let (service, method) = (operation.service(), OPERATIONS[operation as usize]);
        let started = Instant::now();
        let mut span = Span::start(self.kind, &[service, ".", method], started);
        span.set("rpc.system", "aws-api");
        span.set("rpc.service", service);
        span.set("rpc.method", method);
        Guard {
            series: &self.operations[operation as usize],
            started,
            outcome: Outcome::Cancelled,
            details: Details::of(&span),
            span: Some(span),
        }
    }

    fn report<T>(&self, result: &Result<T, Failure>) {
        let failure = result.as_ref().err().filter(|failure| failure.reason != Reason::NotFound);
        if let Some(failure) = failure {
            tracing::warn!(
                operation = failure.operation.qualified(),
                cause = failure.cause,
                "{}",
                failure.sentence()
            );
        }
        if let Some(check) = &self.check {
            check.report(failure.map_or(Ok(()), |failure| Err(failure.sentence())));
        }
    }
}

/// One call, recorded when dropped: cancelled, unless it has said how it ended.
struct Guard<'a> {
    series: &'a Series,
    started: Instant,
    outcome: Outcome,
    details: Details,
    /// There until it is dropped.
    span: Option<Span>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let (requests, duration) = &self.series.outcomes[self.outcome as usize];
        requests.inc();
        duration.observe(self.started.elapsed().as_secs_f64());
        let Some(mut span) = self.span.take() else { return };
        self.details.tell(&mut span);
        match self.outcome {
            Outcome::Ok => span.end(),
            failure => span.fail(OUTCOMES[failure as usize]),
        }
    }
}
