//! The names of things in Redis.

use std::fmt;

use super::link::Link;
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

impl fmt::Display for Key {
    /// The two numbers stand last, so that no category can be mistaken for another with a page.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(id) => write!(f, "product:{id}"),
            Self::List(Filter { category: None, limit, after }) => write!(f, "products:all:{after}:{limit}"),
            Self::List(Filter { category: Some(category), limit, after }) => {
                write!(f, "products:category:{category}:{after}:{limit}")
            }
        }
    }
}

impl Subject {
    /// The key of its generation in this run of the server.
    pub(super) fn generation(&self, link: &Link) -> String {
        match self {
            Self::Product(id) => format!("product:{id}:generation:{}", link.run),
            Self::Lists => format!("products:generation:{}", link.run),
        }
    }
}
