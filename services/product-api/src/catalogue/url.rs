//! `DATABASE_URL`, and what is wrong with one. No message shows a part of it that may be a password.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// PostgreSQL, or a file of SQLite, or SQLite in memory.
#[derive(Clone)]
pub struct DatabaseUrl(pub(super) Url);

#[derive(Clone)]
pub(super) enum Url {
    Postgres(Box<PgConnectOptions>),
    SqliteFile { options: Box<SqliteConnectOptions>, read_only: bool },
    SqliteMemory,
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':').ok_or_else(allowed)? {
            ("postgres" | "postgresql", rest) => {
                check(rest.trim_start_matches('/'))?;
                let options = PgConnectOptions::from_str(text).map_err(|_| allowed())?;
                one_host(options.get_host())?;
                Ok(Self(Url::Postgres(Box::new(options))))
            }
            ("sqlite", ":memory:" | "//:memory:") => Ok(Self::memory()),
            ("sqlite", file) if !file.trim_start_matches('/').is_empty() => {
                let options = SqliteConnectOptions::from_str(text).map_err(|_| allowed())?;
                let read_only = text.split(['?', '&']).any(|part| part == "mode=ro");
                let options = Box::new(options.create_if_missing(!read_only));
                Ok(Self(Url::SqliteFile { options, read_only }))
            }
            _ => Err(allowed()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl DatabaseUrl {
    pub(crate) fn memory() -> Self {
        Self(Url::SqliteMemory)
    }

    /// Whom an error names.
    pub(super) fn target(&self) -> String {
        match &self.0 {
            Url::Postgres(options) => match options.get_socket() {
                Some(socket) => socket.display().to_string(),
                None => format!("{}:{}", options.get_host(), options.get_port()),
            },
            Url::SqliteFile { options, .. } => options.get_filename().display().to_string(),
            Url::SqliteMemory => "memory".to_owned(),
        }
    }
}

fn allowed() -> String {
    "must be postgres://user:password@host:port/database, sqlite://file or sqlite::memory:".to_owned()
}

/// Finds what a parser of URLs would take for something else, and then ask a host that is half a password.
fn check(rest: &str) -> Result<(), String> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_no_parameter = |part: &str| part.contains('@') && !part.contains('=');
    let cut_short = path.contains('@') || query.split('&').any(is_no_parameter);
    if rest.contains('#') || cut_short || !is_percent_encoded(user) {
        return Err("has a character in the user name or the password that must be percent-encoded: \
            % as %25, / as %2F, ? as %3F, # as %23, @ as %40"
            .to_owned());
    }
    one_host(hosts)?;
    let port = hosts.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map(|(_, port)| port);
    match port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0)) {
        true => Ok(()),
        false => Err(format!("has no port from 1 to 65535 behind its host: {hosts:?}")),
    }
}

fn one_host(hosts: &str) -> Result<(), String> {
    match hosts.contains(',') {
        true => {
            Err(format!("names several hosts, {hosts:?}: one is allowed, which may be a proxy for several"))
        }
        false => Ok(()),
    }
}

/// Every `%` begins a byte in hexadecimal digits.
fn is_percent_encoded(text: &str) -> bool {
    let is_byte = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|digit| digit.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let message = url.parse::<DatabaseUrl>().unwrap_err();
        assert!(!message.contains("hunter") && !message.contains("rd%"), "{message}");
        message
    }

    #[test]
    fn what_is_no_database_is_refused_without_showing_it() {
        for bad in ["", "hunter2", "mysql://hunter2@host/db", "sqlite://", "sqlite:"] {
            assert!(refused(bad).starts_with("must be postgres://"), "{bad}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_told_how_to_be() {
        for bad in [
            "postgres://user:p@ss/w#rd%@host:5432/db",
            "postgres://user:hunter/2@host/db",
            "postgres://user:hunter?2@host/db",
            "postgres://user:1?hunter2@host/db",
            "postgres://user:hunter#2@host/db",
            "postgres://user:hunter%@host/db",
            "postgres://user:hunter%zz@host/db",
            "postgresql://user:1/hunter@2@host/db?sslmode=disable",
        ] {
            assert!(refused(bad).contains("/ as %2F"), "{bad}");
        }
    }

    #[test]
    fn several_hosts_and_bad_ports_are_named() {
        for bad in ["postgres://user:hunter2@a:5432,b:5432/db", "postgres://user:hunter2@a,b/db"] {
            assert!(refused(bad).contains("several hosts, \"a"), "{bad}");
        }
        assert!(refused("postgres:///db?host=a,b").contains("several hosts, \"a,b\""));
        for bad in ["postgres://user:hunter2@host:x/db", "postgres://host:70000/db", "postgres://host:0"] {
            assert!(refused(bad).contains("port from 1 to 65535"), "{bad}");
        }
    }

    #[test]
    fn what_is_sound_is_taken_and_names_its_host() {
        for (url, target) in [
            ("postgres://user:p%40ss%2Fw%23rd%25@host:5433/db?sslmode=require", "host:5433"),
            ("postgres://user:p@ss@host/db", "host:5432"),
            ("postgres://user@[::1]:5433/db", "[::1]:5433"),
            ("postgres:///db?host=/run/postgresql", "/run/postgresql"),
            ("postgres://host/db?user=a@b", "host:5432"),
            ("postgres://%2Frun%2Fpostgresql/db", "/run/postgresql"),
            ("sqlite://file.db", "file.db"),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap().target(), target, "{url}");
        }
    }

    #[test]
    fn a_password_is_not_in_the_debug_output() {
        let url: DatabaseUrl = "postgres://user:hunter2@host/db".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
