#![doc = include_str!("../README.md")]

mod aws;
mod backend;
mod calls;
mod config;
mod embedded;
mod error;
mod openapi;
mod prefix;
mod routes;

use std::sync::Arc;

use axum::routing::get;
use http::{Method, StatusCode};
use service_kit::{Info, Invalid, Kit, Routes};

use backend::{Auxiliary, Backend};
use calls::Calls;
pub use config::{AwsBackend, Config, EndpointUrl, Mode, Proxies, ProxyUrl, Settings};
pub use prefix::Prefix;

/// Who this service is.
pub static INFO: Info = Info { name: "auxiliary-service", version: env!("CARGO_PKG_VERSION"), port: 8001 };

/// What other tools of AWS read, and the SDK does not.
const IGNORED: [&str; 7] = [
    "AWS_CSM_ENABLED",
    "AWS_DEFAULTS_MODE",
    "AWS_DEFAULT_PROFILE",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_SECURITY_TOKEN",
    "REQUESTS_CA_BUNDLE",
];

/// The service's routes. AWS is not asked before a request needs it.
///
/// # Errors
///
/// When no prefix can be made of `ENVIRONMENT`, or `EMBEDDED_AWS_FILE` or `AWS_CA_BUNDLE` cannot be read.
pub fn app(config: &Config, kit: &Kit) -> Result<Routes, Invalid> {
    let prefix = config.prefix(kit.environment())?;
    kit.warn_of_ignored(&IGNORED);
    let backend = Backend::new(config, &prefix, Calls::new(kit, config.aws_backend))?;
    let auxiliary = Arc::new(Auxiliary {
        backend,
        prefix,
        version: kit.version().to_owned(),
        timeout: config.aws_timeout_sec,
        allow_secure: config.allow_secure_parameters,
    });
    let ok = [(Method::GET, StatusCode::OK)];
    Ok(Routes::new()
        .route("/s3-buckets", get(routes::buckets).with_state(Arc::clone(&auxiliary)), &ok)
        .route("/parameters", get(routes::parameters).with_state(Arc::clone(&auxiliary)), &ok)
        .route("/parameter/{*name}", get(routes::parameter).with_state(auxiliary), &ok)
        .route("/openapi.json", get(openapi::document), &ok)
        // A wildcard matches no empty name, which is a bad name and no unknown path.
        .route("/parameter/", get(routes::no_name), &[]))
}
