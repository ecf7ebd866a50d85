//! The configuration that every service has, parsed once at start into real types.

mod parse;
pub mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use parse::{Invalid, Parsed, SECRETS, parse};
use value::{Buckets, Secret};

use crate::trace;

/// The edges of the request histogram, in seconds. The SLO lines 0.3 and 0.4 are edges, so that the share of
/// requests below them is exact.
const HTTP_BUCKETS: &str = "0.0005,0.001,0.0025,0.005,0.01,0.025,0.05,0.1,0.2,0.3,0.4,0.5,0.75,1,2.5,5,10";

/// The environment variables of a process, or what stands in for them.
pub type Variables = std::collections::BTreeMap<std::ffi::OsString, std::ffi::OsString>;

/// What every service reads from flags and the same-named variables (`--http-addr` is `HTTP_ADDR`).
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Address of the public listener [default: the service's port on every address, IPv4 and IPv6]
    #[arg(long, value_name = "IP:PORT", value_parser = address)]
    pub http_addr: Option<SocketAddr>,
    /// Address of the management listener: probes, scrapes, faults [default: port 4040, likewise]
    #[arg(long, value_name = "IP:PORT", value_parser = address)]
    pub management_addr: Option<SocketAddr>,
    /// Name of the environment: echoed in bodies, and the `env` label of every metric
    #[arg(long, value_name = "NAME", value_parser = value::word, default_value = "local")]
    pub environment: String,
    /// Version of the service: echoed in bodies, and the `version` label of every metric [default: the binary's]
    #[arg(long, value_name = "VERSION", value_parser = value::word)]
    pub service_version: Option<String>,
    /// Commit that the service was built from, set by its image: in `/version`, and the `commit` label of
    /// `app_build_info`
    // Not compiled in: every commit would then link every service anew, and the same sources give another binary.
    #[arg(long, value_name = "COMMIT", value_parser = value::word, default_value = "unknown")]
    pub build_commit: String,
    /// How long after start `/readyz` says 503
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "0")]
    pub readiness_delay_sec: Duration,
    /// How long after SIGTERM new requests are still accepted, while `/readyz` says 503
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "5")]
    pub drain_delay_sec: Duration,
    /// How long requests in flight may take after the drain delay
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "20")]
    pub shutdown_timeout_sec: Duration,
    /// How long a request may take before it is answered 503
    #[arg(long, value_name = "SECONDS", value_parser = value::positive_seconds, default_value = "30")]
    pub request_timeout_sec: Duration,
    /// The largest request body, in bytes; a larger one is answered 413
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "1048576")]
    pub max_body_bytes: u64,
    /// What all requests together may hold of bodies, in bytes; one that would pass it is answered 503
    // With the default, and the places of MAX_CONNECTIONS, the charts' memory limits hold.
    #[arg(long, value_name = "BYTES", value_parser = value::bytes, default_value = "16777216")]
    pub max_buffered_bytes: u64,
    /// How many connections the public listener takes; beyond it the longest idle is ended, and without one a new one refused
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=1_000_000), default_value = "1024")]
    pub max_connections: u32,
    /// How long a connection may rest between two requests; longer than the balancer in front keeps it, or it loses some
    // Envoy keeps them for an hour, Google's balancers for ten minutes: a server that closes first loses the request
    // that is on its way.
    #[arg(long, value_name = "SECONDS", value_parser = value::positive_seconds, default_value = "3700")]
    pub idle_timeout_sec: Duration,
    /// Format of log lines, `text` or `json` [default: text on a terminal, else json]
    #[arg(long, value_name = "FORMAT", value_parser = log_format)]
    pub log_format: Option<LogFormat>,
    /// What is logged: an `EnvFilter` directive such as `info` or `info,http=off`
    #[arg(long, value_name = "DIRECTIVE", value_parser = log_level, default_value = "info")]
    pub log_level: String,
    /// Edges of the request histograms, in seconds
    #[arg(long, value_name = "LIST", default_value = HTTP_BUCKETS)]
    pub http_buckets: Buckets,
    /// File with the fault rules; it is read again whenever it changes
    #[arg(long, value_name = "FILE")]
    pub faults_file: Option<PathBuf>,
    /// File with the fault rules that belong to the release, set by its image; those of `FAULTS_FILE` go before them
    #[arg(long, value_name = "FILE")]
    pub release_faults_file: Option<PathBuf>,
    /// Token that allows `/faults` on the management listener; unset, that path is 404
    #[arg(long, value_name = "TOKEN", help_heading = SECRETS, value_parser = admin_token)]
    pub admin_token: Option<Secret>,
    /// Whether and where to requests are traced
    #[command(flatten)]
    pub traces: trace::Settings,
    /// Names of the variables that are set, whoever reads them.
    #[arg(skip)]
    pub(crate) set: Vec<String>,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 0.0.0.0:8080 or [::]:8080".to_owned())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

/// An `EnvFilter` directive, checked.
pub fn log_level(text: &str) -> Result<String, String> {
    // EnvFilter takes any bare word for the name of a target, and would turn everything else off: a typing error.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let mut words = text.split(',').map(str::trim).filter(|part| !part.contains(['=', '[']));
    let known = words.all(|word| levels.iter().any(|level| word.eq_ignore_ascii_case(level)));
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) if known => Ok(text.to_owned()),
        _ => Err("must be an EnvFilter directive such as info, debug or info,http=off".to_owned()),
    }
}

/// A token that could not stand in a header would lock everyone out without a word.
fn admin_token(text: &str) -> Result<Secret, String> {
    value::word(text)?.parse()
}
