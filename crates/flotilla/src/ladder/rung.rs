//! A rung: a file of `ladder/`, which is also the file with the rules in the rung's image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! files {
    ($($service:literal $version:literal),* $(,)?) => {
        [$((
            $service,
            $version,
            include_str!(concat!("../../../../ladder/", $service, "/", $version, ".yaml")),
        )),*]
    };
}
/// The files, in the order in which they are shown.
const FILES: &[(&str, &str, &str)] = &files![
    "hello" "1.0.0", "hello" "1.1.0", "hello" "1.2.0", "hello" "1.3.0", "hello" "1.4.0", "hello" "1.5.0",
    "hello" "1.6.0", "hello" "1.7.0", "hello" "1.8.0", "hello" "1.9.0", "hello" "1.10.0",
    "product-api" "1.0.0", "product-api" "1.1.0", "product-api" "1.2.0", "product-api" "1.3.0", "product-api" "1.4.0",
    "auxiliary-service" "1.0.0", "auxiliary-service" "1.1.0",
];

/// One release.
#[derive(Debug, Serialize)]
pub(super) struct Rung {
    pub(super) service: &'static str,
    pub(super) version: &'static str,
    #[serde(flatten)]
    pub(super) release: Release,
    pub(super) rules: Vec<Value>,
    /// The file.
    #[serde(skip)]
    pub(super) text: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    release: Release,
    rules: Vec<Value>,
}

/// What a release says about itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    pub(super) shows: String,
    /// What has to be run before the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    /// What the release is configured with beside its rules.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) variables: BTreeMap<String, String>,
    /// What has to be run when no older pod is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// By analysis.
    pub(super) verdicts: BTreeMap<String, Verdict>,
    #[serde(rename = "final")]
    pub(super) outcome: Outcome,
    /// The analysis that aborts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    /// The weight in per cent at which it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<u8>,
    pub(super) lost: Lost,
}

/// What an analysis says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Pass,
    Fail,
    /// It had nothing to judge by.
    Inconclusive,
    /// Time and chance decide: no test relies on it.
    Either,
}

/// How the rollout ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Promoted,
    Aborted,
}

/// Whether requests get no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Lost {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "some")]
    Some,
    #[serde(rename = "when replaced")]
    WhenReplaced,
}

/// Every rung.
pub(super) fn all() -> Vec<Rung> {
    let read = |(service, version, text): &(&'static str, &'static str, &'static str)| {
        let file: File = serde_saphyr::from_str(text).expect("a test reads every file");
        Rung { service, version, release: file.release, rules: file.rules, text }
    };
    FILES.iter().map(read).collect()
}

/// The services that have rungs.
pub(super) fn services() -> Vec<&'static str> {
    let mut services: Vec<&str> = FILES.iter().map(|(service, ..)| *service).collect();
    services.dedup();
    services
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        if self == Self::Promoted { "promoted" } else { "aborted" }
    }
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Either => "either",
        }
    }
}

impl Lost {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some => "some",
            Self::WhenReplaced => "when replaced",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const ANALYSES: [&str; 7] =
        ["success-rate", "latency", "memory", "restarts", "readiness", "web", "by-route"];

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ladder")
    }

    #[test]
    fn every_file_of_the_folder_is_a_rung_here_and_in_the_build_of_the_images() {
        let mut found: Vec<String> = Vec::new();
        for service in
            fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir())
        {
            for file in fs::read_dir(service.path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "yaml") {
                    let version = path.file_stem().unwrap().to_str().unwrap().to_owned();
                    found.push(format!("{}/{version}", service.file_name().to_str().unwrap()));
                }
            }
        }
        let known: Vec<String> =
            FILES.iter().map(|(service, version, _)| format!("{service}/{version}")).collect();
        found.sort();
        let mut sorted = known.clone();
        sorted.sort();
        assert_eq!(found, sorted);
        let bake = fs::read_to_string(folder().join("../docker/bake.hcl")).unwrap();
        let built = bake.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
        assert_eq!(built.filter(|name| name.contains('/')).collect::<Vec<_>>(), known);
    }

    #[test]
    fn the_services_read_every_file_as_their_rules() {
        for rung in all() {
            service_kit::faults::Faults::check(rung.text)
                .unwrap_or_else(|problem| panic!("{}/{}: {problem}", rung.service, rung.version));
            for rule in &rung.rules {
                assert_eq!(rule["name"], format!("ladder-{}", rung.version));
            }
        }
    }

    #[test]
    fn each_has_a_verdict_of_each_analysis_and_is_aborted_by_one_that_fails() {
        for Rung { service, version, release, .. } in all() {
            let who = format!("{service} {version}");
            for analysis in ANALYSES {
                assert!(release.verdicts.contains_key(analysis), "{who}: {analysis}");
            }
            let fails = |analysis: &String| release.verdicts.get(analysis) == Some(&Verdict::Fail);
            let aborted = release.outcome == Outcome::Aborted;
            assert_eq!(release.by.as_ref().is_some_and(fails), aborted, "{who}");
            assert_eq!(release.step.is_some(), aborted, "{who}");
            assert_eq!(release.verdicts.values().any(|verdict| *verdict == Verdict::Fail), aborted, "{who}");
        }
    }

    #[test]
    fn the_readme_shows_the_table_that_the_command_prints() {
        let readme = fs::read_to_string(folder().join("../README.md")).unwrap();
        for rung in all() {
            let row = crate::ladder::report::markdown(&rung);
            assert!(readme.contains(&row), "README.md lacks\n{row}");
        }
    }
}
