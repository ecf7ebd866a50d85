//! The handlers.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use service_kit::ApiError;
use service_kit::upstream::Failure;

use crate::answer::Answer;
use crate::forward::{Forwarder, parameter_path};
use crate::openapi;

/// The buckets.
#[utoipa::path(
    get,
    tag = "main-api",
    path = "/s3-buckets",
    responses(
        (status = 200, description = "Their names", body = openapi::BucketNames),
        openapi::Failed,
    )
)]
pub(crate) async fn buckets(
    State(forwarder): State<Arc<Forwarder>>,
    headers: HeaderMap,
) -> Result<Answer, Failure> {
    forwarder.get("/s3-buckets", &headers).await
}

/// The parameters below the prefix.
#[utoipa::path(
    get,
    tag = "main-api",
    path = "/parameters",
    responses(
        (status = 200, description = "Their full names", body = openapi::ParameterNames),
        openapi::Failed,
    )
)]
pub(crate) async fn parameters(
    State(forwarder): State<Arc<Forwarder>>,
    headers: HeaderMap,
) -> Result<Answer, Failure> {
    forwarder.get("/parameters", &headers).await
}

/// One parameter.
#[utoipa::path(
    get,
    tag = "main-api",
    path = "/parameter/{name}",
    params(openapi::Name),
    responses(
        (status = 200, description = "Its value", body = openapi::ParameterValue),
        (status = 400, description = "The name is not legal", body = openapi::Error),
        (status = 403, description = "The parameter is secure", body = openapi::Error),
        (status = 404, description = "There is no such parameter", body = openapi::Error),
        openapi::Failed,
    )
)]
pub(crate) async fn parameter(
    State(forwarder): State<Arc<Forwarder>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let path = name.ok().and_then(|Path(name)| parameter_path(&name));
    match path {
        Some(path) => forwarder.get(&path, &headers).await.into_response(),
        None => ApiError::bad_request("the name is not a legal parameter name").into_response(),
    }
}

pub(crate) async fn no_name() -> ApiError {
    ApiError::bad_request("the parameter's name is empty")
}
