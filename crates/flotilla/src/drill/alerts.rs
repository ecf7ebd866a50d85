//! The alerts on availability, read from the rules that Prometheus loads: windows, thresholds and objectives are written
//! there and nowhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use service_kit::config::value;

use super::model::Condition;
use super::share::{Burn, Share};

const RULES: &str = include_str!("../../../../monitoring/prometheus/availability.yaml");

const BUDGET: &str = "env:slo_error_budget:ratio";
const ERROR_RATIO: &str = "namespace_service:http_requests:error_ratio_rate";
const BURN_RATE: &str = "namespace_service:http_requests:burn_rate";

/// An alert as it watches one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) severity: String,
    /// Its expression on one line, without the selection of environments.
    pub(super) condition: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) hold: Duration,
}

/// The rules of availability.
pub(super) struct Rules(Vec<Rule>);

#[derive(Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    record: Option<String>,
    alert: Option<String>,
    expr: String,
    #[serde(rename = "for")]
    hold: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// One side of an `and` in an alert's expression: a comparison, or which environments the rest is about.
struct Clause<'a> {
    metric: &'a str,
    matcher: &'a str,
    comparison: Option<(&'a str, &'a str)>,
}

impl Rules {
    /// The rules of this build.
    pub(super) fn read() -> Self {
        let file: File = serde_saphyr::from_str(RULES).expect("Prometheus reads the same file");
        Self(file.groups.into_iter().flat_map(|group| group.rules).collect())
    }

    /// The share of requests that may fail in each environment that has an objective.
    pub(super) fn budgets(&self) -> BTreeMap<&str, Share> {
        self.0.iter().filter(|rule| rule.record.as_deref() == Some(BUDGET)).filter_map(Rule::budget).collect()
    }

    /// Whose alerts an environment has.
    fn objective(&self, environment: &str) -> Option<&str> {
        let of = |rule: &&Rule| rule.budget().is_some_and(|(name, _)| name == environment);
        let rule = self.0.iter().filter(|rule| rule.record.as_deref() == Some(BUDGET)).find(of)?;
        rule.labels.get("objective").map(String::as_str)
    }

    /// The alerts that watch an environment, in the order of the file.
    pub(super) fn alerts(&self, environment: &str) -> Vec<Alert> {
        let read = |rule| self.alert(rule, environment).expect("a test reads every alert of the file");
        self.0.iter().filter(|rule| rule.alert.is_some()).filter_map(read).collect()
    }

    /// None if it does not watch the environment, and an error if it cannot be understood.
    fn alert(&self, rule: &Rule, environment: &str) -> Result<Option<Alert>, String> {
        let words: Vec<&str> = rule.expr.split_whitespace().collect();
        let clauses = words.split(|word| *word == "and").map(Clause::read);
        let clauses = clauses.collect::<Option<Vec<_>>>().ok_or_else(|| rule.expr.clone())?;
        let objective = self.objective(environment);
        let mut conditions = Vec::new();
        for clause in &clauses {
            if !clause.watches(objective)? {
                return Ok(None);
            }
            let Some((operator, number)) = clause.comparison else { continue };
            match self.condition(clause.metric, operator, number, environment)? {
                Some(condition) => conditions.push(condition),
                None => return Ok(None),
            }
        }
        Ok(Some(Alert {
            name: rule.alert.clone().unwrap_or_default(),
            severity: rule.labels.get("severity").cloned().unwrap_or_default(),
            condition: clauses.iter().filter_map(Clause::shown).collect::<Vec<_>>().join(" and "),
            conditions,
            hold: value::duration(rule.hold.as_deref().unwrap_or("0"))?,
        }))
    }

    /// None where the environment has no objective, and so no burn rate.
    fn condition(
        &self,
        metric: &str,
        operator: &str,
        number: &str,
        environment: &str,
    ) -> Result<Option<Condition>, String> {
        let (window, threshold) = if let Some(window) = metric.strip_prefix(ERROR_RATIO) {
            (window, Some(number.parse::<Share>()?))
        } else if let Some(window) = metric.strip_prefix(BURN_RATE) {
            let burn: Burn = number.parse()?;
            (window, self.budgets().get(environment).map(|budget| budget.times(burn)))
        } else {
            return Err(format!("{metric}: neither an error ratio nor a burn rate"));
        };
        let recorded_over = self.recorded_over(window)?;
        let window = value::duration(window)?;
        let above = operator == ">";
        Ok(threshold.map(|threshold| Condition { window, recorded_over, threshold, above }))
    }

