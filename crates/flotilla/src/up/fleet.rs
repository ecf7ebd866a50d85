//! The services of the fleet: adding one is adding it here.

use std::ffi::OsString;

use anyhow::{Error, bail};
use service_kit::config::{Parsed, Variables, parse};
use service_kit::{Info, Invalid, Kit, Routes};

use super::ports::{MANAGEMENT_OFFSET, Ports};

/// Every service of the fleet.
pub(super) const SERVICES: &[&Info] =
    &[&hello::INFO, &product_api::INFO, &storefront::INFO, &main_api::INFO, &auxiliary_service::INFO];

/// A service that is ready to be bound.
pub(super) struct Member {
    pub(super) info: &'static Info,
    pub(super) port: u16,
    /// A path that is worth a look.
    pub(super) example: &'static str,
    pub(super) kit: Kit,
    pub(super) routes: Routes,
}

/// Builds every service. Their configurations are made here: of the variables of this process, only where traces go is
/// for them.
pub(super) fn fleet(ports: &Ports<'_>) -> Result<Vec<Member>, Error> {
    let url = |info| format!("http://127.0.0.1:{}", ports.of(info));
    let product_api = format!("--product-api-url={}", url(&product_api::INFO));
    let auxiliary = format!("--auxiliary-service-url={}", url(&auxiliary_service::INFO));
    Ok(vec![
        member(ports, &hello::INFO, hello::app, &[], "/work")?,
        // Without flags its catalogue is in memory.
        member(ports, &product_api::INFO, product_api::app, &[], "/products?limit=2")?,
        member(ports, &storefront::INFO, storefront::app, &[product_api], "/api/products/1")?,
        member(ports, &main_api::INFO, main_api::app, &[auxiliary], "/s3-buckets")?,
        member(
            ports,
            &auxiliary_service::INFO,
            auxiliary_service::app,
            &["--aws-backend=embedded".into()],
            "/parameters",
        )?,
    ])
}

fn member<C: clap::Args>(
    ports: &Ports<'_>,
    info: &'static Info,
    app: impl FnOnce(&C, &Kit) -> Result<Routes, Invalid>,
    own: &[String],
    example: &'static str,
) -> Result<Member, Error> {
    let port = ports.of(info);
    let flags = [
        format!("--http-addr=127.0.0.1:{port}"),
        format!("--management-addr=127.0.0.1:{}", port + MANAGEMENT_OFFSET),
        // Nobody has to be waited for: Ctrl-C ends the fleet within a second.
        "--drain-delay-sec=0".to_owned(),
        "--shutdown-timeout-sec=0.5".to_owned(),
    ];
    let flags = flags.iter().chain(own).map(OsString::from);
    let Parsed::Run(config, own) = parse::<C>(info, flags, &of_traces())? else {
        bail!("{}: the fleet asks no service for help", info.name)
    };
    let kit = Kit::new(info, *config);
    let routes = app(&own, &kit)?;
    Ok(Member { info, port, example, kit, routes })
}

/// The standard variables of OpenTelemetry, but for the one that would give all services the same name.
fn of_traces() -> Variables {
    let is_for_all = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("OTEL_"));
    std::env::vars_os().filter(|(name, _)| is_for_all(name) && name != "OTEL_SERVICE_NAME").collect()
}
