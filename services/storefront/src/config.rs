//! The variables of storefront alone.

use service_kit::{Invalid, upstream};

/// What storefront reads beside what every service reads.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Config {
    /// URL of product-api, such as http://product-api:3000
    #[arg(long, value_name = "URL")]
    pub product_api_url: Option<upstream::Url>,
    /// How it is asked
    #[command(flatten)]
    pub upstream: upstream::Config,
}

impl Config {
    pub(crate) fn product_api_url(&self) -> Result<upstream::Url, Invalid> {
        let missing =
            || Invalid::new("PRODUCT_API_URL", None, "must be set, such as http://product-api:3000");
        self.product_api_url.clone().ok_or_else(missing)
    }
}
