//! Which service listens where.

use std::str::FromStr;

use anyhow::{Error, bail};

/// A management port is this much higher than its public one (contract).
pub(super) const MANAGEMENT_OFFSET: u16 = 10_000;

/// A service's port as `--port hello=9080` says it.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    service: String,
    port: u16,
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let highest = u16::MAX - MANAGEMENT_OFFSET;
        let (service, port) = text.split_once('=').unwrap_or((text, ""));
        match port.parse() {
            Ok(port) if (1..=highest).contains(&port) => Ok(Self { service: service.to_owned(), port }),
            _ => Err(format!("must be a service and a port from 1 to {highest}, such as hello=9080")),
        }
    }
}

/// The ports that were chosen.
pub(super) struct Ports<'a>(&'a [Port]);

impl<'a> Ports<'a> {
    /// Refuses a service that is not in the fleet.
    pub(super) fn new(chosen: &'a [Port], services: &[&str]) -> Result<Self, Error> {
        match chosen.iter().find(|port| !services.contains(&port.service.as_str())) {
            Some(port) => {
                bail!("--port: there is no service {:?}, only {}", port.service, services.join(", "))
            }
            None => Ok(Self(chosen)),
        }
    }

    /// The port that was chosen last for a service, or its own.
    pub(super) fn of(&self, info: &service_kit::Info) -> u16 {
        let chosen = self.0.iter().rev().find(|port| port.service == info.name);
        chosen.map_or(info.port, |port| port.port)
    }
}
