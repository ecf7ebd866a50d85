//! The time as the bodies show it: RFC 3339 in UTC with `+00:00`, whole seconds.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Such as `2026-01-31T23:59:59+00:00`.
#[derive(Clone, Copy)]
pub struct Timestamp([u8; 25]);

thread_local! {
    /// The second that was asked for last, written: within one, every request shows the same.
    static LAST: Cell<(u64, Timestamp)> = Cell::new((0, Timestamp::at(0)));
}

impl Timestamp {
    /// The time now.
    pub fn now() -> Self {
        // A clock before 1970 is as wrong as 1970.
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (last, text) = LAST.get();
        if last == second {
            return text;
        }
        let text = Self::at(second);
        LAST.set((second, text));
        text
    }

    fn at(second: u64) -> Self {
        let time = UNIX_EPOCH + Duration::from_secs(second);
        let text = humantime::format_rfc3339_seconds(time).to_string();
        let text = format!("{}+00:00", text.trim_end_matches('Z'));
        Self(text.as_bytes().try_into().expect("a year has four digits for the next 7,000 years"))
    }

    /// Its text, where only bytes are wanted: it need not be checked.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was made of a string")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_with_an_offset_and_whole_seconds() {
        assert_eq!(Timestamp::at(1_769_903_999).as_str(), "2026-01-31T23:59:59+00:00");
        let now = Timestamp::now();
        assert!(humantime::parse_rfc3339(&now.as_str().replace("+00:00", "Z")).is_ok());
    }
}
