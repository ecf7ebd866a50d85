//! A service's `main`: parse, build, serve.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use crate::config::{self, Config, Invalid, Parsed};
use crate::info::Info;
use crate::kit::Kit;
use crate::lifecycle::{Stop, stop_on_signals};
use crate::routes::Routes;
use crate::server::Server;
use crate::{healthcheck, logging};

/// The exit code of a bad configuration (contract), as of bad usage everywhere.
const BAD_CONFIGURATION: u8 = 2;

/// Runs a service to its end. `app` builds its routes from its own configuration; it runs inside the runtime and may
/// start background tasks with [`Kit::spawn`], but must not wait for a dependency.
///
/// Exit code 0 after a stop that was asked for, 1 when it cannot listen, 2 on a bad configuration.
pub fn main<C: Args>(info: &'static Info, app: impl FnOnce(&C, &Kit) -> Result<Routes, Invalid>) -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let variables = std::env::vars_os().collect();
    if arguments.next_if(|first| first == &OsString::from("healthcheck")).is_some() {
        return healthcheck::run(arguments, &variables);
    }
    match config::parse::<C>(info, arguments, &variables) {
        Ok(Parsed::Run(config, own)) => start(info, *config, &own, app),
        Ok(Parsed::Print(text)) => print(&text),
        Err(invalid) => refuse(&invalid),
    }
}

#[expect(clippy::print_stdout, reason = "--help and --version are asked for at a terminal")]
fn print(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

fn refuse(invalid: &Invalid) -> ExitCode {
    eprintln!("{invalid}");
    ExitCode::from(BAD_CONFIGURATION)
}

fn start<C>(
    info: &'static Info,
    config: Config,
    own: &C,
    app: impl FnOnce(&C, &Kit) -> Result<Routes, Invalid>,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let log = logging::init(&config.log_level, config.log_format);
    let result = runtime.block_on(logging::in_service(info.name, async {
        let mut stop = stop_on_signals()?;
        let kit = Kit::new(info, config);
        let routes = app(own, &kit)?;
        // A fault rule may hold it up here.
        let server = tokio::select! {
            server = Server::bind(kit, routes) => server?,
            _ = stop.wait_for(|stop| *stop > Stop::Run) => return Ok(()),
        };
        server.run(stop).await;
        Ok::<(), Box<dyn std::error::Error>>(())
    }));
    // Tasks that still run belong to requests that were cut off, or wait for a dependency: nobody waits for them.
    runtime.shutdown_background();
    drop(log);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<Invalid>() {
            Some(invalid) => refuse(invalid),
            None => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}
