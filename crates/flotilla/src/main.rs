//! `flotilla`: the fleet in one process (`up`, the default) and its load generator (`load`).

mod load;

use clap::Parser;

#[derive(Parser)]
#[command(version)]
enum Command {
    Load(load::Args),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let Command::Load(args) = Command::parse();
    load::run(args).await
}
