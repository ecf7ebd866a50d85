//! A YAML document as it was written: `1.10` stays `1.10`, whatever a reader takes it for.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Rules are four levels deep; a body in JSON may be some more. What is deeper would overflow the stack in the end.
const MAX_DEPTH: usize = 64;

/// What a file of 1 MiB may hold at most, aliases written out: they must not multiply for ever.
const MAX_NODES: usize = 100_000;

/// One node of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Scalar {
        text: String,
        /// Written without quotes: it may be a number, a boolean or nothing.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// The one document of a text; None when it holds none, or nothing but comments.
pub(super) fn parse(text: &str) -> Result<Option<Node>, String> {
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| format!("no valid YAML: {error}"))?;
        builder.take(event).map_err(|problem| format!("line {}: {problem}", span.start.line()))?;
    }
    Ok(builder.root.filter(|root| !root.is_null()))
}

impl Node {
    /// Whether nothing was written, or `null`, as templates do.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar { text, plain: true } if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// For people and programs: what is a number or a boolean in JSON too is one, all else is the text as it was
    /// written.
    pub(super) fn shown(&self) -> Value {
        match self {
            Self::Scalar { text, .. } => {
                let (value, same) = (self.value(), Value::from(text.clone()));
                if value.to_string().as_str() == text { value } else { same }
            }
            Self::List(list) => list.iter().map(Self::shown).collect(),
            Self::Map(entries) => entries.iter().map(|(key, node)| (key.clone(), node.shown())).collect(),
        }
    }

    /// As JSON, by the types that YAML shares with it.
    pub(super) fn value(&self) -> Value {
        match self {
            node if node.is_null() => Value::Null,
            Self::Scalar { text, plain } => {
                let typed = plain.then(|| serde_json::from_str(text).ok()).flatten();
                typed.unwrap_or_else(|| Value::from(text.clone()))
            }
            Self::List(list) => list.iter().map(Self::value).collect(),
            Self::Map(entries) => Value::Object(
                entries.iter().map(|(key, node)| (key.clone(), node.value())).collect::<Map<_, _>>(),
            ),
        }
    }

    fn size(&self) -> usize {
        1 + match self {
            Self::Scalar { .. } => 0,
            Self::List(list) => list.iter().map(Self::size).sum(),
            Self::Map(entries) => entries.iter().map(|(_, node)| node.size()).sum(),
        }
    }

    fn depth(&self) -> usize {
        1 + match self {
            Self::Scalar { .. } => 0,
            Self::List(list) => list.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Map(entries) => entries.iter().map(|(_, node)| node.depth()).max().unwrap_or_default(),
        }
    }
}

/// Collects events into nodes.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A list or a map that has not ended yet.
struct Open {
    anchor: usize,
    node: Node,
    /// In a map: the key whose value comes next.
    key: Option<String>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err("a second document: must be one".to_owned()) } else { Ok(()) }
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                self.count(1)?;
                self.add(Node::Scalar { text: text.into_owned(), plain }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(Node::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.begin(Node::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let node =
                    self.anchors.get(&anchor).cloned().ok_or("an alias of what is not complete yet")?;
                self.count(node.size())?;
                if self.open.len() + node.depth() > MAX_DEPTH {
                    return Err(format!("deeper than {MAX_DEPTH} levels"));
                }
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("deeper than {MAX_DEPTH} levels"));
        }
        self.open.push(Open { anchor, node, key: None });
        self.count(1)
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err(format!("more than {MAX_NODES} values")) } else { Ok(()) }
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.add(node),
            None => {
                self.root = Some(node);
                Ok(())
            }
        }
    }
}

impl Open {
    fn add(&mut self, node: Node) -> Result<(), String> {
        match (&mut self.node, self.key.take()) {
            (Node::List(list), _) => list.push(node),
            (Node::Map(entries), Some(key)) if key == "<<" => return merge(entries, node),
            (Node::Map(entries), Some(key)) if entries.iter().any(|(known, _)| *known == key) => {
                return Err(format!("{key:?} stands twice"));
            }
            (Node::Map(entries), Some(key)) => entries.push((key, node)),
            (Node::Map(_), None) => match node {
                Node::Scalar { text, .. } => self.key = Some(text),
                _ => return Err("a key must be a word".to_owned()),
            },
            (Node::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// YAML's merge key: what the map does not say itself.
fn merge(entries: &mut Vec<(String, Node)>, node: Node) -> Result<(), String> {
    let maps = if let Node::List(maps) = node { maps } else { vec![node] };
    for map in maps {
        let Node::Map(more) = map else { return Err("\"<<\" must be a map".to_owned()) };
        let more: Vec<_> =
            more.into_iter().filter(|(key, _)| !entries.iter().any(|(known, _)| known == key)).collect();
        entries.extend(more);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        parse(text).unwrap().map(|node| node.shown().to_string()).unwrap_or_default()
    }

    #[test]
    fn a_value_is_shown_as_it_was_written() {
        assert_eq!(
            shown("{a: 1.10, b: 1.1, c: yes, d: true, e: 1e3, f: 007}"),
            r#"{"a":"1.10","b":1.1,"c":"yes","d":true,"e":"1e3","f":"007"}"#
        );
        assert_eq!(shown("{a: '1.10', b: '1'}"), r#"{"a":"1.10","b":"1"}"#);
    }

    #[test]
    fn nothing_is_no_document() {
        for nothing in ["", "# a comment\n", "---\n", "\n\n", "~", "null"] {
            assert_eq!(parse(nothing), Ok(None), "{nothing:?}");
        }
    }

    #[test]
    fn anchors_and_merges_are_written_out() {
        assert_eq!(
            shown("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}"),
            r#"{"a":{"b":1},"c":{"b":1},"d":{"b":1,"e":2}}"#
        );
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.extend([format!("a{level}: &a{level} [{aliases}]\n")]);
        }
        for bad in [
            bomb,
            "[".repeat(100_000),
            "a: {".repeat(1_000),
            "a: 1\na: 2".to_owned(),
            "--- 1\n--- 2".to_owned(),
            "? [a]\n: b".to_owned(),
            "a: *b".to_owned(),
        ] {
            assert_eq!(parse(&bad).expect_err("it is refused").lines().count(), 1);
        }
    }
}
