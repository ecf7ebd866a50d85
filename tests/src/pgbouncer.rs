//! A PgBouncer of a test's own.

use std::time::Duration;

use crate::postgres::{Postgres, as_postgres, give_away};
use crate::server::{Directory, Server, find, free_port};
use crate::within;

/// A PgBouncer on the loopback, in transaction mode, with fewer sessions than its clients want.
pub struct PgBouncer {
    _server: Server,
    _directory: Directory,
    port: u16,
}

impl PgBouncer {
    /// Starts one before a server, with more lines for its configuration; None when it is not installed.
    pub fn start(postgres: &Postgres, more: &str) -> Option<Self> {
        let program = find("pgbouncer", ["/usr/sbin".into()].into_iter())?;
        let (directory, port) = (Directory::new("pgbouncer"), free_port());
        let path = directory.0.display();
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {path}/users\npool_mode = transaction\n\
             default_pool_size = 3\n{more}\n",
            postgres.port()
        );
        let file = directory.0.join("pgbouncer.ini");
        std::fs::write(&file, configuration).expect("it can be written");
        std::fs::write(directory.0.join("users"), "\"postgres\" \"\"\n").expect("it can be written");
        give_away(&directory.0);
        let server = Server::start(as_postgres(&program).arg(&file));
        let pooler = Self { _server: server, _directory: directory, port };
        let answers = || postgres.execute(&pooler.url("postgres"), "SELECT 1").ok();
        within(Duration::from_secs(30), "PgBouncer answers", answers);
        Some(pooler)
    }

    /// The URL of a database of the server behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
