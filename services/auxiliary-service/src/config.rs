//! The variables of auxiliary-service alone.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ArgAction;
use http::Uri;
use service_kit::Invalid;
use service_kit::config::value;

use crate::prefix::Prefix;

/// What auxiliary-service reads beside what every service reads. The credentials of AWS are not among it: the SDK's
/// own chain finds them where every AWS tool looks.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Who answers: `aws`, or `embedded` data without any network
    #[arg(long, value_name = "BACKEND", default_value = "aws")]
    pub aws_backend: AwsBackend,
    /// Region of S3 and SSM
    #[arg(long, value_name = "REGION", value_parser = region, default_value = "eu-west-1")]
    pub aws_region: String,
    /// URL of an emulator in place of AWS
    #[arg(long, value_name = "URL")]
    pub aws_endpoint_url: Option<EndpointUrl>,
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

/// The URL of an emulator: `http://` or `https://`, a host, perhaps a port and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(pub(crate) String);

impl FromStr for EndpointUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound = |uri: &Uri| {
            let host = uri.host().unwrap_or_default();
            let port = uri.authority().and_then(|authority| authority.as_str().strip_prefix(host));
            let port_is_sound = port.is_some_and(|port| port.is_empty() || uri.port_u16().is_some());
            matches!(uri.scheme_str(), Some("http" | "https")) && port_is_sound && uri.query().is_none()
        };
        match text.parse::<Uri>() {
            Ok(uri) if sound(&uri) && !text.contains('#') => Ok(Self(text.to_owned())),
            _ => Err("must be an http:// or https:// URL such as http://localhost:4566".to_owned()),
        }
    }
}

fn region(text: &str) -> Result<String, String> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // It becomes a part of host names, where 63 is the most.
    if (1..=63).contains(&text.len()) && text.bytes().all(legal) {
        return Ok(text.to_owned());
    }
    Err("must be a region such as eu-west-1".to_owned())
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
