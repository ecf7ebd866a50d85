//! Counts what the SDK sends, retries included.

use aws_sdk_ssm::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ssm::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ssm::error::BoxError;
use prometheus::IntCounter;

/// Counts each request just before it is sent: one for which no credentials were found is none.
#[derive(Debug)]
pub(super) struct CountAttempts(pub(super) IntCounter);

impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "CountAttempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.inc();
        Ok(())
    }
}