    /// Over how long the rates were recorded that make up a window's ratio; 0 where it is made from samples.
    fn recorded_over(&self, window: &str) -> Result<Duration, String> {
        let name = format!("{ERROR_RATIO}{window}");
        let rule = self.0.iter().find(|rule| rule.record.as_ref() == Some(&name));
        let rule = rule.ok_or_else(|| format!("{name} is not recorded"))?;
        match rule.expr.split_once(&format!("[{window}]")) {
            Some((before, _)) if before.contains("sum_over_time(") => {
                let recorded = before.rsplit_once(":rate").map_or("", |(_, recorded)| recorded);
                value::duration(recorded)
            }
            _ => Ok(Duration::ZERO),
        }
    }
}

impl Rule {
    /// `vector(0.001)` for the environment of its label.
    fn budget(&self) -> Option<(&str, Share)> {
        let share = self.expr.strip_prefix("vector(")?.strip_suffix(')')?;
        Some((self.labels.get("env")?, share.parse().ok()?))
    }
}

impl<'a> Clause<'a> {
    fn read(words: &[&'a str]) -> Option<Self> {
        let (selector, comparison) = match words {
            [selector, operator @ (">" | ">="), number] => (*selector, Some((*operator, *number))),
            ["on", "(env)", selector] if selector.starts_with(BUDGET) => (*selector, None),
            _ => return None,
        };
        let (metric, matcher) = selector.split_once('{').unwrap_or((selector, "}"));
        Some(Self { metric, matcher: matcher.strip_suffix('}')?, comparison })
    }

    /// Whether it is about an environment with that objective.
    fn watches(&self, objective: Option<&str>) -> Result<bool, String> {
        match self.matcher.split_once('"') {
            None if self.matcher.is_empty() => Ok(true),
            Some(("objective=", value)) => Ok(value.strip_suffix('"') == objective),
            Some(("objective!=", value)) => Ok(value.strip_suffix('"') != objective),
            _ => Err(format!("{{{}}}: not understood", self.matcher)),
        }
    }

    /// None where nothing is compared.
    fn shown(&self) -> Option<String> {
        let (operator, number) = self.comparison?;
        let name = self.metric.rsplit_once(':').map_or(self.metric, |(_, name)| name);
        Some(format!("{name} {operator} {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: &str) -> Vec<String> {
        Rules::read()
            .alerts(environment)
            .into_iter()
            .map(|alert| format!("{} {}", alert.name, alert.condition))
            .collect()
    }

    #[test]
    fn the_objectives_are_those_of_the_rules() {
        let rules = Rules::read();
        let budgets = rules.budgets();
        assert_eq!(budgets.get("production").map(|share| share.rest().percent()).as_deref(), Some("99.9"));
        assert_eq!(budgets.get("staging").map(|share| share.rest().percent()).as_deref(), Some("99"));
        assert_eq!(budgets.len(), 2);
    }

    #[test]
    fn every_alert_on_availability_is_understood() {
        let burns = [
            "ErrorBudgetBurn burn_rate1h >= 14.4 and burn_rate5m >= 14.4",
            "ErrorBudgetBurn burn_rate6h >= 6 and burn_rate30m >= 6",
            "ErrorBudgetBurn burn_rate1d >= 3 and burn_rate2h >= 3",
            "ErrorBudgetBurn burn_rate3d >= 1 and burn_rate6h >= 1",
        ];
        assert_eq!(
            names("production"),
            [&["AvailabilityLow error_ratio_rate5m > 0.005"], &burns[..]].concat()
        );
        assert_eq!(names("staging"), [&["AvailabilityLow error_ratio_rate5m > 0.015"], &burns[..]].concat());
        assert!(names("dev").is_empty());
    }

    #[test]
    fn a_burn_rate_is_a_threshold_of_the_environments_own_budget() {
        let first = |environment| Rules::read().alerts(environment)[1].clone();
        let condition = |window, recorded_over, threshold: &str| Condition {
            window: Duration::from_mins(window),
            recorded_over: Duration::from_mins(recorded_over),
            threshold: threshold.parse().unwrap(),
            above: false,
        };
        assert_eq!(first("production").conditions, [condition(60, 0, "0.0144"), condition(5, 0, "0.0144")]);
        assert_eq!(first("production").severity, "page");
        assert_eq!(first("staging").conditions, [condition(60, 0, "0.144"), condition(5, 0, "0.144")]);
        assert_eq!(first("staging").severity, "warning");
        let slow = Rules::read().alerts("production")[4].clone();
        assert_eq!(slow.conditions, [condition(72 * 60, 5, "0.001"), condition(6 * 60, 5, "0.001")]);
    }
}
