//! The SDK's clients, with every limit set.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_ssm::config::IdentityCache;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::config::Config;

/// A region is a few hundred milliseconds away, whichever it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Half of the default deadline, so that a lost packet leaves time for a second attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// The first and two retries, the SDK's default for the standard mode.
const MAX_ATTEMPTS: u32 = 3;

/// Off AWS the chain ends at an instance metadata service that nobody runs. Below the default deadline, so that the
/// answer is that there are no credentials, and no timeout.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) struct Clients {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
}

impl Clients {
    /// Reads the SDK's configuration. The credentials are loaded by the first call, and again before they expire.
    pub(super) async fn load(config: &Config) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(config.aws_timeout_sec)
            .build();
        let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.aws_region.clone()))
            .http_client(http.build_https())
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .timeout_config(timeouts)
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build());
        if let Some(url) = &config.aws_endpoint_url {
            loader = loader.endpoint_url(&url.0);
        }
        let sdk = loader.load().await;
        Self { s3: aws_sdk_s3::Client::new(&sdk), ssm: aws_sdk_ssm::Client::new(&sdk) }
    }
}
