//! Who a service is: what its binary knows about itself without any configuration.

/// A service's identity. One `static` in each service crate.
#[derive(Debug)]
pub struct Info {
    /// The name in logs, `/health` and `/version`: the crate's name.
    pub name: &'static str,
    /// The default of `SERVICE_VERSION`: the crate's version.
    pub version: &'static str,
    /// The port of the default `HTTP_ADDR`.
    pub port: u16,
}

/// The management port of every service (contract: the default of `MANAGEMENT_ADDR`).
pub(crate) const MANAGEMENT_PORT: u16 = 4040;

/// The version of the compiler that built the binary.
pub const RUSTC: &str = env!("BUILD_RUSTC");
