//! The standard variables of OpenTelemetry: whether, where to and how traces are reported.

mod endpoint;
mod headers;
mod pairs;

use std::time::Duration;

use http::HeaderMap;

use super::propagators::Propagators;
use super::sampler::{self, Decision, Sampler};
use crate::config::{Invalid, SECRETS, value};
pub use endpoint::Endpoint;
pub use headers::Headers;
pub use pairs::ResourceAttributes;

/// Where traces go below an endpoint that is for all signals.
const PATH: &str = "/v1/traces";

/// What every service reads about traces. Empty is unset, as everywhere.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Settings {
    /// URL of an OpenTelemetry collector that takes OTLP over HTTP, without the path; unset, nothing is traced
    #[arg(long, value_name = "URL")]
    pub otel_exporter_otlp_endpoint: Option<Endpoint>,
    /// The same for traces alone, as it is: with the path
    #[arg(long, value_name = "URL")]
    pub otel_exporter_otlp_traces_endpoint: Option<Endpoint>,
    /// The collector's protocol: `http/protobuf`, and no other
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol, default_value = HTTP_PROTOBUF)]
    pub otel_exporter_otlp_protocol: String,
    /// The same for traces alone
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol, default_value = HTTP_PROTOBUF)]
    pub otel_exporter_otlp_traces_protocol: String,
    /// How long the collector may take to answer
    #[arg(long, value_name = "MILLISECONDS", value_parser = milliseconds, default_value = "10000")]
    pub otel_exporter_otlp_timeout: Duration,
    /// The same for traces alone [default: that]
    #[arg(long, value_name = "MILLISECONDS", value_parser = milliseconds)]
    pub otel_exporter_otlp_traces_timeout: Option<Duration>,
    /// Who exports traces: `otlp`, or `none` to trace nothing
    #[arg(long, value_name = "EXPORTER", value_parser = exporter, default_value = OTLP)]
    pub otel_traces_exporter: String,
    /// Whether nothing is traced, whatever else is set: `true` or `false`
    #[arg(long, value_name = "BOOL", value_parser = switch, action = clap::ArgAction::Set, default_value = "false")]
    pub otel_sdk_disabled: bool,
    /// Name of the service in traces [default: its own]
    #[arg(long, value_name = "NAME")]
    pub otel_service_name: Option<String>,
    /// More that traces say about the service: `key=value` with commas between them, percent-encoded
    #[arg(long, value_name = "LIST")]
    pub otel_resource_attributes: Option<ResourceAttributes>,
    /// Which requests are traced: `always_on`, `always_off`, `traceidratio`, or one of these behind `parentbased_`
    #[arg(long, value_name = "SAMPLER", default_value = "parentbased_always_on")]
    pub otel_traces_sampler: Sampler,
    /// The share that `traceidratio` traces
    #[arg(long, value_name = "RATE", value_parser = sampler::ratio, default_value = "1")]
    pub otel_traces_sampler_arg: f64,
    /// What is read from requests and passed on: `tracecontext`, `baggage`, or `none`
    #[arg(long, value_name = "LIST", default_value = "tracecontext,baggage")]
    pub otel_propagators: Propagators,
    /// How long spans are gathered before they are sent
    #[arg(long, value_name = "MILLISECONDS", value_parser = milliseconds, default_value = "5000")]
    pub otel_bsp_schedule_delay: Duration,
    /// How many spans may wait to be sent; one more is dropped
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=65_536), default_value = "2048")]
    pub otel_bsp_max_queue_size: u32,
    /// How many spans are sent at once [default: 512, or as many as may wait]
    #[arg(long, value_name = "COUNT", value_parser = value::number(1..=65_536))]
    pub otel_bsp_max_export_batch_size: Option<u32>,
    /// How long spans are tried to be sent, over and over
    #[arg(long, value_name = "MILLISECONDS", value_parser = milliseconds, default_value = "30000")]
    pub otel_bsp_export_timeout: Duration,
    /// Headers for the collector: `name=value` with commas between them, percent-encoded
    #[arg(long, value_name = "LIST", help_heading = SECRETS)]
    pub otel_exporter_otlp_headers: Option<Headers>,
    /// The same for traces alone, in place of those
    #[arg(long, value_name = "LIST", help_heading = SECRETS)]
    pub otel_exporter_otlp_traces_headers: Option<Headers>,
}

