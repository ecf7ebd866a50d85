//! The environment as the SDK is to see it, by the rules that every other variable is read by.

use std::collections::HashMap;
use std::ffi::OsString;

use aws_types::os_shim_internal::Env;

/// Without the empty variables, which Compose and Helm templates produce: the SDK would take `AWS_ENDPOINT_URL=` for a
/// URL, and panic at each call. Without the line ends that a secret from a file has, which no signature would survive.
pub(super) fn read() -> Env {
    of(std::env::vars_os())
}

fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Env {
    let text =
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let clean = text.map(|(name, value)| (name, value.trim_end_matches(['\r', '\n']).to_owned()));
    clean.filter(|(_, value)| !value.is_empty()).collect::<HashMap<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_not_set_and_line_ends_are_no_part_of_a_value() {
        let variables = [("A", ""), ("B", "\n"), ("C", "c\r\n"), ("D", " d ")];
        let env = of(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        let get = |name| env.get(name).ok();
        assert_eq!([get("A"), get("B")], [None, None]);
        assert_eq!([get("C").as_deref(), get("D").as_deref()], [Some("c"), Some(" d ")]);
    }
}
