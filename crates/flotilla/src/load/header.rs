//! A header that the command line adds to every request.

use std::str::FromStr;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use http::uri::Authority;

use super::target::X_REQUEST_ID;

#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').ok_or("must be NAME:VALUE, such as Accept:text/html")?;
        let name = HeaderName::from_str(name.trim()).map_err(|_| format!("{name:?} is no header name"))?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| "the value holds a character that no header can".to_owned())?;
        let set_by = match name {
            CONTENT_LENGTH | TRANSFER_ENCODING => "the body decides it",
            CONNECTION => "--new-connections decides it",
            UPGRADE => "an upgraded connection has no response to measure",
            // Connection-specific, and illegal in HTTP/2.
            _ if matches!(name.as_str(), "keep-alive" | "proxy-connection") => "it is not for a server",
            _ if name == X_REQUEST_ID => "it is the number of the request",
            HOST if Authority::try_from(value.as_bytes()).is_err() || value.as_bytes().contains(&b'@') => {
                return Err("Host must be a host, perhaps with a port".to_owned());
            }
            _ => return Ok(Self { name, value }),
        };
        Err(format!("{name} cannot be set: {set_by}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_colons_and_be_empty() {
        let header = |text: &str| text.parse::<Header>().map(|header| (header.name, header.value)).unwrap();
        assert_eq!(header("X-Time: 10:30 "), ("x-time".parse().unwrap(), "10:30".parse().unwrap()));
        assert_eq!(header("x-empty:").1, "");
        assert_eq!(header("Host: [::1]:80").1, "[::1]:80");
        assert_eq!(header("x-name: Jürgen").1.as_bytes(), "Jürgen".as_bytes());
    }

    #[test]
    fn what_cannot_be_sent_or_would_spoil_the_account_is_refused() {
        for bad in [
            "",
            "x",
            ":v",
            "a b:c",
            "ü:v",
            "x:a\nb",
            "x:\0",
            "Content-Length:1",
            "transfer-encoding:chunked",
            "Connection:close",
            "upgrade:websocket",
            "Keep-Alive:1",
            "X-Request-Id:1",
            "host:",
            "host:a b",
            "host:a/b",
            "host:user@a",
        ] {
            assert!(bad.parse::<Header>().is_err(), "{bad:?}");
        }
    }
}
