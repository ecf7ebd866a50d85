//! Counts what the SDK sends, retries included.

use aws_sdk_ssm::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ssm::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ssm::error::BoxError;
use prometheus::IntCounter;

use crate::calls::Details;

/// Counts each request just before it is sent, for all calls and for its own: one for which no credentials were found is
/// none.
#[derive(Debug)]
pub(super) struct CountAttempts {
    pub(super) all: IntCounter,
    pub(super) call: Details,
}

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
        self.all.inc();
        self.call.sent();
        Ok(())
    }
}
