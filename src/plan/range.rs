//! Power-of-two units: how totals, groups and single models fit their integers.
//!
//! A total's unit is such that even the sum of every term's largest value (all normals at ±z_max) stays below 2^53;
//! a single model's such that its largest value stays below 2^48. Where spreads are so wide that this would leave the
//! median less than 2^12 counts, the unit follows the median instead and draws beyond the ceiling are held there and
//! counted. Bins cover the same range with the parts added in quadrature; what lies beyond is in the end bins.

use super::{
    BINS, GroupPlan, KEPT_GROUPS, LOG2_BITS, MODEL_BITS, OUTPUT_COMPUTE, OUTPUT_EMISSIONS, Range, TOTAL_BITS, Z_BITS,
};
use crate::assess::OUTPUTS;

/// Largest |z| the engine draws: Φ⁻¹(1 − 2^-33) = 6.338, rounded up.
pub const Z_MAX: f64 = 6.339;

/// Octaves above the median that a unit must leave room for at most.
const HEADROOM: f64 = 36.0;

/// Range of log2 of one term in its output's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub min: f64,
    pub median: f64,
    pub max: f64,
    /// Distances below and above the median with the parts added in quadrature.
    pub down: f64,
    pub up: f64,
}

/// One model's extents by output; `None` for a true zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    pub outputs: [Option<Extent>; OUTPUTS],
}

impl Extent {
    /// Of a value that is never drawn.
    pub fn none() -> Extent {
        Extent { min: 0.0, median: 0.0, max: 0.0, down: 0.0, up: 0.0 }
    }

    /// Unit and bins of a single model's output.
    pub fn model_range(&self) -> Range {
        self.range(MODEL_BITS)
    }

    fn range(&self, bits: u32) -> Range {
        let (unit, saturable) = unit(self.median, self.max, bits);
        // A little room for the fixed-point rounding of the parts.
        let lo = self.median - self.down.min(self.median - self.min) - 0.01;
        let hi = self.median + self.up.min(self.max - self.median) + 0.01;
        let ulps = libm::ceil(libm::ldexp(hi - lo, LOG2_BITS as i32)).max(BINS as f64);
        let bin_scale = libm::floor(libm::ldexp(BINS as f64, 32) / ulps) as u32;
        Range { unit, saturable, bins_lo: libm::floor(libm::ldexp(lo, LOG2_BITS as i32)) as i32, bin_scale }
    }
}

/// Units of the whole portfolio's totals.
pub struct TotalUnits {
    pub units: [i32; OUTPUTS],
    pub saturable: bool,
    pub atci_shift: u32,
}

/// Units of the totals over the models that `member` (by index) lets through.
pub fn totals(spreads: &[Spread], member: impl Fn(usize) -> bool) -> TotalUnits {
    let mut units = [0; OUTPUTS];
    let mut saturable = false;
    let mut medians = [0.0; OUTPUTS];
    for o in 0..OUTPUTS {
        let sum = sum_extent(spreads, o, &member);
        let (unit, over) = unit(sum.median, sum.max, TOTAL_BITS);
        units[o] = unit;
        saturable |= over;
        medians[o] = sum.median - f64::from(unit);
    }
    let atci_shift = atci_shift(medians[OUTPUT_EMISSIONS], medians[OUTPUT_COMPUTE]);
    TotalUnits { units, saturable, atci_shift }
}

/// Units of group number `index`; the later ones are binned like single models.
pub fn group(spreads: &[Spread], index: usize, member: impl Fn(usize) -> bool) -> (GroupPlan, bool) {
    let bits = if index < KEPT_GROUPS { TOTAL_BITS } else { MODEL_BITS };
    let of = |output: usize| {
        let extent = sum_extent(spreads, output, &member);
        (extent.range(bits), extent.median)
    };
    let ((emissions, e), (compute, c)) = (of(OUTPUT_EMISSIONS), of(OUTPUT_COMPUTE));
    let atci_shift = atci_shift(e - f64::from(emissions.unit), c - f64::from(compute.unit));
    (GroupPlan { emissions, compute, atci_shift }, emissions.saturable || compute.saturable)
}

/// Extent of a sum: its ends are the sums of the terms' ends.
fn sum_extent(spreads: &[Spread], output: usize, member: &impl Fn(usize) -> bool) -> Extent {
    let extents = || spreads.iter().enumerate().filter(|(m, _)| member(*m)).filter_map(|(_, s)| s.outputs[output]);
    let sum = |end: &dyn Fn(Extent) -> f64| {
        let largest = extents().map(end).fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return 0.0;
        }
        largest + libm::log2(extents().map(|e| libm::exp2(end(e) - largest)).sum::<f64>())
    };
    let (median, max) = (sum(&|e| e.median), sum(&|e| e.max));
    let (low, high) = (sum(&|e| e.median - e.down), sum(&|e| e.median + e.up));
    Extent { min: sum(&|e| e.min), median, max, down: median - low, up: high - median }
}

/// The unit (log2) for values with this median and maximum, and whether the maximum had to be given up.
fn unit(median: f64, max: f64, bits: u32) -> (i32, bool) {
    let saturable = max - median > HEADROOM;
    let top = if saturable { median + HEADROOM } else { max };
    (libm::floor(top) as i32 + 1 - bits as i32, saturable)
}

/// Puts the median ratio near 2^40.
fn atci_shift(log2_emissions: f64, log2_compute: f64) -> u32 {
    libm::round(40.0 - (log2_emissions - log2_compute)).clamp(0.0, 64.0) as u32
}

/// A standard normal in Q3.28.
pub fn fixed_z(z: f64) -> i32 {
    libm::round(libm::ldexp(z, Z_BITS as i32)) as i32
}
