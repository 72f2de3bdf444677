//! Functions of numbers.

use super::{Kernel, Scalar};
use crate::dates;
use crate::expression::interval::long;
use crate::expression::node::Type::{self, Date, Double};

const fn of_one(name: &'static str, function: fn(f64) -> f64) -> Scalar {
    Scalar::new(name, &[Double], Double, Kernel::Double(function))
}

const fn of_two(name: &'static str, function: fn(f64, f64) -> f64) -> Scalar {
    const TWO: &[Type] = &[Double, Double];
    Scalar::new(name, TWO, Double, Kernel::Doubles(function))
}

pub(super) const SCALARS: &[Scalar] = &[
    of_one("acos", f64::acos),
    of_one("acosh", f64::acosh),
    of_one("asin", f64::asin),
    of_one("asinh", f64::asinh),
    of_one("atan", f64::atan),
    of_one("atanh", f64::atanh),
    of_two("atan2", f64::atan2),
    of_one("cbrt", f64::cbrt),
    of_one("cos", f64::cos),
    of_one("cosh", f64::cosh),
    of_one("cot", |angle| angle.tan().recip()),
    of_one("degrees", f64::to_degrees),
    of_one("exp", f64::exp),
    of_one("ln", f64::ln),
    of_one("log10", f64::log10),
    of_one("log2", f64::log2),
    Scalar::new(
        "pi",
        &[],
        Double,
        Kernel::Number(|_| Some(std::f64::consts::PI)),
    ),
    of_two("pow", f64::powf),
    of_two("power", f64::powf),
    of_one("radians", f64::to_radians),
    of_one("sin", f64::sin),
    of_one("sinh", f64::sinh),
    of_one("tan", f64::tan),
    of_one("tanh", f64::tanh),
    Scalar::new(
        "to_timestamp",
        &[Double],
        Date,
        Kernel::Long(|row| {
            let micros = long((row.double(0) * 1e6).round_ties_even())?;
            dates::instant(micros).map(|_| micros)
        }),
    ),
];

/// The logarithm to a base, exact for the powers of the usual ones.
pub(in crate::expression) fn logarithm(base: f64, number: f64) -> f64 {
    match base.to_bits() {
        bits if bits == 10_f64.to_bits() => number.log10(),
        bits if bits == 2_f64.to_bits() => number.log2(),
        _ => number.log(base),
    }
}

/// -1, 0 or 1.
pub(in crate::expression) fn sign(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number.signum() }
}
