//! The embedded backend: data in the process, without any network.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;
use service_kit::Invalid;

use crate::backend::Parameter;
use crate::calls::{Calls, Details, Operation};
use crate::config::Config;
use crate::error::{Failure, Reason};
use crate::prefix::Prefix;

/// What `EMBEDDED_AWS_FILE` holds, in YAML or JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Data {
    buckets: Vec<String>,
    /// By full name.
    parameters: BTreeMap<String, Entry>,
}

/// A parameter: its value, or its value and its type.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a parameter must be a string (in quotes if it looks like a number), or {value, type}"
)]
enum Entry {
    Value(String),
    Typed {
        value: String,
        #[serde(rename = "type")]
        kind: Kind,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Kind {
    String,
    StringList,
    SecureString,
}

/// The data and the calls to it, which are recorded as calls to AWS are: dashboards and alerts can be tried without it.
pub(crate) struct Embedded {
    data: Data,
    calls: Calls,
}

impl Embedded {
    pub(crate) fn new(config: &Config, prefix: &Prefix, calls: Calls) -> Result<Self, Invalid> {
        let data = match &config.embedded_aws_file {
            Some(path) => read(path)?,
            None => sample(prefix),
        };
        Ok(Self { data, calls })
    }

    pub(crate) async fn buckets(&self, deadline: Instant) -> Result<Vec<String>, Failure> {
        self.call(Operation::ListBuckets, deadline, Ok(self.data.buckets.clone())).await
    }

    pub(crate) async fn parameters(&self, deadline: Instant) -> Result<Vec<String>, Failure> {
        let names = self.data.parameters.keys().cloned().collect();
        self.call(Operation::DescribeParameters, deadline, Ok(names)).await
    }

    pub(crate) async fn parameter(&self, full_name: &str, deadline: Instant) -> Result<Parameter, Failure> {
        let operation = Operation::GetParameter;
        let cause = || "no such parameter".to_owned();
        let found = self.data.parameters.get(full_name).map(|entry| match entry {
            Entry::Value(value) => Parameter { value: value.clone(), secure: false },
            Entry::Typed { value, kind } => {
                Parameter { value: value.clone(), secure: *kind == Kind::SecureString }
            }
        });
        let found = found.ok_or_else(|| Failure { operation, reason: Reason::NotFound, cause: cause() });
        self.call(operation, deadline, found).await
    }

    async fn call<T>(
        &self,
        operation: Operation,
        deadline: Instant,
        result: Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.calls.attempts(operation).inc();
        let answer = |details: Details| {
            details.sent();
            std::future::ready(result)
        };
        self.calls.record(operation, deadline, answer).await
    }
}

fn read(path: &Path) -> Result<Data, Invalid> {
    let invalid = |reason: String| {
        // Parsers tell their story in several lines; a message has one.
        let reason = reason.lines().next().unwrap_or_default();
        let allowed = format!("must be a YAML or JSON file with buckets and parameters: {reason}");
        Invalid::new("EMBEDDED_AWS_FILE", Some(&path.to_string_lossy()), &allowed)
    };
    let text = std::fs::read_to_string(path).map_err(|error| invalid(error.to_string()))?;
    serde_saphyr::from_str(&text).map_err(|error| invalid(error.to_string()))
}

/// A few of each kind, below the prefix.
fn sample(prefix: &Prefix) -> Data {
    let name = |name: &str| prefix.full_name(name).unwrap_or_default();
    let plain = |of: &str, value: &str| (name(of), Entry::Value(value.to_owned()));
    let typed = |of: &str, value: &str, kind| (name(of), Entry::Typed { value: value.to_owned(), kind });
    Data {
        buckets: ["flotilla-artifacts", "flotilla-backups", "flotilla-logs"].map(str::to_owned).to_vec(),
        parameters: BTreeMap::from([
            plain("greeting", "hello from the embedded backend"),
            plain("database/host", "database.example.internal"),
            plain("database/port", "5432"),
            typed("features", "canary,live-page", Kind::StringList),
            typed("database/password", "an-example-and-no-secret", Kind::SecureString),
        ]),
    }
}
