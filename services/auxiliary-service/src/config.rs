//! The variables of auxiliary-service alone.

mod proxies;
mod settings;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ArgAction;
use service_kit::Invalid;
use service_kit::config::value;

use crate::prefix::Prefix;
pub use proxies::{Proxies, ProxyUrl};
pub use settings::{EndpointUrl, Mode, Settings};

/// What auxiliary-service reads beside what every service reads. The credentials and the profile of AWS are not among
/// it: the SDK's own chain finds them where every AWS tool looks.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Who answers: `aws`, or `embedded` data without any network
    #[arg(long, value_name = "BACKEND", default_value = "aws")]
    pub aws_backend: AwsBackend,
    /// How long a whole request may take, all its calls and their retries included
    #[arg(long, value_name = "SECONDS", value_parser = value::positive_seconds, default_value = "4")]
    pub aws_timeout_sec: Duration,
    /// Entries on one page of a listing, at most [default: what AWS allows, 1000 buckets and 50 parameters]
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=1_000))]
    pub aws_page_size: Option<u32>,
    /// File with the data of the embedded backend, in YAML or JSON [default: a built-in sample]
    #[arg(long, value_name = "FILE")]
    pub embedded_aws_file: Option<PathBuf>,
    /// Path that every parameter is below; no other is listed or read [default: /flotilla/ and ENVIRONMENT]
    #[arg(long, value_name = "PATH")]
    pub parameter_prefix: Option<Prefix>,
    /// Whether SecureString parameters are decrypted and shown: `true` or `false`
    #[arg(long, value_name = "BOOL", value_parser = value::boolean, action = ArgAction::Set, default_value = "false")]
    pub allow_secure_parameters: bool,
    /// What every tool of AWS reads
    #[command(flatten)]
    pub settings: Settings,
    /// The way to AWS
    #[command(flatten)]
    pub proxies: Proxies,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsBackend {
    /// AWS, or an emulator at `AWS_ENDPOINT_URL`.
    Aws,
    /// Data in the process.
    Embedded,
}

impl FromStr for AwsBackend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "aws" => Ok(Self::Aws),
            "embedded" => Ok(Self::Embedded),
            _ => Err("must be aws or embedded".to_owned()),
        }
    }
}

impl Config {
    /// The prefix that is set, or else the environment's own, so that none reads another's parameters.
    pub(crate) fn prefix(&self, environment: &str) -> Result<Prefix, Invalid> {
        if let Some(prefix) = &self.parameter_prefix {
            return Ok(prefix.clone());
        }
        let default = format!("/flotilla/{environment}/");
        default.parse().map_err(|allowed: String| Invalid::new("PARAMETER_PREFIX", Some(&default), &allowed))
    }
}
