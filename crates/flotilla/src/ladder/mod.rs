//! `flotilla ladder`: the releases that misbehave in known ways, and the verdict that each must get.

mod args;
mod report;
mod rung;

use std::io::Write;
use std::process::ExitCode;

pub(crate) use args::Args;
use rung::Rung;

/// Prints the table, or one rung: exit code 0, or 2 when there is no such rung.
pub(crate) fn run(args: &Args) -> ExitCode {
    let text = match chosen(args) {
        Ok(rungs) if args.json => report::json(&rungs, args.version.is_some()),
        Ok(rungs) if args.version.is_some() => rungs.iter().map(report::one).collect(),
        Ok(rungs) => report::table(&rungs),
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    // Who reads it may have seen enough.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// The rungs that are asked for: all, those of a service, or one.
fn chosen(args: &Args) -> Result<Vec<Rung>, String> {
    // A version alone is hello's.
    let service = args.service.as_deref().or(args.version.as_ref().map(|_| "hello"));
    let mut rungs = rung::all();
    rungs.retain(|rung| service.is_none_or(|service| rung.service == service));
    if rungs.is_empty() {
        let service = service.unwrap_or_default();
        return Err(format!("--service {service:?}: must be one of {}", rung::services().join(", ")));
    }
    let Some(version) = &args.version else { return Ok(rungs) };
    let known: Vec<&str> = rungs.iter().map(|rung| rung.version).collect();
    let problem =
        format!("{version:?} is no rung of {}: must be one of {}", rungs[0].service, known.join(", "));
    rungs.retain(|rung| rung.version == version);
    if rungs.is_empty() { Err(problem) } else { Ok(rungs) }
}
