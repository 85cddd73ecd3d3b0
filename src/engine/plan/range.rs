//! Power-of-two units: how totals, groups and single models fit their integers.
//!
//! A total's unit is such that even the sum of every term's largest value (all normals at ±z_max) stays below 2^53;
//! a single model's such that its largest value stays below 2^48. Where lognormal parts are so wide that this would
//! leave common values less than 2^12 counts, the unit leaves 36 octaves above those instead, and draws beyond the
//! ceiling are held there and counted. In any case it is so coarse that a zero factor rounds to no count. Bins cover
//! the lognormal parts in quadrature and the tables' own ranges in full; what lies beyond is in the end bins.

use serde::{Deserialize, Serialize};

use super::{BINS, GroupPlan, KEPT_GROUPS, LOG2_BITS, MODEL_BITS, TOTAL_BITS, Z_BITS};

/// Unit and histogram range of one output of one single model, in that model's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// A count of 1 is `2^unit` in the output's unit; values stay below `2^MODEL_BITS` counts.
    pub unit: i32,
    /// Values could pass the ceiling: they are held there and counted.
    pub saturable: bool,
    /// Lower end of the first bin, log2 in Q9.22 in the output's unit.
    pub bins_lo: i32,
    /// Bins per octave, times 2^10: the bin of `y` is `((y − bins_lo) · bin_scale) >> 32`.
    pub bin_scale: u32,
}

impl Range {
    /// The bin of a log2 in Q9.22; the first and last bin hold what lies beyond them.
    #[inline(always)]
    pub fn bin(&self, y: i32) -> u32 {
        let above = y.max(self.bins_lo).wrapping_sub(self.bins_lo) as u32;
        (((u64::from(above) * u64::from(self.bin_scale)) >> 32) as u32).min(BINS as u32 - 1)
    }

    /// Lower edge of bin `i` (its upper edge is that of `i + 1`): log2 in the output's unit.
    pub fn edge(&self, i: usize) -> f64 {
        let ulps = f64::from(self.bins_lo) + i as f64 * (4_294_967_296.0 / f64::from(self.bin_scale));
        ulps / f64::from(1u32 << LOG2_BITS)
    }
}

/// Largest |z| the engine draws: Φ⁻¹(1 − 2^-33) = 6.338, rounded up.
pub const Z_MAX: f64 = 6.339;

/// Octaves above common values that a unit must leave room for at most.
const HEADROOM: f64 = 36.0;
/// How far below the largest value a zero lies, less what rounds to nothing.
const ZERO_DEPTH: i32 = 78;
/// Logarithms of terms and factors must stay within this many octaves, so that no sum of them leaves Q9.22.
pub const MAX_OCTAVES: f64 = 450.0;

/// Range of log2 of one term in its output's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// The least value.
    pub min: f64,
    /// With every normal at 0.
    pub median: f64,
    /// The largest value.
    pub max: f64,
    /// With lognormal parts at their medians and tables high: values up to here are common.
    pub common: f64,
    /// Distances below and above the median that bins cover.
    pub down: f64,
    /// Distance above the median that bins cover.
    pub up: f64,
}

/// One model's extents by output; `None` for a true zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// By output.
    pub outputs: Vec<Option<Extent>>,
}

impl Extent {
    /// Of a value that is never drawn.
    pub fn none() -> Extent {
        Extent { min: 0.0, median: 0.0, max: 0.0, common: 0.0, down: 0.0, up: 0.0 }
    }

    /// Whether its logarithms stay in the fixed-point range.
    pub fn fits(&self) -> bool {
        self.min.abs() < MAX_OCTAVES && self.max.abs() < MAX_OCTAVES
    }

    /// Unit and bins of a single model's output.
    pub fn model_range(&self) -> Range {
        self.range(MODEL_BITS)
    }

    fn range(&self, bits: u32) -> Range {
        let (unit, saturable) = unit(self.common, self.max, bits);
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
    /// By output.
    pub units: Vec<i32>,
    /// Whether some draw could pass the ceiling.
    pub saturable: bool,
    /// As [`Header::ratio_shift`](super::Header::ratio_shift).
    pub ratio_shift: u32,
}

/// The extents of sums over models that come one after the other: one for each output.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums(Vec<Ends>);

/// 2 to the power of the ends of an extent, added up: least, median, largest, common, lower and upper end of the bins.
/// Ends within [`MAX_OCTAVES`] leave their sums finite.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Ends([f64; 6]);

impl Ends {
    fn add(&mut self, e: &Extent) {
        let ends = [e.min, e.median, e.max, e.common, e.median - e.down, e.median + e.up];
        self.0.iter_mut().zip(ends).for_each(|(sum, end)| *sum += libm::exp2(end));
    }

