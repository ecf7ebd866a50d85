//! A strict reader of the Prometheus text format: it panics on a series or a label that stands twice.

use std::collections::{BTreeMap, HashSet};

/// One series of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The series' name, with `_bucket`, `_sum` or `_count` where it has one.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Series {
    /// Reads a scrape.
    pub fn parse(text: &str) -> Vec<Self> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let series: Vec<Self> = lines.map(Self::line).collect();
        let mut seen = HashSet::new();
        for Self { name, labels, .. } in &series {
            assert!(seen.insert((name, labels)), "{name} {labels:?} stands twice");
        }
        series
    }

    /// Whether it has the name and all of the labels.
    pub fn is(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.name == name
            && labels.iter().all(|(key, value)| self.labels.get(*key).is_some_and(|has| has == value))
    }

    fn line(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
        let labels = rest.strip_suffix('}').unwrap_or_else(|| panic!("no end of labels: {line}"));
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        Self { name: name.to_owned(), labels: read_labels(labels, line), value }
    }
}

fn read_labels(mut text: &str, line: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (key, rest) = text.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        let end = closing_quote(rest).unwrap_or_else(|| panic!("no end of value: {line}"));
        let value = rest[..end].replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\");
        assert!(labels.insert(key.to_owned(), value).is_none(), "label {key} stands twice: {line}");
        text = rest[end + 1..].trim_start_matches(',');
    }
    labels
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(index, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_labels_and_values() {
        let series = Series::parse("# HELP a b\na 1\nb{c=\"d\\\"e\",f=\"{,}\"} 2.5\n");
        assert!(series[0].is("a", &[]) && series[1].is("b", &[("c", "d\"e"), ("f", "{,}")]));
    }

    #[test]
    #[should_panic(expected = "stands twice")]
    fn refuses_a_series_that_stands_twice() {
        Series::parse("a{b=\"c\"} 1\na{b=\"c\"} 2\n");
    }
}
