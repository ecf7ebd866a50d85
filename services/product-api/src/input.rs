//! What a client sends as a product, checked: one message for each limit that it violates.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::decimal::{Inexact, count_units};
use crate::price::Price;

/// The members of a JSON object, not read yet. Numbers keep their text, so that a price stays exact.
pub(crate) type Members = BTreeMap<String, Box<RawValue>>;

/// The largest stock: the largest integer that every JSON reader holds exactly.
const MAX_STOCK: i64 = 9_007_199_254_740_991;

/// A new product.
#[derive(Debug, PartialEq, ToSchema)]
pub(crate) struct Draft {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        example = "Brass Sextant"
    )]
    pub(crate) name: String,
    #[schema(
        required = false,
        max_length = 2000,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        default = ""
    )]
    pub(crate) description: String,
    #[schema(value_type = f64, minimum = 0.01, maximum = 9_999_999_999.99, multiple_of = 0.01, example = 189.5)]
    pub(crate) price: Price,
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        example = "Navigation"
    )]
    pub(crate) category: String,
    #[schema(required = false, minimum = 0, maximum = 9_007_199_254_740_991_i64, default = 0)]
    pub(crate) stock: i64,
}

/// The members that an update sends; what is None stays as it is.
#[derive(Debug, Default, PartialEq, ToSchema)]
pub(crate) struct Changes {
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$"
    )]
    pub(crate) name: Option<String>,
    #[schema(nullable = false, max_length = 2000, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    pub(crate) description: Option<String>,
    #[schema(value_type = Option<f64>, nullable = false, minimum = 0.01, maximum = 9_999_999_999.99, multiple_of = 0.01)]
    pub(crate) price: Option<Price>,
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$"
    )]
    pub(crate) category: Option<String>,
    #[schema(nullable = false, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub(crate) stock: Option<i64>,
}

impl Draft {
    pub(crate) fn read(members: &Members) -> Result<Self, String> {
        let is_there = |key| members.get(key).is_some_and(|value| !matches!(value.get(), "null" | "\"\""));
        if !["name", "price", "category"].into_iter().all(is_there) {
            return Err("name, price, and category are required".to_owned());
        }
        let Changes { name: Some(name), description, price: Some(price), category: Some(category), stock } =
            Changes::read(members)?
        else {
            unreachable!("a member that is there is read or refused")
        };
        Ok(Self {
            name,
            description: description.unwrap_or_default(),
            price,
            category,
            stock: stock.unwrap_or_default(),
        })
    }
}

impl Changes {
    /// Members of other names are ignored, so that a client may send back what it was given.
    pub(crate) fn read(members: &Members) -> Result<Self, String> {
        let json = |key| members.get(key).map(|value| value.get());
        Ok(Self {
            name: json("name").map(|json| text("name", json, 1, 200)).transpose()?,
            description: json("description").map(|json| text("description", json, 0, 2_000)).transpose()?,
            price: json("price").map(Price::from_json).transpose()?,
            category: json("category").map(|json| text("category", json, 1, 64)).transpose()?,
            stock: json("stock").map(stock).transpose()?,
        })
    }
}

fn text(key: &str, json: &str, min: usize, max: usize) -> Result<String, String> {
    let text: String = serde_json::from_str(json).map_err(|_| format!("{key} must be a string"))?;
    let length = text.chars().count();
    match () {
        () if length < min => Err(format!("{key} must not be empty")),
        () if length > max => Err(format!("{key} must be at most {max} characters")),
        () if text.chars().any(char::is_control) => Err(format!("{key} must not contain control characters")),
        () => Ok(text),
    }
}

fn stock(json: &str) -> Result<i64, String> {
    match count_units(json, 0) {
        Some(Ok(stock)) if stock <= MAX_STOCK => Ok(stock),
        Some(Ok(_) | Err(Inexact::TooLarge)) => Err(format!("stock must be at most {MAX_STOCK}")),
        _ => Err("stock must be a non-negative integer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(json: &str) -> Result<Draft, String> {
        Draft::read(&serde_json::from_str(json).unwrap())
    }

    fn change(json: &str) -> Result<Changes, String> {
        Changes::read(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn description_and_stock_have_defaults() {
        let draft = draft(r#"{"name":"a","price":1.5,"category":"b","id":7}"#).unwrap();
        assert_eq!((draft.description.as_str(), draft.stock, draft.price.cents()), ("", 0, 150));
    }

    #[test]
    fn a_draft_without_name_price_or_category_is_refused() {
        for json in [
            "{}",
            r#"{"name":"a","price":1}"#,
            r#"{"name":null,"price":1,"category":"b"}"#,
            r#"{"name":"","price":1,"category":"b"}"#,
        ] {
            assert_eq!(draft(json), Err("name, price, and category are required".to_owned()), "{json}");
        }
    }

    #[test]
    fn every_violated_limit_has_its_message() {
        let (long_name, long_category) = ("x".repeat(201), "x".repeat(65));
        for (json, message) in [
            (r#"{"name":""}"#.to_owned(), "name must not be empty"),
            (r#"{"name":5}"#.to_owned(), "name must be a string"),
            (r#"{"name":null}"#.to_owned(), "name must be a string"),
            (r#"{"name":"\ud800"}"#.to_owned(), "name must be a string"),
            (format!(r#"{{"name":"{long_name}"}}"#), "name must be at most 200 characters"),
            (r#"{"name":"a\u0000b"}"#.to_owned(), "name must not contain control characters"),
            (r#"{"description":"a\nb"}"#.to_owned(), "description must not contain control characters"),
            (format!(r#"{{"category":"{long_category}"}}"#), "category must be at most 64 characters"),
            (r#"{"price":"5"}"#.to_owned(), "price must be a positive number"),
            (r#"{"stock":-1}"#.to_owned(), "stock must be a non-negative integer"),
            (r#"{"stock":1.5}"#.to_owned(), "stock must be a non-negative integer"),
            (r#"{"stock":"1"}"#.to_owned(), "stock must be a non-negative integer"),
            (r#"{"stock":9007199254740992}"#.to_owned(), "stock must be at most 9007199254740991"),
        ] {
            assert_eq!(change(&json), Err(message.to_owned()), "{json}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_not_in_bytes() {
        let name = "\u{1f980}".repeat(200);
        assert_eq!(change(&format!(r#"{{"name":"{name}"}}"#)).unwrap().name, Some(name));
    }
}
