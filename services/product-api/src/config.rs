//! The variables of product-api alone.

mod redis;

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;
use service_kit::Invalid;
use service_kit::config::value::Secret;
use service_kit::config::{SECRETS, value};

use crate::cache::Target;
use crate::catalogue::DatabaseUrl;

/// What product-api reads beside what every service reads.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where the products are: postgres://… or sqlite://file [default: SQLite in memory]
    #[arg(long, value_name = "URL", help_heading = SECRETS)]
    pub database_url: Option<DatabaseUrl>,
    /// Where the cache is: redis://… or rediss://… [default: REDIS_HOST; without either there is no cache]
    #[arg(long, value_name = "URL", help_heading = SECRETS, value_parser = redis::url)]
    pub redis_url: Option<Secret>,
    /// Host of the cache, when REDIS_URL is not set
    #[arg(long, value_name = "HOST", value_parser = value::word)]
    pub redis_host: Option<String>,
    /// Port of the cache on REDIS_HOST
    #[arg(long, value_name = "PORT", value_parser = redis::port, default_value = "6379")]
    pub redis_port: u16,
    /// Password of the cache on REDIS_HOST
    #[arg(long, value_name = "PASSWORD", help_heading = SECRETS)]
    pub redis_password: Option<Secret>,
    /// Whether the cache on REDIS_HOST speaks TLS
    #[arg(long, value_name = "BOOL", value_parser = value::boolean, action = ArgAction::Set, default_value = "false")]
    pub redis_tls: bool,
    /// File with the authorities that the cache's certificate may come from, in PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub redis_ca_file: Option<PathBuf>,
    /// How long the cache keeps what it was told; 0 turns it off
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "300")]
    pub cache_ttl: Duration,
    /// Memory to hold and touch from the start, for showing what memory limits do
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "0")]
    pub ballast: u64,
}

impl Config {
    /// How to reach the cache, or None when there is to be none.
    pub(crate) fn redis(&self) -> Result<Option<Target>, Invalid> {
        // Redis counts the time in milliseconds.
        if self.cache_ttl < Duration::from_millis(1) { Ok(None) } else { redis::target(self) }
    }
}
