//! `/products/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{StatusCode, header};
use serde::Serialize;
use service_kit::{ApiError, extract};
use utoipa::ToSchema;

use super::{not_found, openapi};
use crate::catalogue::Change;
use crate::filter::natural;
use crate::input::{Changes, Members};
use crate::precondition::{Precondition, etag};
use crate::product::Product;
use crate::products::Products;

/// The id in the path: a positive integer and nothing else.
pub(crate) struct ProductId(i64);

impl<S: Send + Sync> FromRequestParts<S> for ProductId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| text);
        let id = text.ok().and_then(|text| natural(&text)).filter(|id| *id > 0);
        id.map(Self).ok_or_else(|| ApiError::bad_request("Invalid product ID"))
    }
}

/// A product that was read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found<'a> {
    #[serde(flatten)]
    product: &'a Product,
    /// Whether the cache has answered.
    cached: bool,
}

/// One product.
#[utoipa::path(
    get,
    tag = "products",
    path = "/products/{id}",
    params(("id" = i64, Path, minimum = 1, description = "A product ID")),
    responses(
        (
            status = 200,
            description = "The product",
            body = Found<'_>,
            headers(("etag" = String, description = "Its version")),
        ),
        openapi::BadRequest,
        openapi::NotFound,
        openapi::Unavailable,
    )
)]
pub(crate) async fn find(
    State(products): State<Arc<Products>>,
    ProductId(id): ProductId,
) -> Result<impl IntoResponse, ApiError> {
    let read = products.find(id).await?;
    let found = (*read.value).as_ref().ok_or_else(not_found)?;
    let body = Found { product: &found.product, cached: read.cached };
    Ok(([(header::ETAG, etag(found.version))], Json(body)).into_response())
}

/// Changes the members that are sent; the others stay as they are.
#[utoipa::path(
    put,
    tag = "products",
    path = "/products/{id}",
    params(
        ("id" = i64, Path, minimum = 1, description = "A product ID"),
        (
            "if-match" = Option<String>,
            Header,
            nullable = false,
            pattern = r#"^(\*|[ ,]*((W/)?"[!#-~\u0080-\u00ff]*" *(,[ ,]*|$))*)$"#,
            description = "The ETag of the version that may be changed, a list of them, or * for any",
        ),
    ),
    request_body = Changes,
    responses(
        (
            status = 200,
            description = "The product as it is now",
            body = Product,
            headers(("etag" = String, description = "Its new version")),
        ),
        openapi::BadRequest,
        openapi::NotFound,
        openapi::Moved,
        openapi::TooLarge,
        openapi::WrongType,
        openapi::Unavailable,
    )
)]
pub(crate) async fn update(
    State(products): State<Arc<Products>>,
    ProductId(id): ProductId,
    precondition: Precondition,
    extract::Json(members): extract::Json<Members>,
) -> Result<impl IntoResponse, ApiError> {
    let changes = Changes::read(&members).map_err(ApiError::bad_request)?;
    let updated = done(products.update(id, changes, precondition).await?)?;
    Ok(([(header::ETAG, etag(updated.version))], Json(updated.product)))
}

/// Removes a product. Its id is not given again.
#[utoipa::path(
    delete,
    tag = "products",
    path = "/products/{id}",
    params(
        ("id" = i64, Path, minimum = 1, description = "A product ID"),
        (
            "if-match" = Option<String>,
            Header,
            nullable = false,
            pattern = r#"^(\*|[ ,]*((W/)?"[!#-~\u0080-\u00ff]*" *(,[ ,]*|$))*)$"#,
            description = "The ETag of the version that may be changed, a list of them, or * for any",
        ),
    ),
    responses(
        (status = 204, description = "It is gone"),
        openapi::BadRequest,
        openapi::NotFound,
        openapi::Moved,
        openapi::Unavailable,
    )
)]
pub(crate) async fn delete(
    State(products): State<Arc<Products>>,
    ProductId(id): ProductId,
    precondition: Precondition,
) -> Result<StatusCode, ApiError> {
    done(products.delete(id, precondition).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

fn done<T>(change: Change<T>) -> Result<T, ApiError> {
    match change {
        Change::Done(value) => Ok(value),
        Change::NotFound => Err(not_found()),
        Change::Moved => {
            let message = "the product has been changed since: read it again";
            Err(ApiError::new(StatusCode::PRECONDITION_FAILED, message))
        }
    }
}
