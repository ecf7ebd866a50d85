//! Readiness that comes and goes, or never comes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

use super::effect::Until;
use super::field::Field;
use crate::config::value;

/// How a rule keeps the process from being ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Never,
    /// Each period ends with this long a time in which it is not ready.
    Comes {
        down_for: Duration,
        every: Duration,
    },
}

impl Readiness {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, String> {
        if field.text().is_some() {
            let never = |text: &str| if text == "never" { Ok(Self::Never) } else { Err(()) };
            return field.parse(|text| {
                never(text).map_err(|()| "must be never, or {down_for: 5s, every: 30s}".to_owned())
            });
        }
        let fields = field.fields(&["down_for", "every"])?;
        let (down_for, every) =
            (fields.need("down_for", value::duration)?, fields.need("every", value::duration)?);
        match !down_for.is_zero() && down_for < every {
            true => Ok(Self::Comes { down_for, every }),
            false => Err(fields.problem("down_for must be more than 0 and less than every")),
        }
    }

    /// Sets `down` while it is not ready. Counts each time that it goes down.
    pub(super) fn run(self, down: &AtomicBool, counter: &IntCounter, until: &Until) {
        let set = |is_down| {
            down.store(is_down, Ordering::Relaxed);
            counter.inc_by(u64::from(is_down));
        };
        match self {
            Self::Never => {
                set(true);
                until.wait();
            }
            Self::Comes { down_for, every } => {
                // Each wait is for a time since the beginning, so that none drifts.
                let mut goes = Instant::now() + every.saturating_sub(down_for);
                let wait = |time: Instant| until.pause(time.saturating_duration_since(Instant::now()));
                while wait(goes) {
                    set(true);
                    if !wait(goes + down_for) {
                        break;
                    }
                    set(false);
                    goes += every;
                }
            }
        }
        set(false);
    }
}
