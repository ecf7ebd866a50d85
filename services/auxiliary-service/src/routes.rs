//! The handlers.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use service_kit::ApiError;

use crate::backend::{Auxiliary, Backend};
use crate::error::{Failure, Reason};
use crate::openapi;

/// Says that the data is not that of AWS.
const X_BACKEND: HeaderName = HeaderName::from_static("x-backend");

type Shared = State<Arc<Auxiliary>>;

/// The buckets.
#[utoipa::path(
    get,
    tag = "auxiliary-service",
    path = "/s3-buckets",
    responses(
        (status = 200, description = "Their names", body = openapi::BucketNames),
        openapi::Failed,
    )
)]
pub(crate) async fn buckets(State(auxiliary): Shared) -> Response {
    let result = auxiliary.backend.buckets(auxiliary.deadline()).await;
    let body = result.map(|names| auxiliary.body("buckets", sorted(names)));
    auxiliary.answer(body.map(Json))
}

/// The parameters below the prefix.
#[utoipa::path(
    get,
    tag = "auxiliary-service",
    path = "/parameters",
    responses(
        (status = 200, description = "Their full names", body = openapi::ParameterNames),
        openapi::Failed,
    )
)]
pub(crate) async fn parameters(State(auxiliary): Shared) -> Response {
    let prefix = &auxiliary.prefix;
    let result = auxiliary.backend.parameters(prefix, auxiliary.deadline()).await;
    let body = result.map(|mut names| {
        // Whatever the backend has made of the filter: nothing else leaves the service.
        names.retain(|name| prefix.holds(name));
        auxiliary.body("parameters", sorted(names))
    });
    auxiliary.answer(body.map(Json))
}

/// One parameter.
#[utoipa::path(
    get,
    tag = "auxiliary-service",
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
    State(auxiliary): Shared,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let result = match auxiliary.prefix.full_name(&name) {
        Some(full_name) => value(&auxiliary, &name, &full_name).await,
        None => Err(ApiError::bad_request("the name is not a legal parameter name").into_response()),
    };
    auxiliary.answer(result)
}

pub(crate) async fn no_name() -> ApiError {
    ApiError::bad_request("the parameter's name is empty")
}

async fn value(auxiliary: &Auxiliary, name: &str, full_name: &str) -> Result<Json<Value>, Response> {
    let allow_secure = auxiliary.allow_secure;
    match auxiliary.backend.parameter(full_name, allow_secure, auxiliary.deadline()).await {
        Ok(parameter) if parameter.secure && !allow_secure => {
            let message = format!("Parameter {name} is secure, and ALLOW_SECURE_PARAMETERS is not true");
            Err(ApiError::new(StatusCode::FORBIDDEN, message).into_response())
        }
        Ok(parameter) => Ok(Json(auxiliary.body("value", parameter.value))),
        Err(Failure { reason: Reason::NotFound, .. }) => {
            let message = format!("Parameter {name} not found");
            Err(ApiError::new(StatusCode::NOT_FOUND, message).into_response())
        }
        Err(failure) => Err(failure.into_response()),
    }
}

/// In order and once each, also when something was made or deleted between two pages.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

impl Auxiliary {
    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    fn body(&self, key: &str, value: impl Into<Value>) -> Value {
        json!({"auxiliary_service_version": self.version, key: value.into()})
    }

    fn answer(&self, result: Result<impl IntoResponse, impl IntoResponse>) -> Response {
        let mut response = result.into_response();
        if let Backend::Embedded(_) = self.backend {
            response.headers_mut().insert(X_BACKEND, HeaderValue::from_static("embedded"));
        }
        response
    }
}
