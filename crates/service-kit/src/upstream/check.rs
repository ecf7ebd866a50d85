//! The soft check of an upstream: shown by `/readyz?verbose`, deciding nothing.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::client::Client;
use super::failure::Failure;
use super::url::Url;
use crate::health::Severity;
use crate::kit::Kit;
use crate::trace::TRACEPARENT;

/// An outage shows within a second or two, and so does its end; a request a second is no load.
const INTERVAL: Duration = Duration::from_secs(1);

/// Readiness is answered from memory: what takes longer than this is not well.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Asks the upstream's `/readyz` for ever. No call in the metrics: nobody's request depends on it.
pub(super) fn watch(
    kit: &Kit,
    name: &'static str,
    client: Client,
    url: &Url,
) -> impl Future<Output = ()> + Send + use<> {
    let check = kit.health.add(name, Severity::Soft);
    let ready = url.join("/readyz").unwrap_or_default();
    let tracer = kit.tracer.clone();
    async move {
        loop {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = ready.clone();
            // Nobody wants a trace of it, each second.
            if let Some(context) = tracer.as_ref().and_then(|tracer| tracer.unreported()) {
                request.headers_mut().insert(TRACEPARENT, context);
            }
            let result = tokio::time::timeout(TIMEOUT, client.attempt(request)).await;
            check.report(result.map_or_else(|_| Err("no answer in time".to_owned()), judge));
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn judge(result: Result<Response<Bytes>, Failure>) -> Result<(), String> {
    match result {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("answers {}", response.status())),
        Err(failure) => Err(failure.to_string()),
    }
}
