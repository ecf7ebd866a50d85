//! `flotilla`: the fleet in one process (`up`, the default), its load generator (`load`), its alert drills (`drill`)
//! and its releases that misbehave (`ladder`).

mod command;
mod drill;
mod ladder;
mod load;
mod up;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    command::Flotilla::parse().run().await
}
