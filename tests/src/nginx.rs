//! An nginx of a test's own: a real server in front of nothing, which writes down what it was asked.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::server::{Directory, Server, find, free_port};
use crate::{Authority, within};

/// What it writes of a request, separated by tabs.
const LOG: &str = r"$connection\t$server_protocol\t$request_method\t$http_host\t$http_x_request_id";

/// A running nginx that answers every request with 200.
pub struct Nginx {
    /// Where it listens.
    pub address: SocketAddr,
    _server: Server,
    directory: Directory,
}

/// A request as nginx saw it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of its connection.
    pub connection: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: String,
    /// Its method.
    pub method: String,
    /// Its Host or `:authority`.
    pub host: String,
    /// Its `x-request-id`.
    pub id: String,
}

impl Nginx {
    /// Starts one whose `listen` has these words, such as `ssl http2`, with more lines for its server, and a certificate
    /// for `localhost`. None when it is not installed.
    pub fn start(authority: &Authority, words: &str, more: &str) -> Option<Self> {
        let program = find("nginx", ["/usr/sbin".into()].into_iter())?;
        let (directory, port) = (Directory::new("nginx"), free_port());
        let (certificate, key) = authority.certify("DNS:localhost");
        let (file, path) = (directory.0.join("nginx.conf"), directory.0.display());
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log {path}/errors;\nevents {{}}\nhttp {{\n\
             log_format account '{LOG}';\naccess_log {path}/log account;\nclient_body_temp_path {path};\n\
             server {{\nlisten 127.0.0.1:{port} {words};\nssl_certificate {certificate};\nssl_certificate_key {key};\n\
             location / {{ return 200 ok; }}\n{more}\n}}\n}}\n"
        );
        std::fs::write(&file, configuration).expect("it can be written");
        let server = Server::start(Command::new(program).arg("-p").arg(&directory.0).arg("-c").arg(&file));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        within(Duration::from_secs(30), "nginx listens", || TcpStream::connect(address).ok());
        Some(Self { address, _server: server, directory })
    }

    /// What it was asked so far. It writes a line when it has sent the answer.
    pub fn requests(&self) -> Vec<Request> {
        let log = std::fs::read_to_string(self.directory.0.join("log")).unwrap_or_default();
        log.lines().filter_map(read).collect()
    }
}

/// A connection that asked nothing is in the log, too, without a request.
fn read(line: &str) -> Option<Request> {
    let mut fields = line.split('\t').map(str::to_owned);
    let [connection, protocol, method, host, id] = std::array::from_fn(|_| fields.next());
    Some(Request {
        connection: connection?,
        protocol: protocol.filter(|protocol| !protocol.is_empty())?,
        method: method?,
        host: host?,
        id: id?,
    })
}
