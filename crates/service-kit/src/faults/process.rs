//! What a rule does to the process, whatever is asked of it.

use std::time::Duration;

use super::burn::Cores;
use super::field::{Field, Fields};
use super::kind::Kind;
use super::leak::Leak;
use super::readiness::Readiness;
use crate::config::value;

/// One such fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProcessFault {
    Leak(Leak),
    Cpu(Cores),
    /// Ends the process this long after the rule was loaded.
    Crash(Duration),
    Readiness(Readiness),
    /// SIGTERM ends it without draining.
    Shutdown,
    /// It listens this long after it was started.
    Start(Duration),
    /// What lies in the service's cache is not found.
    CacheMiss,
}

impl ProcessFault {
    /// All that a rule names.
    pub(super) fn read_all(rule: &Fields<'_>) -> Result<Vec<Self>, String> {
        let read = |kind: Kind, reader: fn(&Field<'_>) -> Result<Option<Self>, String>| {
            rule.get(kind.name()).map(|field| reader(&field)).transpose().map(Option::flatten)
        };
        let faults = [
            read(Kind::Leak, |field| Leak::read(field).map(|leak| Some(Self::Leak(leak))))?,
            read(Kind::Cpu, |field| field.parse(Cores::parse).map(|cores| Some(Self::Cpu(cores))))?,
            read(Kind::Crash, |field| Ok(crash(field)?.0.map(Self::Crash)))?,
            read(Kind::Readiness, |field| Readiness::read(field).map(|how| Some(Self::Readiness(how))))?,
            read(Kind::Shutdown, |field| field.parse(only("abrupt")).map(|()| Some(Self::Shutdown)))?,
            read(Kind::Start, |field| {
                let fields = field.fields(&["delay"])?;
                fields.need("delay", value::duration).map(|delay| Some(Self::Start(delay)))
            })?,
            read(Kind::Cache, |field| field.parse(only("miss")).map(|()| Some(Self::CacheMiss)))?,
        ];
        Ok(faults.into_iter().flatten().collect())
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Leak(_) => Kind::Leak,
            Self::Cpu(_) => Kind::Cpu,
            Self::Crash(_) => Kind::Crash,
            Self::Readiness(_) => Kind::Readiness,
            Self::Shutdown => Kind::Shutdown,
            Self::Start(_) => Kind::Start,
            Self::CacheMiss => Kind::Cache,
        }
    }
}

/// After a time, or at the request of this number.
pub(super) fn crash(field: &Field<'_>) -> Result<(Option<Duration>, Option<u64>), String> {
    let fields = field.fields(&["after", "requests"])?;
    let requests = |text: &str| match text.parse() {
        Ok(requests) if requests > 0 => Ok(requests),
        _ => Err("must be a whole number from 1".to_owned()),
    };
    match (fields.parse("after", value::duration)?, fields.parse("requests", requests)?) {
        (None, None) | (Some(_), Some(_)) => {
            Err(fields.problem("needs after, such as 40s, or requests, such as 500"))
        }
        after_or_requests => Ok(after_or_requests),
    }
}

fn only(word: &str) -> impl Fn(&str) -> Result<(), String> {
    move |text| if text == word { Ok(()) } else { Err(format!("must be {word}")) }
}

/// Ends the process as a failed assertion does: exit code 134, and nothing is said or written any more.
pub(super) fn abort(rule: &str) -> ! {
    // Not to the log, whose thread would need time in which other requests are answered.
    eprintln!("fault rule {rule:?}: crash");
    if std::process::id() == 1 {
        // The kernel keeps SIGABRT from a container's first process. A shell and the kubelet see the same code.
        #[expect(clippy::disallowed_methods, reason = "a crash skips destructors")]
        std::process::exit(134);
    }
    std::process::abort()
}