    fn extent(&self) -> Extent {
        let ends = self.0.map(|sum| if sum > 0.0 { libm::log2(sum) } else { 0.0 });
        let [min, median, max, common, low, high] = ends;
        Extent { min, median, max, common, down: median - low, up: high - median }
    }
}

impl Sums {
    /// Of no model.
    pub fn none(outputs: usize) -> Sums {
        Sums(vec![Ends::default(); outputs])
    }

    /// Adds a model.
    pub fn add(&mut self, spread: &Spread) {
        for (sum, extent) in self.0.iter_mut().zip(&spread.outputs) {
            extent.iter().for_each(|extent| sum.add(extent));
        }
    }

    fn extent(&self, output: usize) -> Extent {
        self.0.get(output).map_or(Extent::none(), Ends::extent)
    }

    /// Units of the totals over all models.
    pub fn totals(&self, headline: usize, denominator: Option<usize>) -> TotalUnits {
        let mut saturable = false;
        let mut common = vec![];
        let units = (0..self.0.len()).map(|o| {
            let sum = self.extent(o);
            let (unit, over) = unit(sum.common, sum.max, TOTAL_BITS);
            saturable |= over;
            common.push(sum.common - f64::from(unit));
            unit
        });
        let units = units.collect();
        let ratio_shift = denominator.map_or(0, |d| ratio_shift(common[headline], common[d]));
        TotalUnits { units, saturable, ratio_shift }
    }

    /// Units of group number `index`, whose models these are; the later groups are binned like single models.
    pub fn group(&self, index: usize, headline: usize, denominator: Option<usize>) -> (GroupPlan, bool) {
        let bits = if index < KEPT_GROUPS { TOTAL_BITS } else { MODEL_BITS };
        let of = |output: Option<usize>| {
            let extent = output.map_or(Extent::none(), |o| self.extent(o));
            (extent.range(bits), extent.common)
        };
        let ((headline, h), (denominator, d)) = (of(Some(headline)), of(denominator));
        let ratio_shift = ratio_shift(h - f64::from(headline.unit), d - f64::from(denominator.unit));
        let saturable = headline.saturable || denominator.saturable;
        (GroupPlan { headline, denominator, ratio_shift }, saturable)
    }
}

/// Extent of a sum of values whose extents are given: its ends are the sums of their ends.
pub fn sum<I: Iterator<Item = Extent>>(extents: impl Fn() -> I) -> Extent {
    let sum = |end: &dyn Fn(Extent) -> f64| {
        let largest = extents().map(end).fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return 0.0;
        }
        largest + libm::log2(extents().map(|e| libm::exp2(end(e) - largest)).sum::<f64>())
    };
    let (median, max) = (sum(&|e| e.median), sum(&|e| e.max));
    let (low, high) = (sum(&|e| e.median - e.down), sum(&|e| e.median + e.up));
    Extent { min: sum(&|e| e.min), median, max, common: sum(&|e| e.common), down: median - low, up: high - median }
}

/// The unit (log2) for values that are commonly up to `common` and never above `max`, and whether the maximum had to
/// be given up.
fn unit(common: f64, max: f64, bits: u32) -> (i32, bool) {
    // A little room for the fixed-point rounding of the parts.
    let max = max + 1e-4;
    let saturable = max - common > HEADROOM;
    let top = if saturable { common + HEADROOM } else { max };
    let unit = libm::floor(top) as i32 + 1 - bits as i32;
    (unit.max(libm::floor(max) as i32 - ZERO_DEPTH), saturable)
}

/// Puts common ratios near 2^40.
fn ratio_shift(log2_headline: f64, log2_denominator: f64) -> u32 {
    libm::round(40.0 - (log2_headline - log2_denominator)).clamp(0.0, 64.0) as u32
}

/// A standard normal in Q3.28.
pub fn fixed_z(z: f64) -> i32 {
    libm::round(libm::ldexp(z, Z_BITS as i32)) as i32
}
