//! A server of another project that a test starts for itself: on a free port of the loopback, in a directory of its
//! own, and gone when the test is, however that ends.

use std::io::Write;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait::within;

/// Runs the server in a process group of its own, prints its id, and ends all of it as soon as the pipe to the test
/// closes: also when the test is killed, and when it is held by a static, which is never dropped.
const KEEPER: &str = r#"
setsid "$@" </dev/null >/dev/null 2>&1 & echo $!
exec >/dev/null
cat
kill -KILL -$!
"#;

/// A running server.
pub(crate) struct Server {
    keeper: Child,
    pipe: Option<ChildStdin>,
    group: Pid,
}

impl Server {
    /// Starts a program, which must stay in the foreground.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(command.get_program()).args(command.get_args());
        // Ctrl-C at the terminal ends the test; the keeper sees the pipe close.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().expect("sh starts");
        let mut line = String::new();
        let mut output = BufReader::new(keeper.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("the keeper prints an id");
        let id = line.trim().parse().ok().and_then(Pid::from_raw).expect("a process id");
        Self { pipe: keeper.stdin.take(), keeper, group: id }
    }

    /// Sends a signal to the server and then to its children, each of which may be a group of its own.
    pub(crate) fn signal(&self, signal: Signal) {
        let mut children = self.children();
        // They may have ended by themselves.
        let _ = kill_process_group(self.group, signal);
        if signal == Signal::STOP {
            // One that was born while the first list was read would go on.
            within(Duration::from_secs(5), "the server is stopped", || self.is_stopped().then_some(()));
            children = self.children();
        }
        for child in children.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)) {
            let _ = kill_process(child, signal);
        }
    }

    /// Ids of the server's children, as the kernel lists them.
    fn children(&self) -> String {
        let id = self.group.as_raw_nonzero();
        std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default()
    }

    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.group.as_raw_nonzero()));
        // The state follows the name, which is in brackets.
        stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.keeper.wait();
    }
}

/// A directory that goes with its owner. Its user is the one that the server runs as.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("flotilla-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory can be made");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port of the loopback that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Where a program is, or None after a line that says that its tests are skipped. With CI=true its absence fails.
pub(crate) fn find(program: &str, more: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = more
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join(program))
        .find(|path| path.is_file());
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found.is_some() || !ci, "{program} is not installed");
    if found.is_none() {
        // Not eprintln: the test harness keeps what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: {program} is not installed");
    }
    found
}
