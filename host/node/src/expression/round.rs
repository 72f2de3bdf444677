//! Rounding to decimal places, as PostgreSQL's `numeric` does: halves go away from zero.
//!
//! A double is taken at the 15 significant digits that PostgreSQL casts it to `numeric` with, so
//! that 2.675 is a half and rounds to 2.68. To whole numbers, doubles are rounded by
//! `f64::round_ties_even`.

/// A long, rounded to tens, hundreds and so on; null if it no longer fits.
pub(super) fn long(value: i64, places: i64) -> Option<i64> {
    let dropped = u32::try_from(-places).unwrap_or(0);
    i64::try_from(drop_digits(value, dropped, true)).ok()
}

/// A long, cut to tens, hundreds and so on.
pub(super) fn cut_long(value: i64, places: i64) -> i64 {
    let dropped = u32::try_from(-places).unwrap_or(0);
    i64::try_from(drop_digits(value, dropped, false)).unwrap_or(value)
}

/// A double, rounded to so many places.
pub(super) fn double(value: f64, places: i64) -> f64 {
    to_places(value, places, true)
}

/// A double, cut to so many places.
pub(super) fn cut_double(value: f64, places: i64) -> f64 {
    to_places(value, places, false)
}

fn to_places(value: f64, places: i64, rounds: bool) -> f64 {
    let text = format!("{value:.14e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return value;
    };
    let (Ok(digits), Ok(exponent)) = (digits.replace('.', "").parse(), exponent.parse::<i64>())
    else {
        return value;
    };
    let last = exponent - 14;
    let Ok(dropped @ 1..) = u32::try_from(-places - last) else {
        return value;
    };
    let rounded = format!("{}e{last}", drop_digits(digits, dropped, rounds));
    rounded.parse().unwrap_or(value)
}

/// With zeros in place of so many digits at the end, rounded or cut.
fn drop_digits(value: i64, count: u32, rounds: bool) -> i128 {
    // No long reaches half of a unit that does not fit.
    let Some(unit) = 10_i128.checked_pow(count) else {
        return 0;
    };
    let value = i128::from(value);
    let half = if rounds { value.signum() * unit / 2 } else { 0 };
    (value + half) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_at_the_digits_that_they_show() {
        for (value, places, expected) in [
            (2.675, 2, 2.68),
            (-1.005, 2, -1.01),
            (0.5, 1, 0.5),
            (1234.5, -2, 1200.0),
            (-1250.0, -2, -1300.0),
            (49.9, -2, 0.0),
            (50.0, -2, 100.0),
            (1e300, 2, 1e300),
            (1e-300, 2, 0.0),
            (1.5e300, -300, 2e300),
            (9_007_199_254_740_993.0, 2, 9_007_199_254_740_992.0),
        ] {
            let rounded = double(value, places);
            assert!((rounded - expected).abs() == 0.0, "{value}: {rounded}");
        }
    }

    #[test]
    fn numbers_are_cut_towards_zero() {
        for (value, places, expected) in
            [(2.675, 2, 2.67), (-2.679, 2, -2.67), (1999.9, -2, 1900.0)]
        {
            let cut = cut_double(value, places);
            assert!((cut - expected).abs() == 0.0, "{value}: {cut}");
        }
        assert_eq!(cut_long(-1999, -3), -1000);
        assert_eq!(cut_long(i64::MIN, -19), 0);
        assert_eq!(cut_long(i64::MAX, 2), i64::MAX);
    }

    #[test]
    fn longs_round_within_their_range() {
        assert_eq!(long(15, -1), Some(20));
        assert_eq!(long(-14, -1), Some(-10));
        assert_eq!(long(i64::MAX, -1), None);
        assert_eq!(long(i64::MIN, -18), Some(-9_000_000_000_000_000_000));
        assert_eq!(long(i64::MIN, -19), None);
        assert_eq!(long(i64::MIN, -20), Some(0));
        assert_eq!(long(i64::MIN, -300), Some(0));
    }
}
