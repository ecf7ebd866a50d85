//! `/`, `/success` and `/fail`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::endpoint;
use crate::greeting::{Body, Greeting};

pub(crate) async fn index(State(greeting): State<Arc<Greeting>>) -> Response {
    answer(StatusCode::OK, "/", &greeting.index)
}

pub(crate) async fn success(State(greeting): State<Arc<Greeting>>) -> Response {
    answer(StatusCode::OK, "/success", &greeting.success)
}

pub(crate) async fn fail(State(greeting): State<Arc<Greeting>>) -> Response {
    answer(StatusCode::INTERNAL_SERVER_ERROR, "/fail", &greeting.fail)
}

fn answer(status: StatusCode, path: &'static str, body: &Body) -> Response {
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [json, endpoint(path)], body.render()).into_response()
}
