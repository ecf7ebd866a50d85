//! The settings that every tool of AWS takes from the environment, by the same names.

use std::path::PathBuf;
use std::str::FromStr;

use http::Uri;
use service_kit::config::value;

/// What is not set here is looked for in the profile.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Settings {
    /// Region of S3 and SSM [default: AWS_DEFAULT_REGION, else the profile's, else eu-west-1]
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub aws_region: Option<String>,
    /// Region where `AWS_REGION` is not set
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub aws_default_region: Option<String>,
    /// URL of an emulator in place of AWS
    #[arg(long, value_name = "URL")]
    pub aws_endpoint_url: Option<EndpointUrl>,
    /// URL of S3 alone, as a private endpoint has one
    #[arg(long, value_name = "URL")]
    pub aws_endpoint_url_s3: Option<EndpointUrl>,
    /// URL of SSM alone
    #[arg(long, value_name = "URL")]
    pub aws_endpoint_url_ssm: Option<EndpointUrl>,
    /// Whether the three URLs and the profile's are ignored: `true` or `false`
    #[arg(long, value_name = "BOOL", value_parser = switch)]
    pub aws_ignore_configured_endpoint_urls: Option<bool>,
    /// Whether AWS is called at its FIPS endpoints: `true` or `false`
    #[arg(long, value_name = "BOOL", value_parser = switch)]
    pub aws_use_fips_endpoint: Option<bool>,
    /// Whether AWS is called at endpoints with IPv6 too: `true` or `false`
    #[arg(long, value_name = "BOOL", value_parser = switch)]
    pub aws_use_dualstack_endpoint: Option<bool>,
    /// How often one call is sent at most, 1 to 10
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=10), default_value = "3")]
    pub aws_max_attempts: u32,
    /// How retries are paced: `standard`, or `adaptive`, which also slows down first attempts
    #[arg(long, value_name = "MODE", default_value = "standard")]
    pub aws_retry_mode: Mode,
    /// File with the certificates that are trusted in place of the system's, in PEM
    #[arg(long, value_name = "FILE")]
    pub aws_ca_bundle: Option<PathBuf>,
    /// The SDK reads it; here it names one who is never behind a proxy.
    #[arg(long, hide = true)]
    pub(crate) aws_container_credentials_full_uri: Option<String>,
    /// The same.
    #[arg(long, hide = true)]
    pub(crate) aws_ec2_metadata_service_endpoint: Option<String>,
}

impl Settings {
    /// The region that a variable names.
    pub(crate) fn region(&self) -> Option<&str> {
        self.aws_region.as_deref().or(self.aws_default_region.as_deref())
    }

    pub(crate) fn s3_url(&self) -> Option<&str> {
        self.url(self.aws_endpoint_url_s3.as_ref())
    }

    pub(crate) fn ssm_url(&self) -> Option<&str> {
        self.url(self.aws_endpoint_url_ssm.as_ref())
    }

    fn url<'a>(&'a self, own: Option<&'a EndpointUrl>) -> Option<&'a str> {
        let ignored = self.aws_ignore_configured_endpoint_urls == Some(true);
        own.or(self.aws_endpoint_url.as_ref()).filter(|_| !ignored).map(|url| url.0.as_str())
    }
}

/// How retries are paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a budget that failures use up.
    Standard,
    /// By a rate that throttling lowers, also for first attempts.
    Adaptive,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "standard" => Ok(Self::Standard),
            "adaptive" => Ok(Self::Adaptive),
            _ => Err("must be standard or adaptive".to_owned()),
        }
    }
}

/// The URL of an emulator or a private endpoint: `http://` or `https://`, a host, perhaps a port and a path.
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

/// As AWS's tools read it: `True` is true.
fn switch(text: &str) -> Result<bool, String> {
    value::boolean(&text.to_ascii_lowercase())
}
