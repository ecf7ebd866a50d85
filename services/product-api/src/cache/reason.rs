//! Why Redis cannot be used, in words that stay the same as long as the cause does. They are logged and shown: no
//! password is in them.

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use super::target::Target;

pub(super) const REPLICA: &str = "it is a replica, not the master";

/// What a URL wants instead of the characters that mean something in it.
pub(crate) const ENCODING: &str =
    "in a user or password, write / as %2F, ? as %3F, # as %23, @ as %40, : as %3A and % as %25";

/// Whether an error is about one key or about storing: reading and forgetting go on.
pub(super) fn is_minor(error: &RedisError) -> bool {
    first(error).is_some_and(|error| matches!(error.code(), "OOM" | "WRONGTYPE"))
}

pub(super) fn is_full(error: &RedisError) -> bool {
    first(error).is_some_and(|error| error.code() == "OOM")
}

/// Whether the user may not send the command, or the server does not know it.
pub(super) fn is_unavailable(error: &RedisError) -> bool {
    first(error).is_some_and(|error| {
        let unknown = error.details().is_some_and(|text| text.starts_with("unknown command"));
        error.kind() == Some(ServerErrorKind::NoPerm) || unknown
    })
}

/// The node that has the keys, when this one has not.
pub(super) fn moved(error: &RedisError) -> Option<(String, u16)> {
    let error = first(error).filter(|error| error.kind() == Some(ServerErrorKind::Moved))?;
    // `3999 10.0.0.3:6379`, or without a host when it is the same one.
    let (host, port) = error.details()?.split_once(' ')?.1.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

pub(super) fn describe(error: &RedisError, target: &Target) -> String {
    match first(error) {
        Some(error) if error.kind() == Some(ServerErrorKind::ReadOnly) => REPLICA.to_owned(),
        Some(error) if error.code() == "NOAUTH" => no_password(target),
        Some(error) => format!("{} {}", error.code(), error.details().unwrap_or_default()),
        None if error.kind() == ErrorKind::AuthenticationFailed => wrong_password(target),
        None => unreachable(error, target),
    }
}

/// Redis waits for the end of a command, and so for ever, when it is greeted in TLS where it does not expect that.
pub(super) fn no_answer(target: &Target) -> String {
    let hint = if target.is_encrypted() { "; a port without TLS does this too" } else { "" };
    format!("no answer in time{hint}")
}

fn no_password(target: &Target) -> String {
    let place = if target.is_url { "; it stands after a colon: redis://:password@host" } else { "" };
    format!("it wants a password, and {} has none{place}", target.password_variable())
}

fn wrong_password(target: &Target) -> String {
    let encoding = if target.is_url { format!("; {ENCODING}") } else { String::new() };
    format!("it refuses the user or the password of {}{encoding}", target.password_variable())
}

/// rustls and the network name a cause; what it mostly means is added.
fn unreachable(error: &RedisError, target: &Target) -> String {
    let text = error.to_string();
    let hint = match (text.as_str(), target.is_encrypted()) {
        (text, true) if ["UnknownIssuer", "BadSignature"].iter().any(|cause| text.contains(cause)) => {
            "; REDIS_CA_FILE can name another authority"
        }
        (text, true) if text.contains("InvalidContentType") => "; that port does not speak TLS",
        (_, false) if error.is_connection_dropped() && !error.is_connection_refusal() => {
            "; a port that wants TLS (rediss://) does this too"
        }
        _ => "",
    };
    format!("{text}{hint}")
}

/// What the server answered first that was no success.
fn first(error: &RedisError) -> Option<ServerError> {
    error.clone().into_server_errors()?.first().map(|(_, error)| error.clone())
}