/// What other programs that trace would honour.
pub(crate) const IGNORED: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
];

const HTTP_PROTOBUF: &str = "http/protobuf";
const OTLP: &str = "otlp";

/// The default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
const BATCH: usize = 512;

/// Where spans go, and how long they are tried to be sent.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) headers: HeaderMap,
    /// What one attempt may take.
    pub(super) attempt: Duration,
    /// What all attempts for one batch may take.
    pub(super) patience: Duration,
    /// How long spans are gathered.
    pub(super) delay: Duration,
}

impl Settings {
    /// Refuses what is wrong only together.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        match self.otel_bsp_max_export_batch_size {
            Some(batch) if batch > self.otel_bsp_max_queue_size => Err(Invalid::new(
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                Some(&batch.to_string()),
                "must not be more than OTEL_BSP_MAX_QUEUE_SIZE",
            )),
            _ => Ok(()),
        }
    }

    /// None when nothing is to be traced.
    pub(super) fn target(&self) -> Option<Target> {
        if self.otel_sdk_disabled || self.otel_traces_exporter != OTLP {
            return None;
        }
        let all = || self.otel_exporter_otlp_endpoint.as_ref().map(|endpoint| endpoint.below(PATH));
        let headers =
            self.otel_exporter_otlp_traces_headers.as_ref().or(self.otel_exporter_otlp_headers.as_ref());
        Some(Target {
            endpoint: self.otel_exporter_otlp_traces_endpoint.clone().or_else(all)?,
            headers: headers.map(|headers| headers.map().clone()).unwrap_or_default(),
            attempt: self.otel_exporter_otlp_traces_timeout.unwrap_or(self.otel_exporter_otlp_timeout),
            patience: self.otel_bsp_export_timeout,
            delay: self.otel_bsp_schedule_delay,
        })
    }

    pub(super) fn sampler(&self) -> Decision {
        Decision::new(self.otel_traces_sampler, self.otel_traces_sampler_arg)
    }

    pub(super) fn queue_size(&self) -> usize {
        self.otel_bsp_max_queue_size as usize
    }

    pub(super) fn batch_size(&self) -> usize {
        let queue = self.queue_size();
        self.otel_bsp_max_export_batch_size.map_or(BATCH.min(queue), |batch| batch as usize)
    }

    #[cfg(test)]
    pub(super) fn for_tests(variables: &[(&str, &str)]) -> Result<Self, Invalid> {
        use crate::config::{Parsed, parse};

        #[derive(Debug, clap::Args)]
        struct NoConfig {}

        let info = crate::Info { name: "test", version: "1", port: 0 };
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        match parse::<NoConfig>(&info, std::iter::empty(), &variables)? {
            Parsed::Run(config, NoConfig {}) => Ok(config.traces),
            Parsed::Print(text) => panic!("nobody has asked for {text}"),
        }
    }
}

fn protocol(text: &str) -> Result<String, String> {
    match text {
        HTTP_PROTOBUF => Ok(text.to_owned()),
        _ => Err(format!("must be {HTTP_PROTOBUF}: it is the only protocol that is spoken here")),
    }
}

fn exporter(text: &str) -> Result<String, String> {
    match text {
        OTLP | "none" => Ok(text.to_owned()),
        _ => Err("must be otlp or none".to_owned()),
    }
}

/// In upper case too, as OpenTelemetry allows it.
fn switch(text: &str) -> Result<bool, String> {
    value::boolean(&text.to_ascii_lowercase())
}

/// A span of time in whole milliseconds, up to an hour.
fn milliseconds(text: &str) -> Result<Duration, String> {
    value::number(1..=3_600_000)(text)
        .map(|number| Duration::from_millis(number.into()))
        .map_err(|_| "must be a number of milliseconds from 1 to 3600000, such as 5000".to_owned())
}

#[cfg(test)]
mod tests;
