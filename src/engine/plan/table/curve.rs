//! The curve that a table follows, in the units of its results, and samples of it.

use std::f64::consts::LN_2;

use super::{AIM, FLOOR_LOG2, LIMIT, Quantiles, TableError};
use crate::engine::plan::{LOG2_BITS, Z_BITS, ZERO_LOG2};

/// Units of the result per unit of a natural logarithm.
const PER_LN: f64 = (1u32 << LOG2_BITS) as f64 / LN_2;

/// The exact function: result units as a function of z in Q3.28.
pub struct Curve<'a> {
    pub quantiles: &'a dyn Quantiles,
    pub reference_ln: f64,
    /// z of the upper end of the atom at zero; −∞ without one.
    zero_z: f64,
    /// The first z after each break.
    pub cuts: Vec<i32>,
}

impl<'a> Curve<'a> {
    pub fn new(quantiles: &'a dyn Quantiles) -> Result<Curve<'a>, TableError> {
        let limit = q28(LIMIT);
        let zero_z = quantiles.zero_z();
        let reference_ln = quantiles.ln_at_z(limit);
        if zero_z >= limit {
            return Err(TableError::AlwaysZero);
        }
        if !reference_ln.is_finite() || quantiles.ln_at_z(-limit).is_nan() {
            return Err(TableError::NotFinite);
        }
        let first_after = |z: f64| libm::floor(z * f64::from(1u32 << Z_BITS)) as i32 + 1;
        let mut cuts: Vec<i32> = quantiles.breaks(limit).into_iter().map(first_after).collect();
        cuts.dedup();
        Ok(Curve { quantiles, reference_ln, zero_z, cuts })
    }

    pub fn at(&self, z: i32) -> f64 {
        let z = q28(z);
        if z <= self.zero_z {
            return f64::from(ZERO_LOG2);
        }
        self.units(self.quantiles.ln_at_z(z))
    }

    fn units(&self, ln: f64) -> f64 {
        ((ln - self.reference_ln) * PER_LN).clamp(f64::from(FLOOR_LOG2), 0.0)
    }

    /// How far `value` is from the curve at `z`, which is `exact` there: vertically or, in excess of the aim, from the
    /// curve within reach.
    pub fn miss(&self, z: i32, value: f64, exact: f64, reach: i32) -> f64 {
        let miss = (value - exact).abs();
        if miss <= AIM {
            return miss;
        }
        let next = self.cuts.partition_point(|cut| *cut <= z);
        let start = next.checked_sub(1).map_or(-LIMIT, |i| self.cuts[i]);
        let end = self.cuts.get(next).map_or(LIMIT, |cut| cut - 1);
        let (low, high) = (self.at((z - reach).max(start)), self.at((z + reach).min(end)));
        miss.min(AIM + (low - value).max(value - high).max(0.0))
    }

    /// The cuts in `from + 1 ..= to`.
    pub fn cuts_within(&self, from: i32, to: i32) -> &[i32] {
        let first = self.cuts.partition_point(|cut| *cut <= from);
        let end = self.cuts.partition_point(|cut| *cut <= to);
        &self.cuts[first..end.max(first)]
    }
}

/// The `i`-th multiple of `step` above −LIMIT.
pub fn sample_point(i: usize, step: i32) -> i32 {
    (i as i64 * i64::from(step) - i64::from(LIMIT)) as i32
}

pub fn q28(z: i32) -> f64 {
    f64::from(z) / f64::from(1u32 << Z_BITS)
}

/// The curve at four points per cell over [−LIMIT, LIMIT].
pub struct Samples {
    pub values: Vec<f64>,
    pub step: i32,
}

impl Samples {
    pub const PER_CELL: usize = 4;

    /// For `2^bits` cells.
    pub fn new(curve: &Curve<'_>, bits: u32) -> Samples {
        let step = (1 << (32 - bits)) / Samples::PER_CELL as i32;
        let mut values: Vec<f64> = (0..=2 * (LIMIT / step)).map(|i| q28(sample_point(i as usize, step))).collect();
        let zeros = values.partition_point(|z| *z <= curve.zero_z);
        let (zeros, others) = values.split_at_mut(zeros);
        zeros.fill(f64::from(ZERO_LOG2));
        curve.quantiles.ln_at_all(others);
        others.iter_mut().for_each(|value| *value = curve.units(*value));
        Samples { values, step }
    }

    /// The samples of cell `i`, from its start to its end.
    pub fn of_cell(&self, i: usize) -> [f64; Samples::PER_CELL + 1] {
        std::array::from_fn(|k| self.values[i * Samples::PER_CELL + k])
    }
}
