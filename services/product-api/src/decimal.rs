//! Exact numbers: the text of a JSON number becomes an integer, and never a binary floating point number on the way.

/// The digits of the largest values that are read: any count of 18 digits fits an `i64`.
const MAX_DIGITS: usize = 18;

/// Why a number is not a count of whole units.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inexact {
    /// It is below zero.
    Negative,
    /// It has more decimals than the unit allows.
    TooFine,
    /// It has more digits than an `i64` holds for certain.
    TooLarge,
}

/// Counts the units of `10^-decimals` in a JSON number: `19.9` holds 1990 units of two decimals. It is the value that
/// counts, not how it is written: `1.50`, `15e-1` and `1.500` are the same. None when the text is no JSON number.
pub(crate) fn count_units(text: &str, decimals: i64) -> Option<Result<i64, Inexact>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(Ok(0));
    }
    if negative {
        return Some(Err(Inexact::Negative));
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let zeros = length(digits) - length(significant) - length(fraction);
    let shift = read_exponent(exponent).saturating_add(zeros).saturating_add(decimals);
    Some(shifted(significant, shift))
}

/// An exponent that no `i64` holds is as good as the largest that one holds.
fn read_exponent(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

fn shifted(significant: &str, shift: i64) -> Result<i64, Inexact> {
    let Ok(zeros) = usize::try_from(shift) else { return Err(Inexact::TooFine) };
    if significant.len().saturating_add(zeros) > MAX_DIGITS {
        return Err(Inexact::TooLarge);
    }
    let digits = format!("{significant}{:0<zeros$}", "");
    Ok(digits.parse().expect("at most 18 digits fit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str) -> Result<i64, Inexact> {
        count_units(text, 2).unwrap()
    }

    #[test]
    fn the_value_counts_and_not_how_it_is_written() {
        for text in ["19.9", "19.90", "19.900000", "199e-1", "0.199E+2", "1990e-2", "0.00199e4"] {
            assert_eq!(cents(text), Ok(1990), "{text}");
        }
        assert_eq!(cents("9999999999.99"), Ok(999_999_999_999));
        for zero in ["0", "-0", "0.00", "0e999999999999999999999", "-0.0e-5"] {
            assert_eq!(cents(zero), Ok(0), "{zero}");
        }
    }

    #[test]
    fn what_binary_floating_point_gets_wrong_is_exact() {
        assert_eq!(cents("0.07"), Ok(7));
        assert_eq!(cents("1.15"), Ok(115));
        assert_eq!(cents("4503599627370497.25"), Ok(450_359_962_737_049_725));
    }

    #[test]
    fn what_is_no_count_is_named() {
        assert_eq!(cents("-0.01"), Err(Inexact::Negative));
        for fine in ["0.001", "1e-3", "1e-99999999999999999999", "123456789012345678901234567890.123"] {
            assert_eq!(cents(fine), Err(Inexact::TooFine), "{fine}");
        }
        for large in ["1e400", "1e99999999999999999999", "123456789012345678901234567890"] {
            assert_eq!(cents(large), Err(Inexact::TooLarge), "{large}");
        }
        assert_eq!(count_units("1.5", 0), Some(Err(Inexact::TooFine)));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for other in ["\"1\"", "null", "true", "[1]", "{}", "", "NaN", "-"] {
            assert_eq!(count_units(other, 2), None, "{other}");
        }
    }
}
