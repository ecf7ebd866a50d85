//! What traces say of an operation: the database, the kind of statement, and the table; no value of any row.

use service_kit::trace::{Kind, Span};

use super::url::{DatabaseUrl, Url};
use super::{Failure, Turn};

/// The table that every operation is about.
const TABLE: &str = "products";

/// Where the database is.
pub(super) struct Database {
    system: &'static str,
    /// Host and port, where there is a server that has them.
    server: Option<(String, u16)>,
    name: Option<String>,
}

impl Database {
    pub(super) fn of(url: &DatabaseUrl) -> Self {
        match &url.0 {
            Url::Postgres(options) => {
                let tcp = options.get_socket().is_none();
                let server = tcp.then(|| (options.get_host().to_owned(), options.get_port()));
                Self { system: "postgresql", server, name: options.get_database().map(str::to_owned) }
            }
            Url::SqliteFile { .. } | Url::SqliteMemory => Self { system: "sqlite", server: None, name: None },
        }
    }

    /// Reports an operation that ended now, in the trace of the request that it was for.
    pub(super) fn report<T>(&self, turn: &Turn, result: &Result<T, Failure>, outcome: &str) {
        let statement = statement(turn.operation);
        let mut span = Span::start(Kind::Client, &[statement, " ", TABLE], turn.asked);
        if !span.is_reported() {
            return span.end();
        }
        span.set("db.system.name", self.system);
        span.set("db.operation.name", statement);
        span.set("db.collection.name", TABLE);
        span.set("db.query.summary", &*format!("{statement} {TABLE}"));
        if let Some(name) = &self.name {
            span.set("db.namespace", &**name);
        }
        if let Some((host, port)) = &self.server {
            span.set("server.address", &**host);
            span.set("server.port", *port);
        }
        match result.as_ref().err().map(Failure::code) {
            None => span.end(),
            Some(None) => span.fail(outcome),
            Some(Some(code)) => {
                span.set("db.response.status_code", &*code);
                span.fail(&code);
            }
        }
    }
}

/// The SQL that an operation is.
fn statement(operation: &str) -> &'static str {
    match operation {
        "insert" => "INSERT",
        "update" => "UPDATE",
        "delete" => "DELETE",
        _ => "SELECT",
    }
}
