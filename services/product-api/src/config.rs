//! The variables of product-api alone.

use std::str::FromStr;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use service_kit::Invalid;
use service_kit::config::value::Secret;
use service_kit::config::{SECRETS, value};

use crate::catalogue::DatabaseUrl;

/// What product-api reads beside what every service reads.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where the products are: postgres://… or sqlite://file [default: SQLite in memory]
    #[arg(long, value_name = "URL", help_heading = SECRETS)]
    pub database_url: Option<DatabaseUrl>,
    /// Where the cache is: redis://… [default: REDIS_HOST; without either there is no cache]
    #[arg(long, value_name = "URL", help_heading = SECRETS, value_parser = redis_url)]
    pub redis_url: Option<Secret>,
    /// Host of the cache, when REDIS_URL is not set
    #[arg(long, value_name = "HOST", value_parser = value::word)]
    pub redis_host: Option<String>,
    /// Port of the cache on REDIS_HOST
    #[arg(long, value_name = "PORT", value_parser = redis_port, default_value = "6379")]
    pub redis_port: u16,
    /// Password of the cache on REDIS_HOST
    #[arg(long, value_name = "PASSWORD", help_heading = SECRETS)]
    pub redis_password: Option<Secret>,
    /// How long the cache keeps what it was told; 0 turns it off
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "300")]
    pub cache_ttl: Duration,
    /// Memory to hold and touch from the start, for showing what memory limits do
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "0")]
    pub ballast: u64,
}

impl Config {
    /// How to reach the cache, or None when there is to be none.
    pub(crate) fn redis(&self) -> Result<Option<redis::Client>, Invalid> {
        let info = match (&self.redis_url, &self.redis_host) {
            _ if self.cache_ttl < Duration::from_millis(1) => return Ok(None),
            (Some(url), _) => url.expose().into_connection_info(),
            (None, Some(host)) => ConnectionAddr::Tcp(host.clone(), self.redis_port).into_connection_info(),
            (None, None) => return Ok(None),
        };
        let client = info.map(|info| self.with_password(info)).and_then(redis::Client::open);
        client.map(Some).map_err(|error| Invalid::new("REDIS_URL", None, &error.to_string()))
    }

    fn with_password(&self, info: ConnectionInfo) -> ConnectionInfo {
        match &self.redis_password {
            Some(password) if self.redis_url.is_none() => {
                info.set_redis_settings(RedisConnectionInfo::default().set_password(password.expose()))
            }
            _ => info,
        }
    }
}

/// The error does not show the text: it holds a password.
fn redis_url(text: &str) -> Result<Secret, String> {
    let allowed = || "must be redis://:password@host:port/database".to_owned();
    let info = text.into_connection_info().map_err(|_| allowed())?;
    match info.addr() {
        // The checks of a link need the answers of the older protocol: they come only when asked for.
        ConnectionAddr::Tcp(..) if !info.redis_settings().protocol().supports_resp3() => {
            Secret::from_str(text)
        }
        _ => Err(allowed()),
    }
}

/// A port, or `tcp://10.0.0.1:6379`: in a namespace with a Service named `redis`, Kubernetes sets `REDIS_PORT` so.
fn redis_port(text: &str) -> Result<u16, String> {
    let port =
        text.strip_prefix("tcp://").map_or(Some(text), |rest| rest.rsplit_once(':').map(|(_, port)| port));
    port.and_then(|port| port.parse().ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| "must be a port from 1 to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_may_be_what_kubernetes_sets_for_a_service() {
        assert_eq!(redis_port("6380"), Ok(6380));
        assert_eq!(redis_port("tcp://10.96.0.7:6381"), Ok(6381));
        for bad in ["", "0", "65536", "tcp://", "tcp://10.96.0.7", "redis:6379", "-1"] {
            assert!(redis_port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_redis_is_refused_without_showing_it() {
        for bad in [
            "hunter2",
            "http://hunter2@host",
            "redis://",
            "redis://:hunter2@host:x",
            "rediss://:hunter2@host",
        ] {
            let message = redis_url(bad).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(redis_url("redis://:hunter2@host:6379/1").is_ok());
    }
}
