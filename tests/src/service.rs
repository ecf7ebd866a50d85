//! A service in a process of its own, on free ports of the loopback, with exactly the environment that the test names.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{Answer, Series, send, within};

/// A running service; it is killed when dropped.
pub struct Service {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    /// The address of the public listener.
    pub public: SocketAddr,
    /// The address of the management listener.
    pub management: SocketAddr,
}

/// The path of a binary of the workspace, for tests outside its package. Build it first: `cargo build --workspace`.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    let directory = test.ancestors().find(|path| path.ends_with("debug") || path.ends_with("release"));
    let path = directory.expect("tests run from the target directory").join(name);
    assert!(path.is_file(), "{} is not there: run `cargo build --workspace`", path.display());
    path
}

impl Service {
    /// Starts a binary on free ports, with these variables and no others, and waits until it listens.
    pub fn start(binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary.as_ref());
        command.env_clear().envs([
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("MANAGEMENT_ADDR", "127.0.0.1:0"),
            ("DRAIN_DELAY_SEC", "0"),
            ("LOG_FORMAT", "json"),
        ]);
        command.envs(variables.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let sink = Arc::clone(&lines);
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| push(&sink, line)));
        let listening = within(Duration::from_secs(20), "the service listens", || {
            let found = lines.lock().expect("no panic").iter().find_map(|line| listening(line));
            assert!(found.is_some() || child.try_wait().expect("a child").is_none(), "it ended at once");
            found
        });
        Self { child, lines, public: listening.0, management: listening.1 }
    }

    /// Sends a request to the public listener. `path` begins with `/` and may hold a query.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(self.public, method, path, headers, body)
    }

    /// GET from the public listener.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends a request to the management listener.
    pub fn manage(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(self.management, method, path, headers, body)
    }

    /// A scrape of the management listener.
    pub fn metrics(&self) -> Vec<Series> {
        Series::parse(&self.manage("GET", "/metrics", &[], "").body)
    }

    /// The sum of all series of the name that have the labels.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.metrics().iter().filter(|series| series.is(name, labels)).map(|series| series.value).sum()
    }

    /// The lines that it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.lines.lock().expect("no panic").clone()
    }

    /// Its resident memory in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        line.trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until it has ended.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        within(limit, "the service ends", || self.child.try_wait().expect("a child"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn push(lines: &Mutex<Vec<String>>, line: String) {
    lines.lock().expect("no panic").push(line);
}

fn listening(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let address = |key: &str| line[key].as_str()?.parse().ok();
    (line["message"] == "listening").then_some((address("http")?, address("management")?))
}

fn exchange(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.as_bytes().to_vec()).expect("a valid request");
    send(request).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}
