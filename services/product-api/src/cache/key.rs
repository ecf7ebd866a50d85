//! The names of things in Redis. In a cluster, `{cluster}` follows the first word, so that one node has them all.

use super::server::Server;
use crate::filter::Filter;

/// What is cached.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Product(i64),
    List(Filter),
}

/// What is invalidated: a write concerns its product, and every list.
pub(super) enum Subject {
    Product(i64),
    Lists,
}

impl Key {
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Product(id) => Subject::Product(*id),
            Self::List(_) => Subject::Lists,
        }
    }

    /// The label `key_type` of the metrics.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::List(_) => "product_list",
        }
    }
}

impl Key {
    /// Where its entry is. The two numbers of a list stand last, so that no category can be mistaken for another with a
    /// page; the tag stands before the category, which may hold braces too.
    pub(super) fn name(&self, server: &Server) -> String {
        let tag = server.tag();
        match self {
            Self::Product(id) => format!("product{tag}:{id}"),
            Self::List(Filter { category: None, limit, after }) => {
                format!("products{tag}:all:{after}:{limit}")
            }
            Self::List(Filter { category: Some(category), limit, after }) => {
                format!("products{tag}:category:{category}:{after}:{limit}")
            }
        }
    }
}

impl Subject {
    /// Where its generation is, in this run of the server.
    pub(super) fn generation(&self, server: &Server) -> String {
        let (tag, run) = (server.tag(), server.run());
        match self {
            Self::Product(id) => format!("product{tag}:{id}:generation:{run}"),
            Self::Lists => format!("products{tag}:generation:{run}"),
        }
    }
}
