//! One parse of flags and variables: the flag `--http-addr` is the variable `HTTP_ADDR`, and the flag wins.

use std::ffi::OsString;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args, Command, FromArgMatches};

use super::{Config, Variables};
use crate::info::Info;

/// The help heading that marks an option as secret: its value appears in no message.
pub const SECRETS: &str = "Secrets";

/// A bad configuration: one line that names the variable, the value and what is allowed.
#[derive(Debug)]
pub struct Invalid(String);

impl Invalid {
    /// For what only the service can judge. `value` is left out of the message when it is `None` (a secret, or unset).
    pub fn new(variable: &str, value: Option<&str>, allowed: &str) -> Self {
        let value = value.map(|value| format!("={value:?}")).unwrap_or_default();
        Self(format!("{variable}{value}: {allowed}"))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// What a command line asked for.
#[derive(Debug)]
pub enum Parsed<C> {
    /// To run, with this configuration.
    Run(Box<Config>, C),
    /// To print this text, which `--help` or `--version` asked for.
    Print(String),
}

/// Parses the arguments (without the program's name) over the variables. An empty variable counts as unset, as
/// Compose and Helm templates produce it; an empty flag does not. A secret's variable is read without the line ends
/// behind it, which come from files (`kubectl create secret --from-file`) and belong to no password.
/// A variable of a proxy may have its name in lower case, and that one wins, as in curl.
pub fn parse<C: Args>(
    info: &Info,
    arguments: impl IntoIterator<Item = OsString>,
    variables: &Variables,
) -> Result<Parsed<C>, Invalid> {
    let command = command::<C>(info);
    let mut line = vec![OsString::from(info.name)];
    for arg in command.get_arguments() {
        let (Some(variable), Some(long)) = (variable(arg), arg.get_long()) else { continue };
        let Some(value) = set(variables, &variable) else { continue };
        let Some(value) = value.to_str() else {
            return Err(Invalid::new(&variable, None, "must be valid UTF-8"));
        };
        let value = if is_secret(arg) { value.trim_end_matches(['\r', '\n']) } else { value };
        if !value.is_empty() {
            line.push(format!("--{long}={value}").into());
        }
    }
    // Flags stand behind the variables, and the last one wins.
    line.extend(arguments);
    let matches = match command.clone().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) => return refused(&command, &error),
    };
    let read = |error| one_line(&command, &error);
    let mut config = Config::from_arg_matches(&matches).map_err(read)?;
    config.traces.validate()?;
    let names = variables.iter().filter(|(_, value)| !value.is_empty());
    config.set = names.map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    Ok(Parsed::Run(Box::new(config), C::from_arg_matches(&matches).map_err(read)?))
}

fn command<C: Args>(info: &Info) -> Command {
    let command = C::augment_args(Config::augment_args(Command::new(info.name)));
    // The first line of a configuration's documentation is for who reads the code.
    let command = command.about(None::<&'static str>).long_about(None::<&'static str>);
    let command = command
        .after_help("`healthcheck [--url URL]` in place of options: exit code 0 when a URL answers 2xx.");
    command.version(info.version).args_override_self(true).mut_args(|arg| {
        let (Some(variable), Some(help)) = (variable(&arg), arg.get_help().cloned()) else { return arg };
        arg.help(format!("{help} [env: {variable}]"))
    })
}

fn is_secret(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(SECRETS)
}

/// `--http-addr` is `HTTP_ADDR`; clap's own `--help` and `--version` have no variable.
fn variable(arg: &Arg) -> Option<String> {
    let long = arg.get_long().filter(|long| !matches!(*long, "help" | "version"))?;
    Some(long.to_uppercase().replace('-', "_"))
}

/// The value of a variable, unless it is empty.
fn set<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsString> {
    let get = |name: &str| variables.get(&OsString::from(name)).filter(|value| !value.is_empty());
    let lower = name.ends_with("_PROXY").then(|| get(&name.to_lowercase())).flatten();
    lower.or_else(|| get(name))
}

fn refused<C>(command: &Command, error: &clap::Error) -> Result<Parsed<C>, Invalid> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Print(error.render().to_string())),
        _ => Err(one_line(command, error)),
    }
}

