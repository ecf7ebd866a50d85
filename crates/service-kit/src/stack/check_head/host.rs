//! Whom a request is for: one valid name (RFC 9112, 3.2; RFC 9113, 8.3.1).

use std::net::Ipv6Addr;

use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Version, header};

/// Says what is wrong with `Host`, or over HTTP/2 with `:authority`.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    if another.is_some() {
        return Err("there must be one Host header");
    }
    if let Some(host) = host.filter(|host| !is_valid(host.as_bytes())) {
        return Err(match host.is_empty() {
            true => "the Host header is empty",
            false => "the Host header must be a name or an address, with a port or without",
        });
    }
    match (request.version(), host, request.uri().authority()) {
        (Version::HTTP_2, host, Some(authority)) => check_authority(host, authority, request.uri().scheme()),
        // Version 1.0 had no such header.
        (Version::HTTP_10, ..) | (_, Some(_), _) => Ok(()),
        (_, None, _) => Err("there must be a Host header"),
    }
}

fn check_authority(
    host: Option<&HeaderValue>,
    authority: &Authority,
    scheme: Option<&Scheme>,
) -> Result<(), &'static str> {
    let authority = authority.as_str().as_bytes();
    if !is_valid(authority) {
        return Err(":authority must be a name or an address, with a port or without");
    }
    let port: &[u8] = if scheme == Some(&Scheme::HTTPS) { b":443" } else { b":80" };
    let name = |host: &'_ [u8]| host.strip_suffix(port).map_or(host.len(), <[u8]>::len);
    let same = |host: &[u8]| host[..name(host)].eq_ignore_ascii_case(&authority[..name(authority)]);
    match host.is_none_or(|host| same(host.as_bytes())) {
        true => Ok(()),
        false => Err("Host and :authority name different hosts"),
    }
}

/// `uri-host [ ":" port ]`, not empty.
fn is_valid(host: &[u8]) -> bool {
    let address = host.strip_prefix(b"[");
    let end = |byte| host.iter().position(|other| *other == byte);
    let (name_is_valid, port) = match address {
        Some(_) => match end(b']') {
            Some(end) => (is_ipv6(&host[1..end]), &host[end + 1..]),
            None => return false,
        },
        None => {
            let (name, port) = host.split_at(end(b':').unwrap_or(host.len()));
            (is_name(name), port)
        }
    };
    name_is_valid && (port.is_empty() || port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit))
}

fn is_ipv6(address: &[u8]) -> bool {
    str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// `reg-name` of RFC 3986, of which an IPv4 address is one.
fn is_name(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        let is_valid = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit)),
            _ => IN_NAMES[usize::from(*byte)],
        };
        if !is_valid {
            return false;
        }
    }
    !name.is_empty()
}

/// Which bytes stand in a name as they are. A table, because every request's host is looked at.
const IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let legal = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=";
    let mut index = 0;
    while index < legal.len() {
        table[legal[index] as usize] = true;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, uri: &str, hosts: &[&str]) -> Request<()> {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port_or_without() {
        for good in [
            "a",
            "a.b-c_d:80",
            "127.0.0.1:8080",
            "[::1]",
            "[2001:db8::1]:443",
            "a:",
            "%41",
            "xn--bcher-kva.example",
        ] {
            assert!(is_valid(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@a",
            "a:b",
            "a:80:80",
            "::1",
            "[::1",
            "[::1]x",
            "[]",
            "[g::1]",
            "a?b",
            "a#b",
            "%4",
            "%zz",
            "ü",
            "a, b",
            "http://a",
            "a\\b",
            "[fe80::1%25eth0]",
        ] {
            assert!(!is_valid(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn version_1_1_needs_one_host_and_version_1_0_none() {
        assert!(check(&request(Version::HTTP_11, "/", &["a"])).is_ok());
        assert!(check(&request(Version::HTTP_11, "/", &[])).is_err());
        assert!(check(&request(Version::HTTP_11, "http://a/", &[])).is_err());
        assert!(check(&request(Version::HTTP_10, "/", &[])).is_ok());
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            assert!(check(&request(version, "/", &["a", "a"])).is_err());
            assert!(check(&request(version, "/", &["a b"])).is_err());
        }
    }

    #[test]
    fn version_2_has_an_authority_and_a_host_may_only_repeat_it() {
        for (uri, hosts, is_fine) in [
            ("http://a/", &[][..], true),
            ("http://a/", &["A"], true),
            ("http://a:80/", &["a"], true),
            ("https://a/", &["a:443"], true),
            ("/", &["a"], true),
            ("/", &[], false),
            ("http://a/", &["b"], false),
            ("http://a:81/", &["a"], false),
            ("http://user@a/", &[], false),
        ] {
            assert_eq!(check(&request(Version::HTTP_2, uri, hosts)).is_ok(), is_fine, "{uri} {hosts:?}");
        }
    }
}
