//! A Redis of a test's own.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::server::{Directory, Server, find, free_port};
use crate::within;

/// A Redis on the loopback. It keeps a snapshot only when it is told to.
pub struct Redis {
    server: Option<Server>,
    port: u16,
    directory: Directory,
    arguments: Vec<String>,
}

impl Redis {
    /// Starts one with more arguments, such as `--requirepass secret`; None when it is not installed.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        let mut redis = Self::prepare(arguments)?;
        redis.run();
        Some(redis)
    }

    /// Prepares one that does not run yet: see [`Redis::run`].
    pub fn prepare(arguments: &[&str]) -> Option<Self> {
        find("redis-server", std::iter::empty())?;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Some(Self { server: None, port: free_port(), directory: Directory::new("redis"), arguments })
    }

    /// Starts the nodes of a cluster, all of them masters; one has all slots for itself.
    pub fn cluster(nodes: usize) -> Option<Vec<Self>> {
        let start = || Self::start(&["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()]);
        let nodes = (0..nodes).map(|_| start()).collect::<Option<Vec<Self>>>()?;
        match nodes.as_slice() {
            [one] => assert_eq!(one.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK"),
            several => {
                let addresses: Vec<String> =
                    several.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
                let mut words = vec!["--cluster-yes", "--cluster", "create"];
                words.extend(addresses.iter().map(String::as_str));
                let output = Command::new("redis-cli").args(words).output().expect("redis-cli starts");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            }
        }
        within(Duration::from_secs(30), "the cluster is up", || {
            let up = |node: &Self| node.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok");
            nodes.iter().all(up).then_some(())
        });
        Some(nodes)
    }

    /// Makes it a replica of another, with everything that this has.
    pub fn follow(&self, master: &Self) {
        self.command(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]);
        within(Duration::from_secs(30), "the replica is in step", || {
            self.command(&["INFO", "replication"]).contains("master_link_status:up").then_some(())
        });
    }

    /// Makes it a master.
    pub fn promote(&self) {
        assert_eq!(self.command(&["REPLICAOF", "NO", "ONE"]), "OK");
    }

    /// Starts it where it was killed, on the same port.
    pub fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--dir"]);
        // A replica that joins is not kept waiting for others to join with it.
        command.arg(&self.directory.0).args(["--repl-diskless-sync-delay", "0"]).args(&self.arguments);
        self.server = Some(Server::start(&mut command));
        let answers = || !self.command(&["PING"]).is_empty();
        within(Duration::from_secs(30), "Redis answers", || answers().then_some(()));
    }

    /// Kills it, as a machine that fails does.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Halts it without closing a connection.
    pub fn pause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on after a pause.
    pub fn unpause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Its URL, without a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a command, and returns what came back, empty when nothing answers.
    pub fn command(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let output =
            command.args(["-p", &self.port.to_string()]).args(words).output().expect("redis-cli starts");
        match output.status.success() {
            true => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            false => String::new(),
        }
    }
}
