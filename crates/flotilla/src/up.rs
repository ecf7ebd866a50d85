//! `flotilla up`: every service in this process, on the loopback, on embedded backends.

mod fleet;
mod ports;
mod table;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Error};
use service_kit::{Server, stop_on_signals};
use tokio::task::JoinSet;

use fleet::{Member, fleet};
use ports::{Port, Ports};

/// What can be chosen about the fleet.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Another port for a service, such as hello=9080; its management port is 10000 higher
    #[arg(long, value_name = "SERVICE=PORT")]
    port: Vec<Port>,
    /// What is logged: `info` shows every request
    #[arg(long, value_name = "DIRECTIVE", value_parser = service_kit::config::log_level, default_value = "info,http=off")]
    log_level: String,
}

/// Runs the fleet until Ctrl-C: exit code 0, or 1 when it cannot start.
pub(crate) async fn run(args: Args) -> ExitCode {
    match serve(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: &Args) -> Result<(), Error> {
    let stop = stop_on_signals().context("cannot handle signals")?;
    let names: Vec<&str> = fleet::SERVICES.iter().map(|info| info.name).collect();
    let ports = Ports::new(&args.port, &names)?;
    let log = service_kit::init_logging(&args.log_level, None);
    let fleet = fleet(&ports)?;
    let table = table::render(&fleet);
    let mut services = JoinSet::new();
    let mut servers = Vec::new();
    for member in fleet {
        servers.push((member.info.name, bind(member).await?));
    }
    // In one piece, and whoever read enough of it (`| head`) may go: the fleet serves on.
    let _ = std::io::stdout().write_all(table.as_bytes());
    for (name, server) in servers {
        services.spawn(service_kit::in_service(name, server.run(stop.clone())));
    }
    services.join_all().await;
    drop(log);
    Ok(())
}

async fn bind(member: Member) -> Result<Server, Error> {
    let (name, port) = (member.info.name, member.port);
    let server = Server::bind(member.kit, member.routes).await;
    server.with_context(|| {
        let other = if port > 40_000 { port - 1_000 } else { port + 1_000 };
        format!("{name} cannot start; choose another port for it with --port {name}={other}")
    })
}
