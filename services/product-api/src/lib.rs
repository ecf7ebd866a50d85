#![doc = include_str!("../README.md")]

mod ballast;
mod cache;
mod catalogue;
mod coalesce;
mod config;
mod decimal;
mod filter;
mod health;
mod input;
mod page;
mod precondition;
mod price;
mod product;
mod products;
mod routes;

use std::sync::Arc;

use axum::routing::get;
use http::{Method, StatusCode};
use service_kit::{Info, Invalid, Kit, Routes};

use ballast::Ballast;
use cache::Cache;
use catalogue::Catalogue;
pub use catalogue::DatabaseUrl;
pub use config::Config;
use products::Products;

/// Who this service is.
pub static INFO: Info = Info { name: "product-api", version: env!("CARGO_PKG_VERSION"), port: 3000 };

/// The service's routes. The database and the cache are connected to in the background.
///
/// # Errors
///
/// When `BALLAST` cannot be allocated.
pub fn app(config: &Config, kit: &Kit) -> Result<Routes, Invalid> {
    let ballast = Ballast::new(config.ballast)?;
    let products = Arc::new(Products::new(catalogue(config, kit), cache(config, kit)?, ballast, kit));
    health::describe_redis(kit, Arc::clone(&products));
    health::watch_database(kit, &products);
    let linked = Arc::clone(&products);
    kit.spawn(async move {
        if let Some(cache) = &linked.cache {
            cache.keep_linked().await;
        }
    });
    Ok(routes(products))
}

fn catalogue(config: &Config, kit: &Kit) -> Catalogue {
    let url = config.database_url.clone().unwrap_or_else(DatabaseUrl::memory);
    Catalogue::new(&url, &kit.metrics)
}

fn cache(config: &Config, kit: &Kit) -> Result<Option<Cache>, Invalid> {
    let target = config.redis()?;
    Ok(target.map(|target| Cache::new(target, config.cache_ttl, health::redis_check(kit), kit)))
}

fn routes(products: Arc<Products>) -> Routes {
    let collection = get(routes::products::list).post(routes::products::create);
    let single = get(routes::product::find).put(routes::product::update).delete(routes::product::delete);
    Routes::new()
        .route(
            "/products",
            collection.with_state(Arc::clone(&products)),
            &[(Method::GET, StatusCode::OK), (Method::POST, StatusCode::CREATED)],
        )
        .route(
            "/products/{id}",
            single.with_state(products),
            &[
                (Method::GET, StatusCode::OK),
                (Method::PUT, StatusCode::OK),
                (Method::DELETE, StatusCode::NO_CONTENT),
            ],
        )
        .route("/openapi.json", get(routes::openapi::document), &[(Method::GET, StatusCode::OK)])
}
