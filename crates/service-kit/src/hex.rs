//! Numbers in sixteen hexadecimal digits: ids of requests, traces and spans.

/// All digits at a time: each half byte of the number is spread to a byte of its own, which then becomes its letter.
pub(crate) fn digits(value: u64) -> [u8; 16] {
    let mut spread = u128::from(value);
    for (shift, mask) in SPREAD {
        spread = (spread | (spread << shift)) & mask;
    }
    // 1 in each byte that is a letter: ten and six carry into the upper half.
    let letters = ((spread + SIX) >> 4) & ONE;
    (spread + letters * u128::from(b'a' - b'9' - 1) + ONE * u128::from(b'0')).to_be_bytes()
}

/// The number that these digits are, none of them in upper case; None where one is no digit. At most 32 count.
pub(crate) fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number: u128, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

const ONE: u128 = u128::from_be_bytes([1; 16]);
const SIX: u128 = u128::from_be_bytes([6; 16]);

/// Halves the distance of what belongs together four times.
const SPREAD: [(u32, u128); 4] = [
    (32, 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff),
    (16, 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff),
    (8, 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff),
    (4, 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_sixteen_digits_and_read_again() {
        for value in [0, 1, 9, 10, 15, 16, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX] {
            let written = digits(value);
            assert_eq!(str::from_utf8(&written).unwrap(), format!("{value:016x}"));
            assert_eq!(number(&written), Some(value.into()));
        }
    }

    #[test]
    fn what_is_no_digit_in_lower_case_is_no_number() {
        for bad in ["0A", "g0", " 1", "-1"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad}");
        }
    }
}
