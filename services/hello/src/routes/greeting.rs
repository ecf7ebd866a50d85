//! `/`, `/success` and `/fail`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{endpoint, openapi};
use crate::greeting::{Body, Greeting};
use crate::page;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// JSON for programs, the live traffic page for browsers.
#[utoipa::path(
    get,
    tag = "greeting",
    path = "/",
    responses((
        status = 200,
        description = "The greeting; the page, where `Accept` prefers `text/html`",
        content((openapi::Greeting = "application/json"), (String = "text/html")),
    ))
)]
pub(crate) async fn index(State(greeting): State<Arc<Greeting>>, headers: HeaderMap) -> Response {
    let vary = [(header::VARY, HeaderValue::from_static("accept"))];
    match page::is_wanted(&headers) {
        true => (vary, [endpoint("/")], page::HTML).into_response(),
        false => (vary, answer(StatusCode::OK, "/", &greeting.index)).into_response(),
    }
}

/// Greets.
#[utoipa::path(
    get,
    tag = "greeting",
    path = "/success",
    responses((status = 200, description = "The greeting", body = openapi::Greeting))
)]
pub(crate) async fn success(State(greeting): State<Arc<Greeting>>) -> Response {
    answer(StatusCode::OK, "/success", &greeting.success)
}

/// Fails, always.
#[utoipa::path(
    get,
    tag = "greeting",
    path = "/fail",
    responses((status = 500, description = "Always", body = openapi::Greeting))
)]
pub(crate) async fn fail(State(greeting): State<Arc<Greeting>>) -> Response {
    answer(StatusCode::INTERNAL_SERVER_ERROR, "/fail", &greeting.fail)
}

fn answer(status: StatusCode, path: &'static str, body: &Body) -> Response {
    // Room for what the layers add, so that the map need not grow.
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, JSON);
    let (name, path) = endpoint(path);
    headers.insert(name, path);
    let mut response = Response::new(body.render().into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
