//! How many distinct values there are: exact up to a threshold, then a HyperLogLog sketch.
//!
//! The sketch has 2^14 registers: its standard error is 0.8 percent.

use std::collections::HashSet;

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// As a power of two.
const REGISTERS: u8 = 14;

/// Values, by 64 bits that stand for them.
#[derive(Debug, Clone)]
pub(crate) enum Distinct {
    Exact(HashSet<u64>),
    About(Box<HllSketch>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(HashSet::new())
    }
}

impl Distinct {
    /// What the sketch takes, in bytes.
    const SKETCH_BYTES: u64 = 20 << 10;

    /// Adds a value, and gives the bytes that it takes more.
    pub(super) fn add(&mut self, value: u64, threshold: usize) -> u64 {
        match self {
            Self::Exact(values) => {
                let before = values.capacity();
                values.insert(value);
                let grown = (values.capacity() - before) as u64 * 10;
                if values.len() > threshold {
                    self.estimate();
                    return grown + Self::SKETCH_BYTES;
                }
                grown
            }
            Self::About(sketch) => {
                sketch.update(value);
                0
            }
        }
    }

    fn estimate(&mut self) {
        if let Self::Exact(values) = self {
            let sketch = HllSketch::new(REGISTERS, HllType::Hll8);
            let mut sketch = sketch.expect("so many registers may be");
            for value in values.iter() {
                sketch.update(value);
            }
            *self = Self::About(Box::new(sketch));
        }
    }

    pub(super) fn merge(&mut self, other: Self, threshold: usize) {
        match other {
            Self::Exact(values) => {
                for value in values {
                    self.add(value, threshold);
                }
            }
            Self::About(other) => {
                self.estimate();
                if let Self::About(sketch) = self {
                    let mut union = HllUnion::new(REGISTERS).expect("so many registers may be");
                    union.update(sketch);
                    union.update(&other);
                    **sketch = union.to_sketch(HllType::Hll8);
                }
            }
        }
    }

    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Exact(values) => values.len() as u64,
            Self::About(sketch) => sketch.estimate().round() as u64,
        }
    }
}
