//! The SDK's clients, with every limit set.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::{RetryConfig, RetryMode};
use aws_config::timeout::TimeoutConfig;
use aws_config::{ConfigLoader, Region};
use aws_sdk_ssm::config::IdentityCache;
use aws_smithy_http_client::tls::TlsContext;

use super::{egress, environment};
use crate::config::{Config, Mode, Settings};

/// A region is a few hundred milliseconds away, whichever it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Half of the default deadline, so that a lost packet leaves time for a second attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// Off AWS the chain ends at an instance metadata service that nobody runs. Below the default deadline, so that the
/// answer is that there are no credentials, and no timeout.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(3);

/// Where no variable and no profile says one.
const REGION: &str = "eu-west-1";

pub(super) struct Clients {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
}

impl Clients {
    /// Reads the SDK's configuration. The credentials are loaded by the first call, and again before they expire.
    pub(super) async fn load(config: &Config, tls: &TlsContext) -> Self {
        let settings = &config.settings;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(config.aws_timeout_sec)
            .build();
        let region =
            RegionProviderChain::first_try(settings.region().map(|name| Region::new(name.to_owned())))
                .or_else(ProfileFileRegionProvider::new())
                .or_else(REGION);
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .env(environment::read())
            .region(region)
            .http_client(egress::client(config, tls))
            .retry_config(retries(settings))
            .timeout_config(timeouts)
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build());
        let sdk = endpoints(loader, settings).load().await;
        let mut s3 = aws_sdk_s3::config::Builder::from(&sdk);
        let mut ssm = aws_sdk_ssm::config::Builder::from(&sdk);
        // Where no variable says a URL, the SDK has taken the profile's.
        if let Some(url) = settings.s3_url() {
            s3.set_endpoint_url(Some(url.to_owned()));
        }
        if let Some(url) = settings.ssm_url() {
            ssm.set_endpoint_url(Some(url.to_owned()));
        }
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
        }
    }
}

fn retries(settings: &Settings) -> RetryConfig {
    let mode = match settings.aws_retry_mode {
        Mode::Standard => RetryMode::Standard,
        Mode::Adaptive => RetryMode::Adaptive,
    };
    RetryConfig::standard().with_retry_mode(mode).with_max_attempts(settings.aws_max_attempts)
}

fn endpoints(mut loader: ConfigLoader, settings: &Settings) -> ConfigLoader {
    if let Some(fips) = settings.aws_use_fips_endpoint {
        loader = loader.use_fips(fips);
    }
    if let Some(dual_stack) = settings.aws_use_dualstack_endpoint {
        loader = loader.use_dual_stack(dual_stack);
    }
    loader
}
