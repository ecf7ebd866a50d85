//! `ETag` and `If-Match`: of two who change the same version of a product, the second is told so.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};
use service_kit::ApiError;

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

    /// `*`, or a list of entity tags (RFC 9110, 13.1.1), in one field or several. A tag that is not ours, as every weak
    /// one, matches no version.
    fn read<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let Some(mut list) = fields.next().map(<[u8]>::to_vec) else { return Some(Self::Any) };
        fields.for_each(|field| list.extend([b",", field].concat()));
        let mut rest = list.trim_ascii();
        if rest == b"*" {
            return Some(Self::Any);
        }
        let mut versions = ",".to_owned();
        while !rest.is_empty() {
            // A list may have empty members.
            if rest[0] != b',' {
                let tag;
                (tag, rest) = first_tag(rest)?;
                versions.extend(tag.map(|version| format!("{version},")));
            }
            rest = rest.strip_prefix(b",").or(rest.is_empty().then_some(rest))?.trim_ascii_start();
        }
        Some(Self::OneOf(versions))
    }
}

/// The version that the first tag names, if it is one of ours, and what stands behind the tag. None when it is no tag.
fn first_tag(list: &[u8]) -> Option<(Option<i64>, &[u8])> {
    let strong = list.strip_prefix(b"W/");
    let opaque = strong.unwrap_or(list).strip_prefix(b"\"")?;
    let end = opaque.iter().position(|byte| *byte == b'"')?;
    let (tag, rest) = (&opaque[..end], opaque[end + 1..].trim_ascii_start());
    if tag.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
        return None;
    }
    let version = str::from_utf8(tag).ok().filter(|_| strong.is_none()).and_then(natural);
    Some((version, rest))
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let fields = parts.headers.get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes);
        let message = "If-Match must be * alone, or entity tags in double quotes, separated by commas";
        Self::read(fields).ok_or_else(|| ApiError::bad_request(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Option<Precondition> {
        Precondition::read(fields.iter().map(|field| field.as_bytes()))
    }

    fn versions(fields: &[&str]) -> String {
        match read(fields) {
            Some(Precondition::OneOf(versions)) => versions,
            other => panic!("{fields:?}: {other:?}"),
        }
    }

    #[test]
    fn without_a_tag_or_with_a_star_any_version_may_be_changed() {
        assert_eq!(read(&[]), Some(Precondition::Any));
        assert_eq!(read(&["*"]), Some(Precondition::Any));
    }

    #[test]
    fn the_tags_of_all_fields_are_one_list() {
        assert_eq!(versions(&["\"3\", \"7\"", "\"12\""]), ",3,7,12,");
        assert_eq!(versions(&[" ,\"3\" ,, \"7\" ,"]), ",3,7,");
    }

    #[test]
    fn weak_and_foreign_tags_match_nothing() {
        for tag in ["W/\"3\"", "\"abc\"", "", "\"%\"", "\"-3\"", "\"\"", "\"a,b\"", "\"3,4\"", "\"\u{fc}\""] {
            assert_eq!(versions(&[tag]), ",", "{tag}");
        }
    }

    #[test]
    fn what_is_neither_a_star_nor_a_list_of_tags_is_none() {
        for fields in [
            &["*, \"1\""][..],
            &["\"1\", *"],
            &["*", "\"1\""],
            &["*", "*"],
            &["**"],
            &["3"],
            &["\""],
            &["\"3"],
            &["3\""],
            &["\"3\" \"4\""],
            &["\"3\"\"4\""],
            &["\"3\";"],
            &["w/\"3\""],
            &["W/3"],
            &["W/ \"3\""],
            &["\"a b\""],
            &["\"3\", x"],
        ] {
            assert_eq!(read(fields), None, "{fields:?}");
        }
    }
}
