//! Money: a count of cents, in the database and in memory; a JSON number with the digits that it needs outside.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decimal::{Inexact, count_units};

/// The highest price: 9999999999.99.
const MAX_CENTS: i64 = 999_999_999_999;

/// A positive amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    cents: i64,
}

impl Price {
    /// Reads the text of a JSON value; the error says what is allowed.
    pub(crate) fn from_json(text: &str) -> Result<Self, &'static str> {
        match count_units(text, 2) {
            None | Some(Err(Inexact::Negative) | Ok(0)) => Err("price must be a positive number"),
            Some(Err(Inexact::TooFine)) => Err("price must have at most two decimals"),
            Some(Ok(cents)) if cents <= MAX_CENTS => Ok(Self { cents }),
            Some(Ok(_) | Err(Inexact::TooLarge)) => Err("price must be at most 9999999999.99"),
        }
    }

    pub(crate) fn cents(self) -> i64 {
        self.cents
    }
}

/// As the database has it: only what was a price once is stored.
impl From<i64> for Price {
    fn from(cents: i64) -> Self {
        Self { cents }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, cents) = (self.cents / 100, self.cents % 100);
        match (cents, cents % 10) {
            (0, _) => write!(f, "{whole}"),
            (_, 0) => write!(f, "{whole}.{}", cents / 10),
            _ => write!(f, "{whole}.{cents:02}"),
        }
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).expect("digits and a point are a JSON number");
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = <&RawValue>::deserialize(deserializer)?;
        Self::from_json(number.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_written_with_the_digits_that_it_needs_and_read_back_the_same() {
        for (cents, text) in
            [(1, "0.01"), (10, "0.1"), (1990, "19.9"), (2000, "20"), (MAX_CENTS, "9999999999.99")]
        {
            let price = Price::from(cents);
            assert_eq!(serde_json::to_string(&price).unwrap(), text);
            assert_eq!(Price::from_json(text), Ok(price));
            assert_eq!(serde_json::from_str::<Price>(text).unwrap(), price);
        }
    }

    #[test]
    fn what_is_no_price_is_refused_with_what_is_allowed() {
        for text in ["0", "-1", "\"5\"", "null", "[]"] {
            assert_eq!(Price::from_json(text), Err("price must be a positive number"), "{text}");
        }
        assert_eq!(Price::from_json("0.001"), Err("price must have at most two decimals"));
        for text in ["10000000000", "1e400", "123456789012345678901234567890"] {
            assert_eq!(Price::from_json(text), Err("price must be at most 9999999999.99"), "{text}");
        }
    }
}
