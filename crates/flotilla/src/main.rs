//! `flotilla`: the fleet in one process (`up`, the default), its load generator (`load`) and its alert drills (`drill`).

mod drill;
mod load;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The fleet on this machine, and its load generator
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Flotilla {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: up::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Starts every service in one process on the loopback (the default)
    Up(up::Args),
    /// Sends requests at a fixed rate and accounts for every one
    Load(load::Args),
    /// Prints a fault rule that burns an error budget, and when each alert fires
    Drill(drill::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let flotilla = Flotilla::parse();
    match flotilla.command {
        Some(Command::Load(args)) => load::run(args).await,
        Some(Command::Drill(args)) => drill::run(args),
        Some(Command::Up(args)) => up::run(args).await,
        None => up::run(flotilla.up).await,
    }
}
