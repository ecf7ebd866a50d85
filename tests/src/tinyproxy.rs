//! An egress proxy of a test's own.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::server::{Directory, Server, find, free_port};
use crate::within;

/// A running tinyproxy.
pub struct Tinyproxy {
    /// Where it listens.
    pub address: SocketAddr,
    _server: Server,
    directory: Directory,
}

impl Tinyproxy {
    /// Starts one with more lines for its configuration, such as `BasicAuth user password`; None when it is not
    /// installed.
    pub fn start(more: &str) -> Option<Self> {
        let program = find("tinyproxy", std::iter::empty())?;
        let (directory, port) = (Directory::new("tinyproxy"), free_port());
        let (file, log) = (directory.0.join("tinyproxy.conf"), directory.0.join("log"));
        let configuration = format!(
            "Port {port}\nListen 127.0.0.1\nLogFile \"{}\"\nLogLevel Connect\n{more}\n",
            log.display()
        );
        std::fs::write(&file, configuration).expect("it can be written");
        let server = Server::start(Command::new(program).arg("-d").arg("-c").arg(&file));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        within(Duration::from_secs(30), "tinyproxy listens", || TcpStream::connect(address).ok());
        Some(Self { address, _server: server, directory })
    }

    /// The request lines that it has seen: `CONNECT host:port HTTP/1.1`, `GET http://host/ HTTP/1.1`.
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.directory.0.join("log")).unwrap_or_default();
        let lines = log.lines().filter(|line| line.contains("Request (file descriptor"));
        lines.filter_map(|line| Some(line.split_once("): ")?.1.to_owned())).collect()
    }
}
