//! What every Flotilla service shares, so that a service adds only what is its own.
//!
//! A service is a `static` [`Info`], a `Config` of its own variables, and a function that builds its [`Routes`] from
//! both and a [`Kit`]. [`main`] does the rest: it parses, binds, serves, drains and exits as the contract says.

mod asset;
mod budget;
pub mod config;
pub mod error;
pub mod extract;
pub mod faults;
mod health;
mod healthcheck;
mod hex;
mod info;
mod kit;
mod lifecycle;
mod logging;
mod metrics;
mod replica;
mod request_id;
mod routes;
mod run;
mod server;
mod stack;
mod standard;
mod timestamp;
pub mod trace;
pub mod upstream;

pub use asset::Asset;
pub use config::{Config, Invalid};
pub use error::ApiError;
pub use health::{Check, Health, Severity};
pub use info::{Info, RUSTC};
pub use kit::Kit;
pub use lifecycle::{Stop, stop_on_signals};
pub use logging::{Writer as LogWriter, in_service, init as init_logging};
pub use metrics::Metrics;
pub use request_id::X_REQUEST_ID;
pub use routes::Routes;
pub use run::main;
pub use server::{BindError, Server};
pub use timestamp::Timestamp;
pub use trace::TRACEPARENT;

/// With musl's own allocator, which the images would have, a request takes a fifth more CPU time.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
