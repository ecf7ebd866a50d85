//! `flotilla`: the fleet in one process (`up`, the default), its load generator (`load`) and its alert drills (`drill`).

mod command;
mod drill;
mod load;
mod up;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    command::Flotilla::parse().run().await
}
