//! Draws to exact integer summaries. Knows nothing of carbon.

use std::ops::Range;

use crate::plan::{BINS, Plan, TOTALS};

/// What a run of the engine leaves: integers only, mergeable in any order.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The draws covered (absolute indices).
    pub draws: Range<u64>,
    /// Per draw counts in `Plan::total_units`, by total (compute, IT energy, energy, emissions, independent emissions).
    pub totals: [Vec<u64>; TOTALS],
    /// By group in plan order.
    pub groups: Vec<GroupSummary>,
    /// By model in plan order.
    pub models: Vec<ModelSummary>,
    /// Draws in which a total reached its ceiling of 2^53 counts, by total.
    pub saturated: [u64; TOTALS],
}

/// The totals of one group: kept draw by draw for the first `plan::KEPT_GROUPS`, summed and binned for the rest.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupSummary {
    /// Per draw counts in `2^GroupPlan::{emissions, compute}.unit`.
    Kept {
        emissions: Vec<u64>,
        compute: Vec<u64>,
    },
    Binned {
        emissions: Moments,
    },
}

/// One model's own emissions and ATCI.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSummary {
    pub emissions: Moments,
    pub atci: Moments,
}

/// Exact sums and the histogram of log2 of one output of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Σx and Σx² in counts (x < 2^48, draws < 2^31: neither overflows).
    pub sum: u128,
    pub sum_sq: u128,
    /// Draws whose value is exactly zero (in no bin). For ATCI: draws without compute, left out of everything else.
    pub zeros: u64,
    /// Draws at the ceiling of 2^48 counts.
    pub saturated: u64,
    /// Counts by bin of log2, `BINS` of them.
    pub bins: Box<[u32]>,
}

impl Moments {
    pub fn empty() -> Moments {
        Moments { sum: 0, sum_sq: 0, zeros: 0, saturated: 0, bins: vec![0; BINS].into() }
    }
}

/// Something that draws.
pub trait Backend {
    /// Draws `draws` of `plan`; calls `progress` with the number of draws done, which may stop the run by `false`.
    fn run(&self, plan: &Plan, draws: Range<u64>, progress: &(dyn Fn(u64) -> bool + Sync)) -> Result<Summary, Stopped>;
}

/// The run was stopped by its progress callback.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Stopped;
