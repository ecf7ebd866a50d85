//! The real binary, run to its end within a bounded time.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No run of these tests takes half as long.
const DEADLINE: Duration = Duration::from_secs(15);

/// What a finished run said.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Load {
    /// The report: exactly one line of JSON and nothing else.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).expect("the report is JSON")
    }
}

/// Runs `flotilla load URL --json` with these arguments.
pub(crate) fn load(url: &str, arguments: &[&str]) -> Load {
    finish(start(url, &[&["--json"], arguments].concat()))
}

/// The same, trusting the authorities in a file.
pub(crate) fn load_trusting(file: &str, url: &str, arguments: &[&str]) -> Load {
    let mut command = command(url, &[&["--json"], arguments].concat());
    finish(spawn(command.env("SSL_CERT_FILE", file)))
}

/// Starts `flotilla load URL`; its outputs are pipes, so nothing live is printed.
pub(crate) fn start(url: &str, arguments: &[&str]) -> Running {
    spawn(&mut command(url, arguments))
}

fn command(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flotilla"));
    command.args(["load", url]).args(arguments);
    command
}

fn spawn(command: &mut Command) -> Running {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    Running(child.expect("the binary starts"))
}

/// A run that is killed when its test ends first.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("the run is alive");
    }

    pub(crate) fn finish(self) -> Load {
        finish(self)
    }

    /// Interrupts again and again, since two signals at once may count as one.
    pub(crate) fn interrupt_until_it_ends(mut self) -> Load {
        let deadline = Instant::now() + DEADLINE;
        while self.0.try_wait().expect("the run is our child").is_none() {
            assert!(Instant::now() < deadline, "the run did not end within {DEADLINE:?}");
            self.interrupt();
            std::thread::sleep(Duration::from_millis(20));
        }
        finish(self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what we want.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn finish(mut running: Running) -> Load {
    let deadline = Instant::now() + DEADLINE;
    let status = loop {
        if let Some(status) = running.0.try_wait().expect("the run is our child") {
            break status;
        }
        assert!(Instant::now() < deadline, "the run did not end within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |pipe: &mut dyn std::io::Read| std::io::read_to_string(pipe).expect("the output is text");
    let stdout = read(running.0.stdout.as_mut().expect("piped"));
    let stderr = read(running.0.stderr.as_mut().expect("piped"));
    Load { code: status.code(), stdout, stderr }
}
