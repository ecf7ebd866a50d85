//! A product, as the database stores it and as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::price::Price;

/// A product of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub(crate) struct Product {
    /// Given by the service, never twice.
    #[schema(minimum = 1, example = 1)]
    pub(crate) id: i64,
    #[schema(min_length = 1, max_length = 200, example = "Brass Sextant")]
    pub(crate) name: String,
    #[schema(max_length = 2000)]
    pub(crate) description: String,
    /// A decimal number with at most two decimals, exact.
    #[sqlx(rename = "price_cents", try_from = "i64")]
    #[schema(value_type = f64, minimum = 0.01, maximum = 9_999_999_999.99, example = 189)]
    pub(crate) price: Price,
    #[schema(min_length = 1, max_length = 64, example = "Navigation")]
    pub(crate) category: String,
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 12)]
    pub(crate) stock: i64,
}

/// A product with the number of its version, which is 1 at first and grows by one with each update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow)]
pub(crate) struct Versioned {
    pub(crate) version: i64,
    #[sqlx(flatten)]
    pub(crate) product: Product,
}
