//! What the handlers ask, whoever answers.

use std::time::{Duration, Instant};

use service_kit::Invalid;

use crate::aws::Aws;
use crate::calls::Calls;
use crate::config::{AwsBackend, Config};
use crate::embedded::Embedded;
use crate::error::Failure;
use crate::prefix::Prefix;

/// Everything that requests share.
pub(crate) struct Auxiliary {
    pub(crate) backend: Backend,
    pub(crate) prefix: Prefix,
    pub(crate) version: String,
    pub(crate) timeout: Duration,
    pub(crate) allow_secure: bool,
}

/// Who answers.
pub(crate) enum Backend {
    Aws(Aws),
    Embedded(Embedded),
}

/// A parameter that was found.
pub(crate) struct Parameter {
    /// Readable unless it is secure and was not to be decrypted.
    pub(crate) value: String,
    pub(crate) secure: bool,
}

impl Backend {
    pub(crate) fn new(config: &Config, prefix: &Prefix, calls: Calls) -> Result<Self, Invalid> {
        Ok(match config.aws_backend {
            AwsBackend::Aws => Self::Aws(Aws::new(config, calls)?),
            AwsBackend::Embedded => Self::Embedded(Embedded::new(config, prefix, calls)?),
        })
    }

    /// The names of all buckets.
    pub(crate) async fn buckets(&self, deadline: Instant) -> Result<Vec<String>, Failure> {
        match self {
            Self::Aws(aws) => aws.buckets(deadline).await,
            Self::Embedded(embedded) => embedded.buckets(deadline).await,
        }
    }

    /// The full names of all parameters below the prefix; others may be among them.
    pub(crate) async fn parameters(
        &self,
        prefix: &Prefix,
        deadline: Instant,
    ) -> Result<Vec<String>, Failure> {
        match self {
            Self::Aws(aws) => aws.parameters(prefix, deadline).await,
            Self::Embedded(embedded) => embedded.parameters(deadline).await,
        }
    }

    /// A parameter by its full name.
    pub(crate) async fn parameter(
        &self,
        full_name: &str,
        decrypt: bool,
        deadline: Instant,
    ) -> Result<Parameter, Failure> {
        match self {
            Self::Aws(aws) => aws.parameter(full_name, decrypt, deadline).await,
            Self::Embedded(embedded) => embedded.parameter(full_name, deadline).await,
        }
    }
}
