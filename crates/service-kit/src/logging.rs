//! Log lines: what they look like, and how they leave the process without holding up a request.

mod line;
mod writer;

use std::future::Future;
use std::io::IsTerminal;

use tracing::Metadata;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;
pub use writer::Writer;
pub(crate) use writer::dropped_lines;

/// Libraries whose events hold what they carry, headers with session tokens and bodies with secrets, some of them even
/// at `warn`. None of it is logged at any level: what they fail at comes back as an error, and whoever gets it logs it.
const CARRIERS: [&str; 4] = ["aws_", "h2", "hyper", "rustls"];

tokio::task_local! {
    /// The service that the running task works for: several share a process in the fleet.
    static SERVICE: &'static str;
}

/// Runs a future whose log lines carry the service's name.
pub fn in_service<F: Future>(service: &'static str, future: F) -> impl Future<Output = F::Output> {
    SERVICE.scope(service, future)
}

/// Starts logging to standard output. Once a process; the returned writer flushes what is left when it is dropped.
///
/// `directive` is an `EnvFilter` directive that the configuration has accepted. A panic is logged as an error, so
/// that it is one line in the stream that everyone reads.
pub fn init(directive: &str, format: Option<LogFormat>) -> Writer {
    let format = format.unwrap_or_else(|| match std::io::stdout().is_terminal() {
        true => LogFormat::Text,
        false => LogFormat::Json,
    });
    let writer = Writer::start(std::io::stdout());
    tracing_subscriber::registry()
        .with(tracing_subscriber::EnvFilter::new(directive))
        .with(tracing_subscriber::filter::filter_fn(shows_no_secret))
        .with(line::Lines::new(format, writer.queue()))
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("unknown");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panic: {message}");
    }));
    writer
}

fn shows_no_secret(metadata: &Metadata<'_>) -> bool {
    !CARRIERS.iter().any(|library| metadata.target().starts_with(library))
}
