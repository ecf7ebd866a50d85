//! How Redis is to be reached, from `REDIS_URL` or in parts. No message shows a password, or what may be one.

use std::path::Path;
use std::str::FromStr;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates,
};
use service_kit::Invalid;
use service_kit::config::value::Secret;

use super::Config;
use crate::cache::{ENCODING, Target};

/// With the other names that Redis's clients know for it.
const SCHEMES: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];

const ALLOWED: &str = "must be redis://user:password@host:port/database, or rediss:// for TLS";

/// How to reach the cache, or None when nothing says so.
pub(super) fn target(config: &Config) -> Result<Option<Target>, Invalid> {
    let information = match (&config.redis_url, &config.redis_host) {
        (Some(url), _) => url.expose().into_connection_info(),
        (None, Some(host)) => parts(config, host),
        (None, None) => return Ok(None),
    };
    let is_url = config.redis_url.is_some();
    let variable = if is_url { "REDIS_URL" } else { "REDIS_HOST" };
    let information = information.map_err(|error| Invalid::new(variable, None, &error.to_string()))?;
    let tls = matches!(information.addr(), ConnectionAddr::TcpTls { .. });
    if config.redis_tls && !tls {
        return Err(Invalid::new("REDIS_TLS", Some("true"), "REDIS_URL has to begin with rediss:// then"));
    }
    let client = match &config.redis_ca_file {
        Some(path) if tls => trusting(information, path)?,
        Some(path) => {
            let allowed = "is for REDIS_TLS=true, or a REDIS_URL with rediss://";
            return Err(Invalid::new("REDIS_CA_FILE", path.to_str(), allowed));
        }
        None => {
            Client::open(information).map_err(|error| Invalid::new(variable, None, &error.to_string()))?
        }
    };
    Ok(Some(Target { client, is_url }))
}

fn parts(config: &Config, host: &str) -> redis::RedisResult<ConnectionInfo> {
    let (host, port) = (host.to_owned(), config.redis_port);
    let address = match config.redis_tls {
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        false => ConnectionAddr::Tcp(host, port),
    };
    let information = address.into_connection_info()?;
    Ok(match &config.redis_password {
        Some(password) => {
            information.set_redis_settings(RedisConnectionInfo::default().set_password(password.expose()))
        }
        None => information,
    })
}

/// Trusts the authorities of a file, and no others.
fn trusting(information: ConnectionInfo, path: &Path) -> Result<Client, Invalid> {
    let invalid = |allowed: &str| Invalid::new("REDIS_CA_FILE", path.to_str(), allowed);
    let pem = std::fs::read(path).map_err(|error| invalid(&error.to_string()))?;
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(invalid("must hold certificates in PEM"));
    }
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem) };
    Client::build_with_tls(information, certificates).map_err(|error| invalid(&error.to_string()))
}

/// The error does not show the text: it holds a password.
pub(super) fn url(text: &str) -> Result<Secret, String> {
    let (scheme, rest) = text.split_once("://").ok_or(ALLOWED)?;
    if !SCHEMES.contains(&scheme) {
        return Err(ALLOWED.to_owned());
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    // What ends the host stands before the @ that begins it: it is part of a password.
    if rest.contains('@') {
        return Err(format!("has a /, ? or # before its last @: {ENCODING}"));
    }
    if rest.contains('#') {
        return Err("has a #, which means nothing here".to_owned());
    }
    if authority.rsplit('@').next().is_some_and(|host| host.contains(',')) {
        return Err("names several hosts, but must name one: of a cluster, any node".to_owned());
    }
    let information = text.into_connection_info().map_err(|error| {
        let wrong = error.to_string();
        format!("{ALLOWED} ({})", wrong.split(" - ").next().unwrap_or_default())
    })?;
    // The answers are read as those of the older protocol.
    if information.redis_settings().protocol().supports_resp3() {
        return Err("must be without protocol=resp3".to_owned());
    }
    Secret::from_str(text)
}

/// A port, or `tcp://10.0.0.1:6379`: in a namespace with a Service named `redis`, Kubernetes sets `REDIS_PORT` so.
pub(super) fn port(text: &str) -> Result<u16, String> {
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
        assert_eq!(port("6380"), Ok(6380));
        assert_eq!(port("tcp://10.96.0.7:6381"), Ok(6381));
        for bad in ["", "0", "65536", "tcp://", "tcp://10.96.0.7", "redis:6379", "-1"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_redis_is_refused_without_showing_it() {
        for (bad, because) in [
            ("hunter2", "must be redis://"),
            ("http://hunter2@host", "must be redis://"),
            ("redis+unix:///hunter2", "must be redis://"),
            ("redis://", "must be redis://"),
            ("redis://:hunter2@host:x", "must be redis://"),
            ("redis://:hunter2@host/first", "(Invalid database number)"),
            ("redis://:hunter2@one:6379,two:6379", "several hosts"),
            ("redis://:hunter2@host?protocol=resp3", "resp3"),
            ("rediss://:hunter2@host#insecure", "has a #"),
        ] {
            let message = url(bad).unwrap_err();
            assert!(!message.contains("hunter2") && message.contains(because), "{bad}: {message}");
        }
        for good in ["redis://:hunter2@host:6379/1", "rediss://u:h@[::1]", "valkeys://host"] {
            assert!(url(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_told_how_to_be() {
        for bad in
            ["redis://:p@ss/w#rd%@host", "redis://:p/w@host", "redis://u:1?w@host", "redis://u:1#w@host:6379"]
        {
            let message = url(bad).unwrap_err();
            assert!(message.contains("# as %23") && !message.contains("host"), "{message}");
        }
        assert!(url("redis://:p%40ss%2Fw%23rd%25@host").is_ok());
    }
}
