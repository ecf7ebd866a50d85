//! An event as a line: one JSON object, or text for people.
//!
//! tracing-subscriber's own JSON format costs a quarter of a small service's throughput (docs/PERFORMANCE.md); this
//! writes each field once, straight into the line.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::SERVICE;
use super::writer::Queue;
use crate::config::LogFormat;
use crate::trace::{self, RequestTrace};

/// The layer that writes every event as a line into the queue.
pub(super) struct Lines {
    format: LogFormat,
    queue: Arc<Queue>,
}

impl Lines {
    pub(super) fn new(format: LogFormat, queue: Arc<Queue>) -> Self {
        Self { format, queue }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let service = SERVICE.try_with(|name| *name).unwrap_or("-");
        // An access line has about 250 bytes: one allocation serves nearly every line.
        let mut line = String::with_capacity(320);
        let written = match self.format {
            LogFormat::Json => {
                let start = r#"{"timestamp":""#;
                write!(line, r#"{start}{now}","level":"{level}","service":"{service}","target":"{target}""#)
            }
            LogFormat::Text => write!(line, "{now} {level:5} {service}"),
        };
        written.expect("a String takes every write");
        match self.format {
            LogFormat::Json => {
                trace::with(|trace| write_trace(&mut line, trace));
                event.record(&mut JsonFields(&mut line));
                line.push_str("}\n");
            }
            LogFormat::Text => {
                event.record(&mut TextFields(&mut line));
                line.push('\n');
            }
        }
        self.queue.push(line);
    }
}

/// Which span the request reports that the line is about.
fn write_trace(line: &mut String, trace: &RequestTrace) {
    let trace_id = trace.trace_digits();
    let span_id = trace.span_digits();
    for (key, digits) in
        [("trace_id", Some(trace_id.as_slice())), ("span_id", span_id.as_ref().map(<[u8; 16]>::as_slice))]
    {
        if let Some(digits) = digits {
            let digits = str::from_utf8(digits).expect("digits are ASCII");
            write!(line, r#","{key}":"{digits}""#).expect("a String takes every write");
        }
    }
}

struct JsonFields<'a>(&'a mut String);

impl JsonFields<'_> {
    fn key(&mut self, field: &Field) {
        self.0.push_str(",\"");
        self.0.push_str(field.name());
        self.0.push_str("\":");
    }

    fn plain(&mut self, field: &Field, value: impl std::fmt::Display) {
        self.key(field);
        write!(self.0, "{value}").expect("a String takes every write");
    }
}

impl Visit for JsonFields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.key(field);
        json_string(self.0, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.key(field);
        json_string(self.0, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }
}

struct TextFields<'a>(&'a mut String);

impl Visit for TextFields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{}", value.escape_debug()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        written.expect("a String takes every write");
    }
}

/// Appends a JSON string. Nearly every value needs no escape, and then is copied as it is.
fn json_string(line: &mut String, value: &str) {
    if value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        line.push('"');
        line.push_str(value);
        line.push('"');
        return;
    }
    line.push_str(&serde_json::Value::from(value).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_valid_json_whatever_they_hold() {
        for text in ["plain", "quote\" back\\ new\nline \u{1} ü \u{2028}", ""] {
            let mut line = String::new();
            json_string(&mut line, text);
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
