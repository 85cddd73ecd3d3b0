//! The normal distribution cut off at zero.

use crate::engine::stats::normal::{Level, density};

/// A normal given that it is positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct TruncatedNormal {
    mean: f64,
    sd: f64,
    /// Distance of zero below the mean in standard deviations, and the probability on either side of zero.
    depth: f64,
    zero: Level,
}

impl TruncatedNormal {
    /// Within this distance of zero, in standard deviations, probabilities are integrated from zero, because
    /// the difference of two normal probabilities would lose the small one.
    const NEAR: f64 = 0.5;

    pub(super) fn new(mean: f64, sd: f64) -> TruncatedNormal {
        TruncatedNormal { mean, sd, depth: mean / sd, zero: Level::at_z(-mean / sd) }
    }

    pub(super) fn quantile(&self, level: Level) -> f64 {
        let positive = self.zero.above;
        let z = Level { below: self.zero.below + level.below * positive, above: level.above * positive }.z();
        let mut distance = z + self.depth;
        if distance >= Self::NEAR {
            return self.mean + self.sd * z;
        }
        let target = level.below * positive;
        distance = distance.max(0.0);
        for _ in 0..20 {
            let step = (target - self.mass_within(distance)) / density(distance - self.depth);
            distance += step;
            if step.abs() <= 1e-9 * distance {
                break;
            }
        }
        self.sd * distance
    }

    pub(super) fn cdf(&self, x: f64) -> Level {
        let distance = x / self.sd;
        if distance <= 0.0 {
            return Level::BOTTOM;
        }
        let at = Level::at_z(distance - self.depth);
        let below = if distance < Self::NEAR { self.mass_within(distance) } else { at.below - self.zero.below };
        Level { below: (below / self.zero.above).min(1.0), above: (at.above / self.zero.above).min(1.0) }
    }

    /// `∫ φ(t − depth) dt` over [0, distance], distance ≤ ½: 10-point Gauss–Legendre, exact to the last digits.
    fn mass_within(&self, distance: f64) -> f64 {
        let half = 0.5 * distance;
        let pair =
            |(x, w): &(f64, f64)| w * (density(half * (1.0 - x) - self.depth) + density(half * (1.0 + x) - self.depth));
        half * GAUSS_10.iter().map(pair).sum::<f64>()
    }
}

/// Positive nodes and weights of the 10-point Gauss–Legendre rule on [−1, 1] (DLMF table 3.5.2).
pub(in crate::portfolio) const GAUSS_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];
