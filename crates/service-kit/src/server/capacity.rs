//! How many connections each listener takes: as configured, and never so many that the process runs out of file
//! descriptors, which its probes, files and upstream connections need too.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside connections: logs, sockets of the listeners, the runtime, files that are read.
const OTHERS: u64 = 24;

/// Far more than probes and scrapes need.
const MOST_MANAGEMENT: u64 = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Capacity {
    pub(super) public: usize,
    pub(super) management: usize,
}

impl Capacity {
    /// Of this process, which may then open as many files as it is allowed to at all.
    pub(super) fn of_process(max_connections: u32) -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let descriptors = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(_) => limit.current,
        };
        Self::new(max_connections, descriptors.unwrap_or(u64::MAX))
    }

    /// A request may need a connection to a service behind this one: half of the descriptors are for those.
    fn new(max_connections: u32, descriptors: u64) -> Self {
        let management = (descriptors / 8).clamp(4, MOST_MANAGEMENT);
        let public = (descriptors.saturating_sub(management + OTHERS) / 2).clamp(1, max_connections.into());
        Self { public: public as usize, management: management as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_listener_leaves_half_of_the_descriptors() {
        for (descriptors, public, management) in
            [(u64::MAX, 1024, 64), (20_000, 1024, 64), (1024, 468, 64), (120, 40, 15), (10, 1, 4)]
        {
            assert_eq!(Capacity::new(1024, descriptors), Capacity { public, management }, "{descriptors}");
        }
    }
}
