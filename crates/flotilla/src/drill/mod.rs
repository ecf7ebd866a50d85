//! `flotilla drill`: the fault rule that burns an error budget at a given rate, and the alerts that it fires.

mod alerts;
mod args;
mod model;
mod report;
mod share;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

pub(crate) use args::Args;

use alerts::Rules;
use args::Slo;
use model::Fault;
use report::Drill;
use share::Share;

/// The period of an error budget, as the rules' burn rates have it.
const BUDGET_PERIOD: Duration = Duration::from_hours(30 * 24);

/// Prints the drill: exit code 0, or 2 when no fault rule can do what the arguments ask for.
pub(crate) fn run(args: Args) -> ExitCode {
    match plan(args) {
        Ok(drill) => match write!(std::io::stdout().lock(), "{drill}") {
            Ok(()) => ExitCode::SUCCESS,
            // Half a fault file is none.
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn plan(args: Args) -> Result<Drill, String> {
    let Slo::Availability = args.slo;
    let rules = Rules::read();
    let budget = args.objective.or_else(|| rules.budgets().get(&*args.environment).copied());
    let budget = budget.ok_or_else(|| no_objective(&args.environment, &rules))?;
    let share = budget.times(args.burn);
    share.check_rate().map_err(|problem| {
        let objective = budget.rest().percent();
        format!("--burn {} cannot be had with an objective of {objective} %: {problem}", args.burn)
    })?;
    Ok(Drill {
        budget,
        burn: args.burn,
        fault: Fault { share, duration: args.duration, history: args.history },
        alerts: rules.alerts(&args.environment),
        environment: args.environment,
    })
}

fn no_objective(environment: &str, rules: &Rules) -> String {
    let known = rules.budgets().into_iter();
    let known: Vec<String> = known
        .map(|(name, budget): (&str, Share)| format!("{name} ({} %)", budget.rest().percent()))
        .collect();
    format!("no objective for {environment:?}, only for {}; name one with --objective", known.join(", "))
}
