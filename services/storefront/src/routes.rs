//! The handlers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use service_kit::upstream::Upstream;

use crate::forward;

/// `/api/*`: what product-api answers to the path below.
pub(crate) async fn api(State(api): State<Arc<Upstream>>, request: Request) -> Response {
    match forward::forward(&api, request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}
