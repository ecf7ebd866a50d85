//! A PostgreSQL of a test's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use crate::server::{Directory, Server, find, free_port};
use crate::within;

/// A PostgreSQL on the loopback, empty at first, with the user `postgres` and no password.
pub struct Postgres {
    server: Option<Server>,
    programs: PathBuf,
    port: u16,
    directory: Directory,
}

impl Postgres {
    /// Starts one; None when it is not installed.
    pub fn start() -> Option<Self> {
        let mut postgres = Self::prepare()?;
        postgres.run();
        Some(postgres)
    }

    /// Prepares one that does not run yet: see [`Postgres::run`].
    pub fn prepare() -> Option<Self> {
        let program = find("initdb", debian_directories())?;
        // What is on the PATH may be a link; the others lie beside the real one.
        let postgres = Self::new(program.canonicalize().ok()?.parent()?.to_owned());
        let mut initdb = postgres.as_user("initdb");
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        let done = initdb.arg(&postgres.directory.0).output().expect("initdb starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Some(postgres)
    }

    /// Without data yet.
    fn new(programs: PathBuf) -> Self {
        let directory = Directory::new("postgres");
        // The server refuses a directory that others can read, and not every program of its closes it.
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&directory.0, private).expect("it is ours");
        give_away(&directory.0);
        Self { server: None, programs, port: free_port(), directory }
    }

    /// Starts a standby of it, which answers reads and follows its writes.
    #[must_use]
    pub fn standby(&self) -> Self {
        let mut standby = Self::new(self.programs.clone());
        let mut copy = self.as_user("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-h", "127.0.0.1"]);
        copy.args(["-U", "postgres", "-p", &self.port.to_string(), "-D"]).arg(&standby.directory.0);
        let done = copy.output().expect("pg_basebackup starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        standby.run();
        standby
    }

    /// Sets a parameter of the running server, for sessions that there are too.
    pub fn set(&self, parameter: &str, value: &str) {
        // Not in one string: it would be one transaction, and this must not be in one.
        let set = format!("ALTER SYSTEM SET {parameter} = {value}");
        assert!(self.succeeds("psql", &["-c", "SET default_transaction_read_only = off", "-c", &set]));
        assert!(self.succeeds("psql", &["-c", "SELECT pg_reload_conf()"]));
    }

    /// Its port on the loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it where it was stopped or killed, on the same port.
    pub fn run(&mut self) {
        let mut command = self.as_user("postgres");
        command.arg("-D").arg(&self.directory.0).args([
            "-p",
            &self.port.to_string(),
            "-k",
            "",
            "-h",
            "127.0.0.1",
        ]);
        command.args(["-c", "fsync=off", "-c", "max_connections=100"]);
        self.server = Some(Server::start(&mut command));
        let ready = || self.succeeds("psql", &["-c", "SELECT 1"]).then_some(());
        within(Duration::from_secs(30), "PostgreSQL answers", ready);
    }

    /// Kills it, as a machine that fails does.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.signal(Signal::KILL);
        }
    }

    /// Halts it without closing a connection.
    pub fn pause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on after a pause.
    pub fn unpause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// The URL of a new, empty database.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.succeeds("createdb", &[&name]), "a database can be made");
        format!("{}/{name}", self.url())
    }

    /// The URL of the server, without a database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Runs SQL in the database of a URL, and returns what it printed; the error is what it said.
    pub fn execute(&self, url: &str, sql: &str) -> Result<String, String> {
        let output = self
            .program("psql")
            .args(["--no-psqlrc", "-qtA", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
            .output();
        let output = output.expect("psql starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        let port = self.port.to_string();
        let mut command = self.program(program);
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port]).args(arguments);
        command.output().is_ok_and(|output| output.status.success())
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }

    fn as_user(&self, program: &str) -> Command {
        as_postgres(&self.programs.join(program))
    }
}

/// PostgreSQL and PgBouncer refuse to run as root.
pub(crate) fn as_postgres(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

/// Debian keeps the programs of each version apart, and out of the PATH.
fn debian_directories() -> impl Iterator<Item = PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions.filter_map(Result::ok).map(|version| version.path().join("bin"))
}

pub(crate) fn give_away(directory: &Path) {
    if rustix::process::geteuid().is_root() {
        let done = Command::new("chown").args(["-R", "postgres"]).arg(directory).status();
        assert!(done.is_ok_and(|status| status.success()), "the user postgres exists");
    }
}
