//! What a run leaves, and how parts of it merge.

use std::ops::Range;

use crate::plan::{BINS, TOTALS};

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
    /// Σx and Σx² in counts (x ≤ 2^48, draws < 2^31: neither overflows).
    pub sum: u128,
    pub sum_sq: u128,
    /// Draws whose value is exactly zero (in no bin).
    pub zeros: u64,
    /// ATCI only: draws without compute, left out of everything else.
    pub undefined: u64,
    /// Draws at the ceiling of 2^48 counts.
    pub saturated: u64,
    /// Counts by bin of log2: `BINS` of them, or none where the plan bins no single models.
    pub bins: Box<[u32]>,
}

impl Moments {
    pub fn empty(binned: bool) -> Moments {
        let bins = vec![0; if binned { BINS } else { 0 }].into();
        Moments { sum: 0, sum_sq: 0, zeros: 0, undefined: 0, saturated: 0, bins }
    }

    pub(super) fn merge(&mut self, other: &Moments) {
        self.sum += other.sum;
        self.sum_sq += other.sum_sq;
        self.zeros += other.zeros;
        self.undefined += other.undefined;
        self.saturated += other.saturated;
        for (a, b) in self.bins.iter_mut().zip(&other.bins) {
            *a += b;
        }
    }
}

impl ModelSummary {
    pub fn empty(binned: bool) -> ModelSummary {
        ModelSummary { emissions: Moments::empty(binned), atci: Moments::empty(binned) }
    }
}

/// Two summaries that are not neighbouring stretches of draws of one plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("draws {0:?} and {1:?} are not neighbouring parts of one run")]
pub struct NotNeighbours(pub Range<u64>, pub Range<u64>);

impl Summary {
    /// The summary of both stretches of draws. Associative, and commutative because the earlier stretch goes first.
    pub fn merge(self, other: Summary) -> Result<Summary, NotNeighbours> {
        let (mut a, b) = if self.draws.start <= other.draws.start { (self, other) } else { (other, self) };
        let alike =
            a.draws.end == b.draws.start && a.models.len() == b.models.len() && a.groups.len() == b.groups.len();
        if !alike {
            return Err(NotNeighbours(a.draws, b.draws));
        }
        a.draws.end = b.draws.end;
        for (into, from) in a.totals.iter_mut().zip(&b.totals) {
            into.extend_from_slice(from);
        }
        for (into, from) in a.groups.iter_mut().zip(&b.groups) {
            match (into, from) {
                (GroupSummary::Kept { emissions, compute }, GroupSummary::Kept { emissions: e, compute: c }) => {
                    emissions.extend_from_slice(e);
                    compute.extend_from_slice(c);
                }
                (GroupSummary::Binned { emissions }, GroupSummary::Binned { emissions: e }) => emissions.merge(e),
                _ => return Err(NotNeighbours(a.draws, b.draws)),
            }
        }
        for (into, from) in a.models.iter_mut().zip(&b.models) {
            into.emissions.merge(&from.emissions);
            into.atci.merge(&from.atci);
        }
        for (into, from) in a.saturated.iter_mut().zip(b.saturated) {
            *into += from;
        }
        Ok(a)
    }
}
