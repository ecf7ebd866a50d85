#![doc = include_str!("../README.md")]

mod answer;
mod config;
mod forward;
mod openapi;
mod routes;

use std::sync::Arc;

use axum::routing::get;
use http::{Method, StatusCode};
use service_kit::{Info, Invalid, Kit, Routes};

pub use config::Config;
use forward::Forwarder;

/// Who this service is.
pub static INFO: Info = Info { name: "main-api", version: env!("CARGO_PKG_VERSION"), port: 8000 };

/// The service's routes, each with and without `/api` in front.
///
/// # Errors
///
/// When `AUXILIARY_SERVICE_URL` is missing.
pub fn app(config: &Config, kit: &Kit) -> Result<Routes, Invalid> {
    let forwarder = Arc::new(Forwarder::new(config, kit)?);
    let buckets = || get(routes::buckets).with_state(Arc::clone(&forwarder));
    let parameters = || get(routes::parameters).with_state(Arc::clone(&forwarder));
    let parameter = || get(routes::parameter).with_state(Arc::clone(&forwarder));
    let ok = [(Method::GET, StatusCode::OK)];
    Ok(Routes::new()
        .route("/s3-buckets", buckets(), &ok)
        .route("/api/s3-buckets", buckets(), &ok)
        .route("/parameters", parameters(), &ok)
        .route("/api/parameters", parameters(), &ok)
        .route("/parameter/{*name}", parameter(), &ok)
        .route("/api/parameter/{*name}", parameter(), &ok)
        .route("/openapi.json", get(openapi::document), &ok)
        // A wildcard matches no empty name, which is a bad name and no unknown path.
        .route("/parameter/", get(routes::no_name), &[])
        .route("/api/parameter/", get(routes::no_name), &[]))
}
