#![doc = include_str!("../README.md")]

mod config;
mod greeting;
mod page;
mod routes;
mod work;

use std::sync::Arc;

use axum::routing::get;
use http::{Method, StatusCode};
use service_kit::{Info, Invalid, Kit, Routes};

pub use config::Config;
use greeting::Greeting;
pub use work::SleepRange;
use work::Work;

/// Who this service is.
pub static INFO: Info = Info { name: "hello", version: env!("CARGO_PKG_VERSION"), port: 8080 };

/// The service's routes.
///
/// # Errors
///
/// When `WORK_SLEEP` or `WORK_CPU` is beyond what a request may ask for.
pub fn app(config: &Config, kit: &Kit) -> Result<Routes, Invalid> {
    config.validate()?;
    let greeting = Arc::new(Greeting::new(&config.greeting, kit));
    let work = Arc::new(Work::new(config, kit));
    let (ok, failed) = ([(Method::GET, StatusCode::OK)], [(Method::GET, StatusCode::INTERNAL_SERVER_ERROR)]);
    Ok(Routes::new()
        .route("/", get(routes::greeting::index).with_state(Arc::clone(&greeting)), &ok)
        .route("/success", get(routes::greeting::success).with_state(Arc::clone(&greeting)), &ok)
        .route("/fail", get(routes::greeting::fail).with_state(greeting), &failed)
        .route("/work", get(routes::work::work).with_state(work), &ok)
        .route("/openapi.json", get(routes::openapi::document), &ok)
        .assets("/page/{file}", page::ASSETS))
}
