//! `rediss://`: who has signed the certificate, and for which name.

use e2e::{Authority, Redis, Service, free_port, within};

use super::{BACK, cache_is_back, check, said, works};
use crate::api;

struct Encrypted {
    redis: Redis,
    authority: Authority,
    port: u16,
}

impl Encrypted {
    /// With a certificate for a name.
    fn start(name: &str) -> Option<Self> {
        let authority = Authority::new()?;
        let (certificate, key) = authority.certify(name);
        let port = free_port();
        let redis = Redis::start(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &authority.file(),
            "--tls-auth-clients",
            "no",
            "--requirepass",
            "secret",
        ])?;
        Some(Self { redis, authority, port })
    }

    fn url(&self) -> String {
        format!("rediss://:secret@127.0.0.1:{}", self.port)
    }
}

fn is_refused(service: &Service, reason: &str) {
    within(BACK, reason, || check(service).contains(reason).then_some(()));
    works(service);
    assert_eq!(said(service).len(), 1, "{:?}", said(service));
}

#[test]
fn a_certificate_of_a_known_authority() {
    let Some(server) = Encrypted::start("IP:127.0.0.1") else { return };
    let (file, port) = (server.authority.file(), server.port.to_string());
    let parts = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", &port), ("REDIS_PASSWORD", "secret")];
    let tls = [("REDIS_TLS", "true"), ("REDIS_CA_FILE", file.as_str())];
    let service = api(&[("REDIS_URL", &server.url()), ("REDIS_CA_FILE", &file)]);
    cache_is_back(&service);
    works(&service);
    cache_is_back(&api(&[parts.as_slice(), &tls].concat()));
    // The variable that says where the system's are.
    cache_is_back(&api(&[("REDIS_URL", &server.url()), ("SSL_CERT_FILE", &file)]));
}

#[test]
fn anything_else_is_refused_with_its_reason() {
    let Some(server) = Encrypted::start("DNS:redis.example") else { return };
    let (file, url) = (server.authority.file(), server.url());
    let other = Authority::new().unwrap();
    let start = |url: &str, file: &str| api(&[("REDIS_URL", url), ("REDIS_CA_FILE", file)]);
    is_refused(&start(&url, &file), "certificate not valid for name \"127.0.0.1\"");
    is_refused(&start(&url, &other.file()), "UnknownIssuer; REDIS_CA_FILE can name another authority");
    is_refused(&api(&[("REDIS_URL", &url)]), "UnknownIssuer");
    let port = |port: u16| format!("rediss://:secret@127.0.0.1:{port}");
    is_refused(
        &start(&port(server.redis.port()), &file),
        "no answer in time; a port without TLS does this too",
    );
    is_refused(&api(&[("REDIS_URL", &url.replace("rediss", "redis"))]), "a port that wants TLS");
}
