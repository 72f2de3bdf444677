//! Percentiles: a merging t-digest.
//!
//! Up to [`EXACT`] values are kept as they are. More are put together into centroids, each of which
//! covers at most `4 q (1 - q) / compression` of the values around the rank `q`, so that the tails
//! stay fine. A percentile lies on the line between the middles of two centroids, and never outside
//! of the values' range. With the default compression, 100, its rank among the values is within one
//! percent of the rank that was asked for.

/// How many values are kept before they are put together.
const EXACT: usize = 1_000;

/// A digest of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    compression: f64,
    /// Means and weights, in the order of their means.
    centroids: Vec<(f64, f64)>,
    /// Values that are in no centroid yet.
    values: Vec<f64>,
    least: f64,
    greatest: f64,
}

impl Digest {
    /// About what one that was compressed takes, in bytes.
    pub(super) const COMPRESSED_BYTES: u64 = 32 << 10;

    pub(super) fn new(compression: f64) -> Self {
        Self {
            compression,
            centroids: Vec::new(),
            values: Vec::new(),
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        }
    }

    /// Adds a value, and gives the bytes that it takes more.
    pub(super) fn add(&mut self, value: f64) -> u64 {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        let mut grown = 0;
        if self.values.len() == EXACT {
            if self.centroids.is_empty() {
                grown = Self::COMPRESSED_BYTES;
            }
            self.compress();
        }
        if self.values.len() == self.values.capacity() {
            let more = self.values.capacity().clamp(4, EXACT);
            self.values.reserve_exact(more);
            grown += more as u64 * 8;
        }
        self.values.push(value);
        grown
    }

    pub(super) fn merge(&mut self, other: Self) {
        for value in other.values {
            self.add(value);
        }
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        if !other.centroids.is_empty() {
            self.centroids.extend(other.centroids);
            self.compress();
        }
    }

    /// All centroids, those of single values included, in their order.
    fn sorted(&mut self) -> &[(f64, f64)] {
        if !self.values.is_empty() {
            let values = self.values.drain(..).map(|value| (value, 1.0));
            self.centroids.extend(values);
        }
        self.centroids
            .sort_by(|left, right| left.0.total_cmp(&right.0));
        &self.centroids
    }

    fn compress(&mut self) {
        self.sorted();
        let total: f64 = self.centroids.iter().map(|(_, weight)| weight).sum();
        let (mut kept, mut before) = (0, 0.0);
        for next in 1..self.centroids.len() {
            let (mean, weight) = self.centroids[next];
            let (kept_mean, kept_weight) = self.centroids[kept];
            let together = kept_weight + weight;
            let rank = (before + together / 2.0) / total;
            if together <= 4.0 * total * rank * (1.0 - rank) / self.compression {
                // Written so that means of huge values stay finite.
                let mean = kept_mean * (kept_weight / together) + mean * (weight / together);
                self.centroids[kept] = (mean, together);
            } else {
                before += kept_weight;
                kept += 1;
                self.centroids[kept] = (mean, weight);
            }
        }
        self.centroids.truncate(kept + 1);
    }

    /// The values at percents from 0 to 100; `None` where there are none.
    pub(super) fn percentiles(mut self, percents: &[f64]) -> Vec<Option<f64>> {
        let (least, greatest) = (self.least, self.greatest);
        let centroids = self.sorted();
        let total: f64 = centroids.iter().map(|(_, weight)| weight).sum();
        let percentile = |percent: &f64| {
            let rank = percent / 100.0 * total;
            let (mut below, mut before) = ((0.0, least), 0.0);
            for (mean, weight) in centroids {
                let middle = before + weight / 2.0;
                if rank <= middle {
                    return between(below, (middle, *mean), rank).clamp(least, greatest);
                }
                below = (middle, *mean);
                before += weight;
            }
            between(below, (total, greatest), rank).clamp(least, greatest)
        };
        if centroids.is_empty() {
            return vec![None; percents.len()];
        }
        percents.iter().map(percentile).map(Some).collect()
    }
}

/// The value at a rank between two ranks that have one.
fn between(below: (f64, f64), above: (f64, f64), rank: f64) -> f64 {
    if above.0 <= below.0 {
        return above.1;
    }
    let share = (rank - below.0) / (above.0 - below.0);
    below.1 * (1.0 - share) + above.1 * share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest(values: impl IntoIterator<Item = f64>) -> Digest {
        let mut digest = Digest::new(100.0);
        for value in values {
            digest.add(value);
        }
        digest
    }

    #[test]
    fn few_values_give_what_opensearch_interpolates() {
        let few = digest([151.0, 1.0, 101.0, 51.0]);
        let percents = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];
        let expected = [1.0, 1.0, 26.0, 76.0, 126.0, 151.0, 151.0].map(Some);
        assert_eq!(few.percentiles(&percents), expected);
        assert_eq!(digest([]).percentiles(&[50.0]), [None]);
        let huge = digest([f64::MAX, f64::MAX, -f64::MAX]);
        assert_eq!(huge.percentiles(&[100.0]), [Some(f64::MAX)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn ranks_are_within_one_percent_however_the_values_are_spread_over_segments(
            count in 1_000_usize..30_000,
            skew in 1_i32..6,
            segments in 1_usize..5,
            seed: u64,
        ) {
            let mut state = seed | 1;
            let mut values: Vec<f64> = (0..count).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 11) as f64 / (1_u64 << 53) as f64).powi(skew)
            }).collect();
            let mut whole = digest([]);
            for part in values.chunks(count.div_ceil(segments)) {
                whole.merge(digest(part.iter().copied()));
            }
            values.sort_by(f64::total_cmp);
            let percents = [0.0, 0.1, 1.0, 25.0, 50.0, 75.0, 99.0, 99.9, 100.0];
            for (percent, found) in percents.iter().zip(whole.percentiles(&percents)) {
                let found = found.expect("there are values");
                let rank = values.partition_point(|value| *value < found) as f64;
                let rank = rank / count as f64 * 100.0;
                prop_assert!((rank - percent).abs() <= 1.0, "{percent}: {rank}");
            }
        }
    }
}
