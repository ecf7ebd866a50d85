//! The OpenTelemetry Collector, which writes what it is sent into a file.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::server::{Directory, Server, find, free_port};
use crate::{Span, within};

/// A collector on the loopback. It forgets what it has when it is started anew.
pub struct Otelcol {
    server: Option<Server>,
    address: SocketAddr,
    directory: Directory,
}

impl Otelcol {
    /// Starts one; None, with a printed reason, when it is not built.
    pub fn start() -> Option<Self> {
        let mut collector = Self::prepare()?;
        collector.run();
        Some(collector)
    }

    /// Prepares one that does not run yet: see [`Otelcol::run`].
    pub fn prepare() -> Option<Self> {
        find("otelcol", std::iter::once(root().join(".venv/bin")))?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Some(Self { server: None, address, directory: Directory::new("otelcol") })
    }

    /// Starts it, where it was killed on the same port.
    pub fn run(&mut self) {
        let program = find("otelcol", std::iter::once(root().join(".venv/bin"))).expect("it was there");
        let mut command = Command::new("env");
        command.arg(format!("OTLP_ADDR={}", self.address)).arg(format!("OTLP_FILE={}", self.file()));
        command.arg(program).arg("--config").arg(root().join("tests/otelcol/config.yaml"));
        self.server = Some(Server::start(&mut command));
        within(Duration::from_mins(1), "the collector listens", || TcpStream::connect(self.address).ok());
    }

    /// Kills it, as a machine that fails does.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Halts it: it takes connections, and answers nothing.
    pub fn pause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on after a pause.
    pub fn unpause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Its URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans that it has been sent since it was started.
    pub fn spans(&self) -> Vec<Span> {
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        // The last line may be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().flat_map(Span::of_line).collect()
    }

    /// Waits until it has the spans that are asked for.
    pub fn wait<T>(&self, what: &str, mut ask: impl FnMut(Vec<Span>) -> Option<T>) -> T {
        within(Duration::from_secs(20), what, || ask(self.spans()))
    }

    fn file(&self) -> String {
        self.directory.0.join("traces.jsonl").display().to_string()
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
