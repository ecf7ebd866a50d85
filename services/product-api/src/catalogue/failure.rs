//! Why the database did not do what it was asked, and what follows from it.

use std::borrow::Cow;

/// The cause, for the log and for readiness.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the database has not been migrated yet")]
    NotMigrated,
    #[error("read-only")]
    ReadOnly,
    #[error("no turn in time: every connection is busy")]
    Busy,
    #[error("no connection to {to} (DATABASE_URL): {error}")]
    NoConnection { to: String, error: sqlx::Error },
    #[error("no answer in time")]
    TimedOut,
    #[error("migration {0} has been changed after it was applied")]
    Changed(i64),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// The database did not do it, or did not say so. The cause has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error("database unavailable")]
    Down {
        /// Whether a write may have been done all the same.
        outcome_unknown: bool,
    },
    /// It answers reads; it has not done the write.
    #[error("database read-only")]
    ReadOnly,
}

/// What an error says about the connection that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// As good as before: the error is about the data or the statement.
    Sound,
    /// Not to be used again.
    Spent,
    /// As are all that were made before now: they lead to a server that went away, or gave up its role.
    Outdated,
}

impl Failure {
    /// The code of an error that the database has returned: five characters from PostgreSQL, a number from SQLite.
    pub(super) fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error.code(),
            _ => None,
        }
    }

    /// The lowest byte of SQLite's code says what, the others say why.
    fn sqlite_code(&self) -> Option<u32> {
        self.code().filter(|code| code.len() < 5)?.parse().ok().map(|code: u32| code & 0xff)
    }

    pub(super) fn connection(&self) -> Connection {
        use Connection::{Outdated, Sound, Spent};
        match self {
            Self::TimedOut | Self::Sql(sqlx::Error::Protocol(_)) => Spent,
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed) => Outdated,
            Self::Sql(sqlx::Error::Database(_)) => match (self.sqlite_code(), self.code()) {
                (Some(8), _) => Outdated,
                // I/O error, corrupt, cannot open, not a database: the file was replaced, perhaps.
                (Some(10 | 11 | 14 | 26), _) | (None, None) => Spent,
                (Some(_), _) => Sound,
                (None, Some(code)) => postgres(&code),
            },
            _ => Sound,
        }
    }

    /// A write was refused because nothing may be written.
    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly)
            || self.code().as_deref() == Some("25006")
            || self.sqlite_code() == Some(8)
    }

    /// This role, or this server, may not do it.
    pub(super) fn is_forbidden(&self) -> bool {
        self.is_read_only() || self.code().as_deref() == Some("42501")
    }

    /// SQLite has no code of its own for it; to look whether a migration is missing does no harm.
    pub(super) fn misses_tables(&self) -> bool {
        self.code().as_deref() == Some("42P01") || self.sqlite_code() == Some(1)
    }

    /// The statement was sent, and no answer to it came, or none that tells.
    fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(_)) => {
                self.connection() == Connection::Outdated && !self.is_read_only()
            }
            Self::TimedOut | Self::Sql(_) => true,
            _ => false,
        }
    }
}

/// By the class of a SQLSTATE, its first two characters.
fn postgres(code: &str) -> Connection {
    match code {
        // Read-only; connection trouble; a server that stops, crashed, or has not come up.
        "25006" => Connection::Outdated,
        _ if code.starts_with("08") || code.starts_with("57P") => Connection::Outdated,
        // Bad values, violated constraints, deadlocks, undefined or forbidden names, locks, a trigger's refusal, and a
        // statement that was cancelled.
        "57014" => Connection::Sound,
        _ if ["22", "23", "40", "42", "55", "P0"].iter().any(|class| code.starts_with(class)) => {
            Connection::Sound
        }
        _ => Connection::Spent,
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        match failure.is_read_only() {
            true => Self::ReadOnly,
            false => Self::Down { outcome_unknown: failure.leaves_outcome_unknown() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_says_about_its_connection() {
        for code in ["25006", "08006", "08P01", "57P01", "57P02", "57P03", "57P05"] {
            assert_eq!(postgres(code), Connection::Outdated, "{code}");
        }
        for code in ["22003", "23514", "40P01", "42P01", "42501", "55P03", "57014", "P0001"] {
            assert_eq!(postgres(code), Connection::Sound, "{code}");
        }
        for code in ["26000", "0A000", "XX000", "53200", "25P03", ""] {
            assert_eq!(postgres(code), Connection::Spent, "{code}");
        }
        assert_eq!(Failure::Sql(sqlx::Error::RowNotFound).connection(), Connection::Sound);
        assert_eq!(Failure::TimedOut.connection(), Connection::Spent);
    }
}
