//! Reading a node field by field. A problem names the path to the field, its value and what is allowed.

use serde_json::Value;

use super::yaml::Node;

/// A value with the path to it, such as `latency.p50`.
pub(super) struct Field<'a> {
    path: String,
    node: &'a Node,
}

/// The fields of a map.
pub(super) struct Fields<'a> {
    path: String,
    entries: &'a [(String, Node)],
}

impl<'a> Field<'a> {
    /// The whole of a rule: its fields have no path before them.
    pub(super) fn root(node: &'a Node) -> Self {
        Self { path: String::new(), node }
    }

    /// What is wrong with it.
    pub(super) fn problem(&self, allowed: &str) -> String {
        let value = match self.node {
            Node::Scalar { text, .. } => format!("{text:?}"),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a map".to_owned(),
        };
        match self.path.is_empty() {
            true => format!("{value}: {allowed}"),
            false => format!("{}: {value}: {allowed}", self.path),
        }
    }

    /// Its text, when it is one value.
    pub(super) fn text(&self) -> Option<&'a str> {
        if let Node::Scalar { text, .. } = self.node { Some(text) } else { None }
    }

    /// Its text, parsed. The parser's message says what is allowed.
    pub(super) fn parse<T>(&self, parser: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
        // What the parser says to nothing is what it allows.
        let text = self.text().ok_or_else(|| self.problem("must be one value"))?;
        parser(text).map_err(|allowed| self.problem(&allowed))
    }

    /// Its fields, of which no others are allowed.
    pub(super) fn fields(&self, allowed: &[&str]) -> Result<Fields<'a>, String> {
        let Node::Map(entries) = self.node else {
            return Err(self.problem(&format!("must be a map of {}", allowed.join(", "))));
        };
        match entries.iter().find(|(key, _)| !allowed.contains(&&**key)) {
            Some((key, _)) => {
                let path = join(&self.path, key);
                Err(format!("{path}: is not known: must be one of {}", allowed.join(", ")))
            }
            None => Ok(Fields { path: self.path.clone(), entries }),
        }
    }

    /// Its entries, whatever their keys.
    pub(super) fn entries(&self, allowed: &str) -> Result<Vec<(&'a str, Field<'a>)>, String> {
        let Node::Map(entries) = self.node else { return Err(self.problem(allowed)) };
        let field = |(key, node): &'a (String, Node)| (&**key, Field { path: join(&self.path, key), node });
        Ok(entries.iter().map(field).collect())
    }

    /// All of it as JSON.
    pub(super) fn value(&self) -> Value {
        self.node.value()
    }
}

impl<'a> Fields<'a> {
    /// A field. One that is empty or `null` is not given.
    pub(super) fn get(&self, name: &str) -> Option<Field<'a>> {
        let (key, node) = self.entries.iter().find(|(key, node)| key == name && !node.is_null())?;
        Some(Field { path: join(&self.path, key), node })
    }

    /// A field's text parsed, if it is given.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        parser: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        self.get(name).map(|field| field.parse(parser)).transpose()
    }

    /// As [`Fields::parse`], for what must be given.
    pub(super) fn need<T>(
        &self,
        name: &str,
        parser: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, String> {
        self.parse(name, parser)?.ok_or_else(|| format!("{}: is missing", join(&self.path, name)))
    }

    /// A problem of all of them together.
    pub(super) fn problem(&self, allowed: &str) -> String {
        if self.path.is_empty() { allowed.to_owned() } else { format!("{}: {allowed}", self.path) }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
