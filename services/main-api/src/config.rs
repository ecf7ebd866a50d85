//! The variables of main-api alone.

use service_kit::{Invalid, upstream};

/// What main-api reads beside what every service reads.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// URL of the auxiliary service, such as http://auxiliary-service:8001
    #[arg(long, value_name = "URL")]
    pub auxiliary_service_url: Option<upstream::Url>,
    /// How it is asked
    #[command(flatten)]
    pub upstream: upstream::Config,
}

impl Config {
    pub(crate) fn auxiliary_service_url(&self) -> Result<upstream::Url, Invalid> {
        let missing = || {
            Invalid::new("AUXILIARY_SERVICE_URL", None, "must be set, such as http://auxiliary-service:8001")
        };
        self.auxiliary_service_url.clone().ok_or_else(missing)
    }
}
