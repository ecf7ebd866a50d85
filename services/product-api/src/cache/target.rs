//! Where Redis is, as it was configured.

use std::fmt;

use redis::{Client, ConnectionAddr, RedisError};

/// An address of Redis with what it takes to be let in.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) client: Client,
    /// Whether `REDIS_URL` says so, and not `REDIS_HOST`.
    pub(crate) is_url: bool,
}

impl Target {
    /// The node that a cluster has sent us to. Without a host, it is another port of the same one.
    pub(super) fn moved(&self, host: String, port: u16) -> Result<Self, RedisError> {
        let information = self.client.get_connection_info().clone();
        let host = if host.is_empty() { self.host().to_owned() } else { host };
        let address = match information.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        Ok(Self { client: Client::open(information.set_addr(address))?, is_url: self.is_url })
    }

    pub(super) fn password_variable(&self) -> &'static str {
        if self.is_url { "REDIS_URL" } else { "REDIS_PASSWORD" }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
    }

    pub(super) fn host(&self) -> &str {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
            _ => "",
        }
    }

    pub(super) fn port(&self) -> Option<u16> {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(_, port) | ConnectionAddr::TcpTls { port, .. } => Some(*port),
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = if self.is_url { "REDIS_URL" } else { "REDIS_HOST" };
        let port = self.port().unwrap_or_default();
        match self.host() {
            host if host.contains(':') => write!(f, "[{host}]:{port} of {variable}"),
            host => write!(f, "{host}:{port} of {variable}"),
        }
    }
}
