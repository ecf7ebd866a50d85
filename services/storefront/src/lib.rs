#![doc = include_str!("../README.md")]

mod config;
mod forward;
mod page;
mod routes;

use std::sync::Arc;

use axum::routing::{any, get};
use http::{Method, StatusCode};
use service_kit::upstream::Upstream;
use service_kit::{Info, Invalid, Kit, Routes};

pub use config::Config;

/// Who this service is.
pub static INFO: Info = Info { name: "storefront", version: env!("CARGO_PKG_VERSION"), port: 8088 };

/// The upstream's name: in metrics, in the soft check, and in the `upstream` field of its failures.
const PRODUCT_API: &str = "product-api";

/// The service's routes.
///
/// # Errors
///
/// When `PRODUCT_API_URL` is missing.
pub fn app(config: &Config, kit: &Kit) -> Result<Routes, Invalid> {
    let api = Arc::new(Upstream::new(kit, PRODUCT_API, config.product_api_url()?, &config.upstream));
    let forwarded = [
        (Method::GET, StatusCode::OK),
        (Method::POST, StatusCode::CREATED),
        (Method::PUT, StatusCode::OK),
        (Method::DELETE, StatusCode::NO_CONTENT),
    ];
    Ok(Routes::new()
        .route("/", get(page::HTML), &[(Method::GET, StatusCode::OK)])
        .route("/api/{*path}", any(routes::api).with_state(api), &forwarded)
        .assets("/assets/{file}", page::ASSETS))
}
