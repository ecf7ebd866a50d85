//! The command line: which of the four is meant.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{drill, ladder, load, up};

/// The fleet on this machine, its load generator, its alert drills and its release ladder
#[derive(Parser)]
#[command(name = "flotilla", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Flotilla {
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
    /// Prints the release ladder: versions that misbehave in known ways, and the verdict that each must get
    Ladder(ladder::Args),
}

impl Flotilla {
    pub(crate) async fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Up(self.up)) {
            Command::Up(args) => up::run(args).await,
            Command::Load(args) => load::run(args).await,
            Command::Drill(args) => drill::run(args),
            Command::Ladder(args) => ladder::run(&args),
        }
    }
}
