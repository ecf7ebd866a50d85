//! `/products`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::{ApiError, extract};
use utoipa::ToSchema;

use super::openapi;
use crate::filter::{Filter, Parameters};
use crate::input::{Draft, Members};
use crate::precondition::etag;
use crate::product::Product;
use crate::products::Products;

/// A page of products.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<'a> {
    #[schema(value_type = Vec<Product>, max_items = 200)]
    data: &'a RawValue,
    /// Whether the cache has answered.
    cached: bool,
    /// The length of `data`.
    count: usize,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    next: Option<i64>,
}

/// The products, by id, a page at a time.
#[utoipa::path(
    get,
    tag = "products",
    path = "/products",
    params(Parameters),
    responses(
        (status = 200, description = "A page of products", body = List<'_>),
        openapi::BadRequest,
        openapi::Unavailable,
    )
)]
pub(crate) async fn list(
    State(products): State<Arc<Products>>,
    filter: Filter,
) -> Result<impl IntoResponse, ApiError> {
    let read = products.list(&filter).await?;
    let page = &read.value;
    let list = List { data: &page.data, cached: read.cached, count: page.count, next: page.next };
    Ok(Json(list).into_response())
}

/// Adds a product.
#[utoipa::path(
    post,
    tag = "products",
    path = "/products",
    request_body = Draft,
    responses(
        (
            status = 201,
            description = "The new product",
            body = Product,
            headers(("location" = String, description = "Its path, relative to this one"), ("etag" = String, description = "Its version")),
        ),
        openapi::BadRequest,
        openapi::TooLarge,
        openapi::WrongType,
        openapi::Unavailable,
    )
)]
pub(crate) async fn create(
    State(products): State<Arc<Products>>,
    extract::Json(members): extract::Json<Members>,
) -> Result<impl IntoResponse, ApiError> {
    let draft = Draft::read(&members).map_err(ApiError::bad_request)?;
    let created = products.insert(draft).await?;
    // Relative to the request, so that it is right below a prefix that a proxy has cut off.
    let location =
        HeaderValue::from_str(&format!("./products/{}", created.product.id)).expect("digits are visible");
    let headers = [(header::LOCATION, location), (header::ETAG, etag(created.version))];
    Ok((StatusCode::CREATED, headers, Json(created.product)))
}
