//! `/faults` on the management listener: the rules of one replica, shown, replaced and cleared.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::StringRejection;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::{Faults, document};
use crate::config::value::Secret;
use crate::error::ApiError;

#[derive(Clone)]
struct Admin {
    faults: Faults,
    token: Secret,
}

/// The routes of `/faults`, for whoever knows the token.
pub(crate) fn routes(faults: Faults, token: Secret) -> MethodRouter {
    get(show).put(replace).delete(clear).with_state(Admin { faults, token })
}

async fn show(State(admin): State<Admin>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    admin.authorize(&headers)?;
    let rules = admin.faults.0.rules.load();
    let rules: Vec<Value> = rules.all.iter().map(|loaded| loaded.rule.shown()).collect();
    Ok(Json(json!({ "rules": rules })))
}

async fn replace(
    State(admin): State<Admin>,
    headers: HeaderMap,
    body: Result<String, StringRejection>,
) -> Result<Response, ApiError> {
    admin.authorize(&headers)?;
    let body = body.map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
    let rules = document::read(&body).map_err(ApiError::bad_request)?;
    admin.faults.put_in_force(rules, true);
    tracing::info!("fault rules replaced by request");
    Ok(show(State(admin), headers).await.into_response())
}

async fn clear(State(admin): State<Admin>, headers: HeaderMap) -> Result<StatusCode, ApiError> {
    admin.authorize(&headers)?;
    admin.faults.put_in_force(Vec::new(), true);
    tracing::info!("fault rules cleared by request");
    Ok(StatusCode::NO_CONTENT)
}

impl Admin {
    fn authorize(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let value = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let (scheme, token) = value.split_at_checked(7).unwrap_or_default();
        let token = if scheme.eq_ignore_ascii_case(b"bearer ") { token } else { b"" };
        if token.ct_eq(self.token.expose().as_bytes()).into() {
            return Ok(());
        }
        let error = ApiError::new(StatusCode::UNAUTHORIZED, "a bearer token is needed");
        Err(error.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
    }
}
