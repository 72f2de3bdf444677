//! Whether two numbers of JSON are the same.
//!
//! Integers are compared exactly, whatever their size, and so are decimals that both have more digits
//! than a float holds. All others are compared as floats, since that is what most languages have:
//! one of them writes `0.1`, and another `0.10000000000000001`.

/// How many digits a float always tells apart from others.
const FLOAT_DIGITS: usize = 17;

/// Whether two numbers, given as their digits, are equal, or as close as the tolerance says: the
/// largest difference, relative to the first.
pub(super) fn are_equal(left: &str, right: &str, tolerance: f64) -> bool {
    let exact = Decimal::of(left).zip(Decimal::of(right));
    if let Some((left, right)) = &exact {
        if left == right {
            return true;
        }
        let both = |of: fn(&Decimal) -> bool| of(left) && of(right);
        let is_exact = both(Decimal::is_integer) || both(Decimal::is_long);
        if is_exact && tolerance == 0.0 {
            return false;
        }
    }
    let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>()) else {
        return false;
    };
    // Two that are both beyond all floats are not close.
    left == right && left.is_finite() || (left - right).abs() <= tolerance * left.abs()
}

/// A number as its digits without zeros at either end, and the power of ten that they are multiplied
/// by.
#[derive(Debug, PartialEq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` if the exponent is not an integer of 64 bits.
    fn of(number: &str) -> Option<Self> {
        let unsigned = number.strip_prefix('-');
        let (mantissa, exponent) = match unsigned.unwrap_or(number).split_once(['e', 'E']) {
            None => (unsigned.unwrap_or(number), 0),
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        let zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let places = i64::try_from(fraction.len()).ok()?;
        let digits = digits.trim_start_matches('0').to_owned();
        Some(match digits.is_empty() {
            true => Self {
                is_negative: false,
                digits,
                exponent: 0,
            },
            false => Self {
                is_negative: unsigned.is_some(),
                digits,
                exponent: exponent.checked_add(zeros)?.checked_sub(places)?,
            },
        })
    }

    fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    fn is_long(&self) -> bool {
        self.digits.len() > FLOAT_DIGITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_long_decimals_are_compared_exactly_and_others_as_floats() {
        for (left, right, expected) in [
            ("1", "1.0", true),
            ("1e3", "1000", true),
            ("-0", "0.00", true),
            ("1E400", "10e399", true),
            ("1E400", "2E400", false),
            ("1e9999999999999999999", "1", false),
            ("9007199254740993", "9007199254740992", false),
            ("18446744073709551615", "18446744073709551614", false),
            ("1e30", "1000000000000000019884624838656", false),
            ("0.1", "0.10000000000000001", true),
            ("0.1", "0.1000000000000001", false),
            ("1234567890.12345678901", "1234567890.12345678902", false),
            ("1", "-1", false),
        ] {
            assert_eq!(are_equal(left, right, 0.0), expected, "{left} {right}");
        }
        assert!(are_equal("9007199254740993", "9007199254740992", 1e-9));
        assert!(are_equal("1000", "1000.0001", 1e-6));
    }
}
