//! The path that every parameter is below: nothing outside it is ever listed or read.

use std::fmt;
use std::str::FromStr;

/// The longest full name of a parameter (AWS: PutParameter).
const MAX_NAME_BYTES: usize = 1_011;

/// The most levels of a parameter's path (AWS: PutParameter).
const MAX_LEVELS: usize = 15;

/// A path of parameters, such as `/flotilla/production/`. A final `/` is added when it lacks one, so that `/prod` does
/// not hold `/production/key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let below_root = path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_legal));
        if (below_root || text == "/") && path.len() < MAX_NAME_BYTES {
            return Ok(Self(format!("{path}/")));
        }
        Err("must be a path such as /flotilla/dev/ of letters, digits, dots, dashes and underscores"
            .to_owned())
    }
}

impl Prefix {
    /// The full name of what a client calls `name`; None where that is no legal name or would leave the prefix.
    pub(crate) fn full_name(&self, name: &str) -> Option<String> {
        let full = format!("{}{name}", self.0);
        let levels = full.split('/').count() - 1;
        let legal = name.split('/').all(is_legal) && full.len() <= MAX_NAME_BYTES && levels <= MAX_LEVELS;
        legal.then_some(full)
    }

    /// Whether a full name is below it.
    pub(crate) fn holds(&self, full_name: &str) -> bool {
        full_name.starts_with(&self.0)
    }

    /// The path as AWS filters by it: without the final `/`, unless it is the root.
    pub(crate) fn path(&self) -> &str {
        self.0.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or("/")
    }
}

/// Whether it can be one level of a name. AWS would take `..` for a level like any other; whoever reads a path would not.
fn is_legal(level: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !matches!(level, "" | "." | "..") && level.bytes().all(legal)
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_below_the_prefix() {
        for text in ["/flotilla/qa", "/flotilla/qa/"] {
            let full = prefix(text).full_name("db/host-1.name_x");
            assert_eq!(full.as_deref(), Some("/flotilla/qa/db/host-1.name_x"));
        }
        assert_eq!(prefix("/").full_name("a").as_deref(), Some("/a"));
    }

    #[test]
    fn a_name_that_leaves_the_prefix_or_is_illegal_is_refused() {
        let long = "x".repeat(3_000);
        let deep = "a/".repeat(13) + "a";
        for name in [
            "",
            ".",
            "..",
            "../dev/key",
            "a/../b",
            "a/..",
            "./a",
            "//flotilla/dev/key",
            "/flotilla/dev/key",
            "a//b",
            "a/",
            "a b",
            "a?b",
            "a#b",
            "a:1",
            "ü",
            "a\0",
            "a\n",
            "%2e%2e",
            "arn:aws:ssm:eu-west-1:1:parameter/a",
            &long,
            &deep,
        ] {
            assert_eq!(prefix("/flotilla/qa/").full_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_sibling_that_begins_alike_is_not_held() {
        assert!(prefix("/flotilla/prod").holds("/flotilla/prod/key"));
        assert!(!prefix("/flotilla/prod").holds("/flotilla/production/key"));
    }

    #[test]
    fn aws_filters_by_the_path_without_the_final_slash() {
        assert_eq!((prefix("/a/b/").path(), prefix("/").path()), ("/a/b", "/"));
    }

    #[test]
    fn what_is_no_absolute_path_of_legal_levels_is_refused() {
        for bad in
            ["", "a", "a/", "//", "/a//b", "/a/../b", "/a b/", "/a/*", "/ü/", "/a//", &"/x".repeat(600)]
        {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }
}
