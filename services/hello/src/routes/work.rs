//! `/work`: load on demand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri};
use serde_json::json;
use service_kit::ApiError;
use service_kit::faults::X_FAULT;

use super::{endpoint, openapi};
use crate::work::{Demand, FAIL_RATE, Outcome, Overload, Work};

/// Sleeps, burns CPU time and holds memory.
#[utoipa::path(
    get,
    tag = "work",
    path = "/work",
    params(openapi::Demand),
    responses(
        (status = 200, description = "Done", body = openapi::Done),
        (status = 400, description = "A parameter is not valid or beyond its limit", body = openapi::Error),
        (status = 500, description = "`FAIL_RATE` wanted it so", body = openapi::Error),
        (status = 503, description = "The queue or the memory for work is full", body = openapi::Error),
    )
)]
pub(crate) async fn work(State(work): State<Arc<Work>>, uri: Uri) -> Response {
    let response = match work.demand(uri.query().unwrap_or_default()) {
        Ok(demand) => run(&work, demand).await,
        Err(message) => ApiError::bad_request(message).into_response(),
    };
    ([endpoint("/work")], response).into_response()
}

async fn run(work: &Work, demand: Demand) -> Response {
    match work.run(demand).await {
        Ok(Outcome::Done) => Json(json!({"greeting": work.greeting(), "ok": true})).into_response(),
        Ok(Outcome::Failed) => {
            let error =
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "simulated failure").with("ok", false);
            error.with_header(X_FAULT, HeaderValue::from_static(FAIL_RATE)).into_response()
        }
        Err(Overload::Queue) => ApiError::unavailable("too much work is waiting").into_response(),
        Err(Overload::Memory) => ApiError::unavailable("the memory for work is in use").into_response(),
    }
}
