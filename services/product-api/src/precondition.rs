//! `ETag` and `If-Match`: of two who change the same version of a product, the second is told so.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::filter::natural;

/// The entity tag of a product's version. It is strong: the version changes with every byte of the product.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes are visible")
}

/// What `If-Match` allows to be changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// There is no `If-Match`, or it is `*`: any version.
    Any,
    /// One of these versions: a list such as `,3,7,`, which the database searches.
    OneOf(String),
}

impl Precondition {
    /// The list of versions, or None for any.
    pub(crate) fn versions(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::OneOf(versions) => Some(versions),
        }
    }

    /// What is not one of our tags (a weak one, or no tag at all) matches no version.
    fn read<'a>(fields: impl Iterator<Item = &'a HeaderValue>) -> Self {
        let fields: Vec<&str> = fields.map(|value| value.to_str().unwrap_or_default()).collect();
        let tags = || fields.iter().flat_map(|field| field.split(',')).map(str::trim);
        if fields.is_empty() || tags().any(|tag| tag == "*") {
            return Self::Any;
        }
        let version = |tag: &str| natural(tag.strip_prefix('"')?.strip_suffix('"')?);
        let versions = tags().filter_map(version);
        Self::OneOf(versions.fold(",".to_owned(), |list, version| format!("{list}{version},")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.headers.get_all(header::IF_MATCH).iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&'static str]) -> Precondition {
        let fields: Vec<HeaderValue> = fields.iter().map(|field| HeaderValue::from_static(field)).collect();
        Precondition::read(fields.iter())
    }

    #[test]
    fn without_a_tag_or_with_a_star_any_version_may_be_changed() {
        assert_eq!(read(&[]), Precondition::Any);
        assert_eq!(read(&["*"]), Precondition::Any);
    }

    #[test]
    fn the_tags_of_all_fields_are_one_list() {
        assert_eq!(read(&["\"3\", \"7\"", "\"12\""]).versions(), Some(",3,7,12,"));
    }

    #[test]
    fn weak_and_foreign_tags_match_nothing() {
        for tag in ["W/\"3\"", "3", "\"abc\"", "", "\"", "\"%\"", "\"-3\"", "\"\""] {
            assert_eq!(read(&[tag]).versions(), Some(","), "{tag}");
        }
    }
}
