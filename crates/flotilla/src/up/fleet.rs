//! The services of the fleet: adding one is adding it here.

use std::ffi::OsString;

use anyhow::{Error, bail};
use service_kit::config::{Parsed, Variables, parse};
use service_kit::{Info, Invalid, Kit, Routes};

use super::ports::{MANAGEMENT_OFFSET, Ports};

/// Every service of the fleet.
pub(super) const SERVICES: &[&Info] = &[&hello::INFO];

/// A service that is ready to be bound.
pub(super) struct Member {
    pub(super) info: &'static Info,
    pub(super) port: u16,
    /// A path that is worth a look.
    pub(super) example: &'static str,
    pub(super) kit: Kit,
    pub(super) routes: Routes,
}

/// Builds every service. Their configurations are made here: the variables of this process are not for them.
pub(super) fn fleet(ports: &Ports<'_>) -> Result<Vec<Member>, Error> {
    Ok(vec![member(ports, &hello::INFO, hello::app, &[], "/work")?])
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
    let Parsed::Run(config, own) = parse::<C>(info, flags, &Variables::new())? else {
        bail!("{}: the fleet asks no service for help", info.name)
    };
    let kit = Kit::new(info, *config);
    let routes = app(&own, &kit)?;
    Ok(Member { info, port, example, kit, routes })
}
