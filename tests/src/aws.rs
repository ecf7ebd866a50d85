//! Emulators of AWS that others wrote, each started once for all tests of a process.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use crate::server::{Server, find, free_port};
use crate::within;

/// An emulator of S3 and SSM, with data (`tests/aws/seed.py`).
pub struct Aws {
    /// Where it listens.
    pub address: SocketAddr,
    /// The same as a URL.
    pub url: String,
    /// The buckets in it: `bucket-00` and on.
    pub buckets: usize,
    /// The parameters in it below `/flotilla/local/`.
    pub inside: usize,
    /// Other parameters: a quarter each of siblings that begin alike, of `/flotilla/production/`, of another tree, and
    /// of names without a path.
    pub outside: usize,
    _server: Server,
}

impl Aws {
    /// ministack, which pages as AWS does. None, with a printed reason, when it is not installed.
    pub fn ministack() -> Option<&'static Self> {
        static MINISTACK: LazyLock<Option<Aws>> = LazyLock::new(|| {
            let (program, port) = (find("ministack", python())?, free_port());
            let directory = std::env::temp_dir();
            let mut command = Command::new("env");
            command.arg(format!("--chdir={}", directory.display())).arg("BIND_HOST=127.0.0.1");
            command.arg(format!("GATEWAY_PORT={port}")).arg(program);
            Some(Aws::start(&mut command, port, [25, 1_200, 300], &["--empty"]))
        });
        MINISTACK.as_ref()
    }

    /// moto, which is the stricter about arguments, with less data. None, with a printed reason, when it is not
    /// installed.
    pub fn moto() -> Option<&'static Self> {
        static MOTO: LazyLock<Option<Aws>> = LazyLock::new(|| {
            let (program, port) = (find("moto_server", python())?, free_port());
            let mut command = Command::new(program);
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            Some(Aws::start(&mut command, port, [3, 60, 8], &[]))
        });
        MOTO.as_ref()
    }

    fn start(command: &mut Command, port: u16, data: [usize; 3], more: &[&str]) -> Self {
        let server = Server::start(command);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        within(Duration::from_mins(1), "the emulator listens", || TcpStream::connect(address).ok());
        let [buckets, inside, outside] = data;
        let aws =
            Self { address, url: format!("http://{address}"), buckets, inside, outside, _server: server };
        let mut seed = Command::new(root().join(".venv/bin/python"));
        seed.arg(root().join("tests/aws/seed.py")).arg(&aws.url).args(data.map(|count| count.to_string()));
        assert!(seed.args(more).status().expect("python runs").success(), "the emulator takes the data");
        aws
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where the stage that installs the emulators puts them.
fn python() -> impl Iterator<Item = PathBuf> {
    std::iter::once(root().join(".venv/bin"))
}
