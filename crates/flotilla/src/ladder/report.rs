//! What `flotilla ladder` prints.

use std::fmt::Write;

use super::rung::{Rung, Verdict};

const HEAD: [&str; 5] = ["service", "version", "verdict", "lost", "what it shows"];

/// All of them, a line each.
pub(super) fn table(rungs: &[Rung]) -> String {
    let rows: Vec<[String; 5]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rungs.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let [service, version, verdict, lost] = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for [a, b, c, d, e] in &rows {
        line(&mut text, format_args!("{a:service$}  {b:version$}  {c:verdict$}  {d:lost$}  {e}"));
    }
    text
}

fn row(rung: &Rung) -> [String; 5] {
    let release = &rung.release;
    let lost = release.lost.word().to_owned();
    [rung.service.to_owned(), rung.version.to_owned(), verdict(rung), lost, release.shows.clone()]
}

fn verdict(rung: &Rung) -> String {
    let release = &rung.release;
    let word = release.outcome.word();
    match (&release.by, release.step) {
        (Some(by), Some(step)) => format!("{word} at {step} % by {by}"),
        _ => word.to_owned(),
    }
}

/// One of them, for the README.
#[cfg(test)]
pub(super) fn markdown(rung: &Rung) -> String {
    let [service, version, verdict, lost, shows] = row(rung);
    format!("| {service} | {version} | {shows} | {verdict} | {lost} |")
}

/// One of them, with all there is to know.
pub(super) fn one(rung: &Rung) -> String {
    let release = &rung.release;
    let mut text = String::new();
    line(&mut text, format_args!("{} {}: {}\n", rung.service, rung.version, verdict(rung)));
    line(&mut text, format_args!("{}\nLost requests: {}.\n", release.shows, release.lost.word()));
    for (what, command) in [("Before", &release.before), ("After", &release.after)] {
        if let Some(command) = command {
            line(&mut text, format_args!("{what} the rollout: {command}"));
        }
    }
    for (name, value) in &release.variables {
        line(&mut text, format_args!("{name}: {value}\n"));
    }
    let width = release.verdicts.keys().map(String::len).max().unwrap_or_default();
    for (analysis, verdict) in &release.verdicts {
        let mark = if *verdict == Verdict::Fail { " <" } else { "" };
        line(&mut text, format_args!("  {analysis:width$}  {}{mark}", verdict.word()));
    }
    let rules = rung.text.find("rules:").map_or("", |start| &rung.text[start..]);
    line(&mut text, format_args!("\n{}", rules.trim_end()));
    text
}

/// One as an object, or all as a list.
pub(super) fn json(rungs: &[Rung], one: bool) -> String {
    let text = match rungs {
        [rung] if one => serde_json::to_string_pretty(rung),
        rungs => serde_json::to_string_pretty(rungs),
    };
    text.expect("rungs have string keys") + "\n"
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes every write");
}
