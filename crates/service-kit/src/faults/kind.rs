//! The kinds of faults, as the label `kind` of `fault_injected_total` names them.

/// What a rule may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Latency,
    Body,
    Truncate,
    Leak,
    Cpu,
    Crash,
    Readiness,
    Shutdown,
    Start,
    Cache,
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::Error,
        Self::Latency,
        Self::Body,
        Self::Truncate,
        Self::Leak,
        Self::Cpu,
        Self::Crash,
        Self::Readiness,
        Self::Shutdown,
        Self::Start,
        Self::Cache,
    ];

    /// The field of a rule, and the label.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Latency => "latency",
            Self::Body => "body",
            Self::Truncate => "truncate",
            Self::Leak => "leak",
            Self::Cpu => "cpu",
            Self::Crash => "crash",
            Self::Readiness => "readiness",
            Self::Shutdown => "shutdown",
            Self::Start => "start",
            Self::Cache => "cache",
        }
    }
}
