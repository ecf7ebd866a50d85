//! TLS in front of a server that speaks none, by stunnel.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::server::{Directory, Server, find, free_port};
use crate::{Authority, within};

/// A running stunnel.
pub struct Stunnel {
    /// Where it takes TLS.
    pub address: SocketAddr,
    _server: Server,
    _directory: Directory,
}

impl Stunnel {
    /// Puts one before a server, with a certificate for a name such as `DNS:localhost`. `more` is lines for its service.
    /// None when it is not installed.
    pub fn start(authority: &Authority, name: &str, server: SocketAddr, more: &str) -> Option<Self> {
        let program = find("stunnel", std::iter::empty())?;
        let (directory, port) = (Directory::new("stunnel"), free_port());
        let (certificate, key) = authority.certify(name);
        let file = directory.0.join("stunnel.conf");
        let configuration = format!(
            "foreground = yes\npid =\nsyslog = no\n[tls]\naccept = 127.0.0.1:{port}\nconnect = {server}\n\
             cert = {certificate}\nkey = {key}\n{more}\n"
        );
        std::fs::write(&file, configuration).expect("it can be written");
        let server = Server::start(Command::new(program).arg(&file));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        within(Duration::from_secs(30), "stunnel listens", || TcpStream::connect(address).ok());
        Some(Self { address, _server: server, _directory: directory })
    }
}
