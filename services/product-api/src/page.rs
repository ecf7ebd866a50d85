//! A page of products.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::product::Product;

/// A page, with its products in the form in which they are sent: from the cache they go out as they came.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Box<RawValue>,
    /// How many products it has.
    pub(crate) count: usize,
    /// The last id, when there are more products behind it.
    pub(crate) next: Option<i64>,
}

impl Page {
    /// `products` has one more than the limit when this is not the last page.
    pub(crate) fn new(mut products: Vec<Product>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = products.len() > limit;
        products.truncate(limit);
        Self {
            data: to_raw_value(&products).expect("products have string keys and no failing parts"),
            count: products.len(),
            next: products.last().filter(|_| more).map(|product| product.id),
        }
    }
}
