//! A document of rules: a file, or the body of a request.

use super::spec::RuleSpec;
use super::yaml::{self, Node};

/// Rules are tried one after another on the request path: more of them is a generator gone wrong.
const MAX_RULES: usize = 100;

/// A rule, and how it was written.
#[derive(Clone, Debug)]
pub(super) struct Stated {
    pub(super) spec: RuleSpec,
    pub(super) written: Node,
}

/// The rules of a file. One that is empty, or holds only comments, has none.
pub(super) fn of_file(text: &str) -> Result<Vec<Stated>, String> {
    let rules = read(text)?;
    for rule in &rules {
        RuleSpec::refuse_shown(&rule.written)
            .map_err(|problem| format!("rule {:?}: {problem}", rule.spec.name))?;
    }
    Ok(rules)
}

/// The rules of a request, which may bring back what `GET /faults` has shown.
pub(super) fn read(text: &str) -> Result<Vec<Stated>, String> {
    let Some(root) = yaml::parse(text)? else { return Ok(Vec::new()) };
    let Node::Map(entries) = root else { return Err("must be a map with the key rules".to_owned()) };
    let mut rules = Vec::new();
    for (key, node) in entries {
        match (&*key, node) {
            ("rules", Node::List(list)) => rules = list,
            ("rules", node) if node.is_null() => {}
            ("rules", _) => return Err("rules: must be a list".to_owned()),
            // What a release says about itself stands beside its rules (ladder/).
            ("release", _) => {}
            _ => return Err(format!("{key:?} is not known: must be rules or release")),
        }
    }
    if rules.len() > MAX_RULES {
        return Err(format!("rules: {} of them: must be at most {MAX_RULES}", rules.len()));
    }
    let mut stated: Vec<Stated> = Vec::new();
    for (index, written) in rules.into_iter().enumerate() {
        let spec = RuleSpec::read(&written, index + 1)?;
        if stated.iter().any(|other| other.spec.name == spec.name) {
            return Err(format!("rule {:?}: name: stands twice", spec.name));
        }
        stated.push(Stated { spec, written });
    }
    Ok(stated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_rule_field_value_and_what_is_allowed() {
        for (rule, message) in [
            ("latency: 1h", r#"latency: "1h": must be at most 10m"#),
            ("latency: soon", r#"latency: "soon": must be a duration such as 20ms, 1.5s or 2m"#),
            ("latency: [1s]", "latency: a list: must be a map of p50, p90, p99"),
            ("latency: {p50: 1s, p90: 2s}", "latency.p99: is missing"),
            (
                "latency: {p50: 1s, p90: 2s, p95: 3s}",
                "latency.p95: is not known: must be one of p50, p90, p99",
            ),
            ("latency: {p50: 2s, p90: 1s, p99: 3s}", "latency: p50, p90 and p99 must ascend"),
            ("error: 0.5", r#"error: "0.5": must be a map of rate, status"#),
            (
                "error: {rate: 5}",
                r#"error.rate: "5": must be a decimal from 0 to 1 with at most six digits after the point, such as 0.02"#,
            ),
            ("error: {status: 503}", "error.rate: is missing"),
            (
                "error: {rate: 1, status: 200}",
                r#"error.status: "200": must be from 400 to 599, but not 499, a client that left"#,
            ),
            (
                "match: {method: get}, latency: 1s",
                r#"match.method: "get": must be a method in capitals, such as GET"#,
            ),
            ("match: {path: x}, latency: 1s", r#"match.path: "x": must start with '/'"#),
            (
                "match: {above: fast}, latency: 1s",
                r#"match.above: "fast": must be a rate above 0 and at most 100000/s, such as 50/s, 0.5/s or 30/m"#,
            ),
            (
                "match: {header: {'a b': x}}, latency: 1s",
                r#"match.header: a map: "a b" is no name of a header"#,
            ),
            (
                "match: {path: /x}, leak: {rate: 1Mi/s, max: 2Mi}",
                "match: only version may be given with leak, which is about the process",
            ),
            (
                "leak: {rate: 1Mi, max: 2Mi}",
                r#"leak.rate: "1Mi": must be bytes a second, such as 2Mi/s or 512Ki/s"#,
            ),
            ("cpu: much", r#"cpu: "much": must be a number of cores from 0.001 to 256, such as 0.5"#),
            ("crash: {}", "crash: needs after, such as 40s, or requests, such as 500"),
            ("crash: {requests: 0}", r#"crash.requests: "0": must be a whole number from 1"#),
            ("readiness: later", r#"readiness: "later": must be never, or {down_for: 5s, every: 30s}"#),
            (
                "readiness: {down_for: 5s, every: 5s}",
                "readiness: down_for must be more than 0 and less than every",
            ),
            ("shutdown: slow", r#"shutdown: "slow": must be abrupt"#),
            ("cache: never", r#"cache: "never": must be miss"#),
            ("start: {delay: 1s}, ttl: 1s", "start: cannot be combined with start_after or ttl"),
            (
                "body: {status: 204, text: x}",
                r#"body.status: "204": must be from 200 to 599, but not 204, 205, 304 or 499"#,
            ),
            ("body: {status: 200}", "body: needs json or text, and not both"),
            ("truncate: 1", r#"truncate: "1": must be true or false"#),
            (
                "truncate: false",
                "does nothing: needs one of error, latency, body, truncate, leak, cpu, crash, readiness, shutdown, start, cache",
            ),
            ("latency: 1s, active: true", "active: is only shown by GET /faults: a file cannot set it"),
            (
                "latency: 1s, typo: 1",
                "typo: is not known: must be one of name, match, start_after, ttl, error, latency, body, truncate, leak, cpu, crash, readiness, shutdown, start, cache",
            ),
        ] {
            let problem = of_file(&format!("rules: [{{name: a, {rule}}}]")).expect_err(rule);
            assert_eq!(problem, format!("rule \"a\": {message}"));
        }
    }

    #[test]
    fn what_has_no_name_is_counted() {
        for (text, message) in [
            ("rules: [{latency: 1s}]", "rule 1: name: is missing"),
            (
                "rules: [5]",
                r#"rule 1: "5": must be a map of name, match, start_after, ttl, error, latency, body, truncate, leak, cpu, crash, readiness, shutdown, start, cache"#,
            ),
            ("rules: 5", "rules: must be a list"),
            ("[]", "must be a map with the key rules"),
            ("rule: []", "\"rule\" is not known: must be rules or release"),
            (
                "rules: [{name: a b, latency: 1s}]",
                "rule \"a b\": name: \"a b\": must be 1 to 63 letters, digits, '-', '_' or '.'",
            ),
        ] {
            assert_eq!(of_file(text).expect_err(text), message);
        }
    }

    #[test]
    fn no_rules_can_be_said_in_many_ways() {
        for none in [
            "",
            "\n",
            "# nothing\n",
            "---\n",
            "rules:",
            "rules: []",
            "rules: null",
            "{}",
            "release: {shows: x}",
        ] {
            assert_eq!(of_file(none).map(|rules| rules.len()), Ok(0), "{none:?}");
        }
    }
}