/// clap's message takes several lines and names the flag; ours takes one and names the variable.
fn one_line(command: &Command, error: &clap::Error) -> Invalid {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).and_then(|name| {
        let long = name.strip_prefix("--")?.split([' ', '=']).next()?;
        command.get_arguments().find(|arg| arg.get_long() == Some(long))
    });
    let Some(argument) = argument else {
        let message = error.render().to_string();
        return Invalid(message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned());
    };
    let value = text(ContextKind::InvalidValue).filter(|_| !is_secret(argument));
    let allowed =
        std::error::Error::source(error).map_or_else(|| "needs a value".to_owned(), ToString::to_string);
    Invalid::new(&variable(argument).unwrap_or_default(), value, &allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    static INFO: Info = Info { name: "test", version: "1.2.3", port: 1 };

    #[derive(Debug, clap::Args)]
    #[group(skip)]
    struct Own {
        /// How often
        #[arg(long, default_value = "3")]
        times: u8,
    }

    fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Parsed<Own>, Invalid> {
        let variables = variables.iter().map(|(k, v)| (k.into(), v.into())).collect();
        parse(&INFO, arguments.iter().map(Into::into), &variables)
    }

    #[test]
    fn a_flag_wins_over_its_variable_and_a_variable_over_the_default() {
        let Ok(Parsed::Run(config, own)) = run(&["--times", "9"], &[("TIMES", "7"), ("ENVIRONMENT", "qa")])
        else {
            panic!("refused")
        };
        assert_eq!((own.times, config.environment.as_str()), (9, "qa"));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let Ok(Parsed::Run(config, _)) = run(&[], &[("ENVIRONMENT", ""), ("ADMIN_TOKEN", "")]) else {
            panic!("refused")
        };
        assert_eq!(config.environment, "local");
        assert!(config.admin_token.is_none());
    }

    #[test]
    fn a_bad_value_is_one_line_with_the_variable_the_value_and_what_is_allowed() {
        let message = run(&[], &[("READINESS_DELAY_SEC", "abc")]).unwrap_err().to_string();
        assert_eq!(
            message,
            "READINESS_DELAY_SEC=\"abc\": must be a number of seconds from 0 to 86400, such as 5 or 0.5"
        );
        let message = run(&["--times=x\ny"], &[]).unwrap_err().to_string();
        assert!(message.starts_with("TIMES=\"x\\ny\": "), "{message}");
        assert_eq!(message.lines().count(), 1);
    }

    #[test]
    fn a_bad_secret_is_named_and_not_shown() {
        let message = run(&[], &[("ADMIN_TOKEN", "with space")]).unwrap_err().to_string();
        assert_eq!(message, "ADMIN_TOKEN: must be 1 to 128 visible ASCII characters without spaces");
    }

    #[test]
    fn a_secret_ends_before_the_line_ends_of_its_file() {
        for (value, read) in [("token\n", Some("token")), ("token\r\n\n", Some("token")), ("\r\n", None)] {
            let Ok(Parsed::Run(config, _)) = run(&[], &[("ADMIN_TOKEN", value)]) else { panic!("refused") };
            assert_eq!(config.admin_token.as_ref().map(super::super::value::Secret::expose), read);
        }
        for (variable, value) in [("ADMIN_TOKEN", "to\nken"), ("ADMIN_TOKEN", " token\n"), ("TIMES", "3\n")] {
            let message = run(&[], &[(variable, value)]).unwrap_err().to_string();
            assert!(message.starts_with(variable) && message.lines().count() == 1, "{message}");
        }
    }

    #[test]
    fn an_unknown_flag_is_one_line() {
        let message = run(&["--nope"], &[]).unwrap_err().to_string();
        assert!(message.contains("--nope") && message.lines().count() == 1, "{message}");
    }

    #[test]
    fn help_names_the_variables() {
        let Ok(Parsed::Print(text)) = run(&["--help"], &[("ADMIN_TOKEN", "hunter2")]) else {
            panic!("no help")
        };
        assert!(text.contains("[env: HTTP_ADDR]") && text.contains("[env: TIMES]"), "{text}");
        assert!(!text.contains("hunter2"));
    }
}
