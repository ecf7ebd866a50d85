//! Which products a list asks for: `?category=&limit=&after=`.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::Deserialize;
use service_kit::ApiError;
use utoipa::IntoParams;

/// How many products a page has when the client does not say.
const DEFAULT_LIMIT: i64 = 100;
/// The most that it may say.
pub(crate) const MAX_LIMIT: i64 = 200;
/// No category is longer (the limit of a product's).
const MAX_CATEGORY: usize = 64;

/// A page of the products, by id, of all or of one category.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    pub(crate) category: Option<String>,
    pub(crate) limit: i64,
    /// The last id of the page before; 0 for the first page.
    pub(crate) after: i64,
}

/// The query as it is sent.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only the products of this category.
    #[param(nullable = false, max_length = 64, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    category: Option<String>,
    /// How many products a page has at most.
    #[param(value_type = Option<i64>, nullable = false, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// Only the products whose id is greater: the `next` of the page before.
    #[param(value_type = Option<i64>, nullable = false, minimum = 0, default = 0)]
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Filter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(parameters) = Query::<Parameters>::try_from_uri(&parts.uri)
            .map_err(|_| ApiError::bad_request("category, limit and after may stand once each"))?;
        Self::read(parameters).map_err(ApiError::bad_request)
    }
}

impl Filter {
    fn read(parameters: Parameters) -> Result<Self, &'static str> {
        // As the original did: an empty category is none.
        let category = parameters.category.filter(|category| !category.is_empty());
        if category.as_ref().is_some_and(|category| category.chars().count() > MAX_CATEGORY) {
            return Err("category must be at most 64 characters");
        }
        if category.as_ref().is_some_and(|category| category.chars().any(char::is_control)) {
            return Err("category must not contain control characters");
        }
        let limit = parameters.limit.map_or(Some(DEFAULT_LIMIT), |text| natural(&text));
        let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let after = parameters.after.map_or(Some(0), |text| natural(&text));
        Ok(Self {
            category,
            limit: limit.ok_or("limit must be an integer from 1 to 200")?,
            after: after.ok_or("after must be a product ID, or 0")?,
        })
    }
}

/// Digits only: `parse` alone would take a sign.
pub(crate) fn natural(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, &'static str> {
        let uri = format!("/products?{query}").parse().unwrap();
        Filter::read(Query::<Parameters>::try_from_uri(&uri).unwrap().0)
    }

    #[test]
    fn without_parameters_it_is_the_first_page_of_all() {
        let all = Filter { category: None, limit: 100, after: 0 };
        assert_eq!(read(""), Ok(all.clone()));
        assert_eq!(read("category="), Ok(all));
    }

    #[test]
    fn a_category_is_taken_as_it_is_decoded() {
        let filter = read("category=Rum%20%26%20Co&limit=5&after=12").unwrap();
        assert_eq!(filter, Filter { category: Some("Rum & Co".to_owned()), limit: 5, after: 12 });
    }

    #[test]
    fn what_is_out_of_range_or_no_number_is_refused() {
        for limit in ["0", "201", "-1", "+1", "abc", "", "1.0", "99999999999999999999"] {
            assert_eq!(
                read(&format!("limit={limit}")),
                Err("limit must be an integer from 1 to 200"),
                "{limit}"
            );
        }
        for after in ["-1", "x", "", "9223372036854775808"] {
            assert_eq!(read(&format!("after={after}")), Err("after must be a product ID, or 0"), "{after}");
        }
        assert_eq!(read("category=%00"), Err("category must not contain control characters"));
    }
}
