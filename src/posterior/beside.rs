//! Outputs that are reported separately, from per-draw totals of plans of their own over the same draws.

use serde::Serialize;

use super::of_side;
use crate::engine::plan::Plan;
use crate::engine::stats::estimate::Estimate;
use crate::engine::stats::ratio::Side;
use crate::engine::{Reduce, Summary};

/// What was asked for; absent otherwise. None of it is part of the emissions.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Beside {
    /// Water at the site and at the power stations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_m3: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_site_m3: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_grid_m3: Option<Estimate>,
    /// Emissions of making the hardware, by the time it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embodied_t: Option<Estimate>,
    /// Emissions of all runs of the development, the final ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development_t: Option<Estimate>,
}

impl Beside {
    pub fn is_empty(&self) -> bool {
        *self == Beside::default()
    }
}

/// Totals by draw in counts of `2^unit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    pub counts: Vec<u64>,
    pub unit: i32,
    pub first: u64,
}

impl Drawn {
    /// The totals that stand in the place of the emissions.
    pub fn new(plan: &Plan, summary: Summary) -> Drawn {
        let first = summary.draws.start;
        let mut totals = summary.totals;
        Drawn { counts: totals.swap_remove(plan.headline), unit: plan.unit(plan.headline), first }
    }

    /// Draw by draw, in a unit in which the sum stays below 2^53 as both do. What is below it is dropped.
    pub fn plus(&self, other: &Drawn) -> Drawn {
        let unit = self.unit.max(other.unit) + 1;
        let down = |count: u64, from: i32| count.checked_shr((unit - from).unsigned_abs()).unwrap_or(0);
        let sum = |(&a, &b): (&u64, &u64)| down(a, self.unit) + down(b, other.unit);
        Drawn { counts: self.counts.iter().zip(&other.counts).map(sum).collect(), unit, first: self.first }
    }

    pub fn estimate(&self, level: f64, reduce: &dyn Reduce) -> Estimate {
        of_side(reduce, Side { counts: &self.counts, unit: self.unit }, self.first, level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_a_common_unit() {
        // 5·2^3 + 9·2^0 = 49 = 3·2^4 + 1: the rest below the unit of 16 is dropped, of either side.
        let of = |counts: &[u64], unit| Drawn { counts: counts.to_vec(), unit, first: 7 };
        let sum = of(&[5, 64], 3).plus(&of(&[9, 1 << 20], 0));
        assert_eq!(sum, of(&[2, 32 + (1 << 16)], 4));
        // Units far apart.
        assert_eq!(of(&[8], 0).plus(&of(&[u64::MAX >> 11], -100)).counts, [4]);
    }
}
