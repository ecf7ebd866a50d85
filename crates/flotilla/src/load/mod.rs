//! `flotilla load`: an open-loop load generator that accounts for every request.
//!
//! Requests are due at fixed times, whatever the server does. Latency is counted from the time a request was *due* to
//! the end of its body, so a server that stalls shows in every request that had to wait behind the stall, also in those
//! that had not been sent yet. A request that got no complete, valid HTTP response is lost; it is counted by its
//! reason, its latency is not in the histogram, and nothing is ever retried.

mod args;
mod connection;
mod header;
mod interrupt;
mod live;
mod lost;
mod pace;
mod rate;
mod report;
mod table;
mod tally;
mod target;
mod tls;
mod worker;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

pub(crate) use args::Args;

use interrupt::Interrupts;
use pace::{Pace, Pacer};
use report::Report;
use tally::Tally;
use target::Target;

/// What the workers share.
struct Run {
    target: Target,
    pace: Arc<Pace>,
    tally: Tally,
    timeout: Duration,
    new_connections: bool,
}

/// Why a run did not start: one line for standard error.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Target(#[from] target::TargetError),
    #[error("--rate {0} for --for {1} is less than one request: raise one of them")]
    NothingToSend(rate::Rate, humantime::FormattedDuration),
    #[error("cannot start: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs the load and prints its report: exit 0 when every request was answered, 1 when one was lost, 2 when the
/// arguments are bad.
pub(crate) async fn run(args: Args) -> ExitCode {
    let report = match measure(&args).await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let text = if args.json { report.json() } else { report.table() };
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) if report.lost == 0 => ExitCode::SUCCESS,
        // A report that nobody could read proves nothing either.
        _ => ExitCode::FAILURE,
    }
}

async fn measure(args: &Args) -> Result<Report, StartError> {
    if args.rate.requests_in(args.duration) == 0 {
        return Err(StartError::NothingToSend(args.rate, humantime::format_duration(args.duration)));
    }
    let target = Target::resolve(args).await?;
    let interrupts = Interrupts::listen()?;
    let live = std::io::stderr().is_terminal();
    let pacer = Pacer::start(args.rate, args.duration)?;
    let run = Arc::new(Run {
        target,
        pace: pacer.pace(),
        tally: Tally::new(live),
        timeout: args.timeout,
        new_connections: args.new_connections,
    });
    let mut workers = JoinSet::new();
    for _ in 0..args.connections.get() {
        workers.spawn(worker::work(Arc::clone(&run)));
    }
    tokio::select! {
        () = finish(workers, &pacer, interrupts) => {}
        () = live::print_every_second(&run), if live => {}
    }
    let elapsed = run.pace.elapsed();
    Ok(Report::new(&args.url, pacer.finish(), elapsed, run.tally.take()))
}

/// Waits for the workers. The first interrupt ends the schedule and lets what has been sent be answered; the second
/// abandons it, and the report counts it as lost.
async fn finish(mut workers: JoinSet<()>, pacer: &Pacer, mut interrupts: Interrupts) {
    tokio::select! {
        () = all_done(&mut workers) => return,
        () = interrupts.next() => pacer.stop(),
    }
    tokio::select! {
        () = all_done(&mut workers) => {}
        () = interrupts.next() => workers.shutdown().await,
    }
}

async fn all_done(workers: &mut JoinSet<()>) {
    while workers.join_next().await.is_some() {}
}
