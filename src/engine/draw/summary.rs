//! What a run leaves, and how parts of it merge.

use std::ops::Range;

use super::accumulate::{self, CEILING};
use crate::engine::plan::{self, BINS, Block, GroupPlan};

/// What a run of the engine leaves: integers only. It says not of which run: a [`Shard`](crate::engine::Shard) does, and
/// merges.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The draws covered (absolute indices).
    pub draws: Range<u64>,
    /// Per draw counts by column: the outputs in the plan's order, in `2^unit`, then the headline with independent
    /// effects. Empty for an output that is not kept.
    pub totals: Vec<Vec<u64>>,
    /// By group in plan order.
    pub groups: Vec<GroupSummary>,
    /// By model in plan order.
    pub models: Vec<ModelSummary>,
    /// Draws in which a total reached its ceiling of 2^53 counts, by column.
    pub saturated: Vec<u64>,
}

/// The totals of one group: kept draw by draw for the first `plan::KEPT_GROUPS`, summed and binned for the rest.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupSummary {
    /// Per draw counts in `2^GroupPlan::{headline, denominator}.unit`.
    Kept {
        /// By draw.
        headline: Vec<u64>,
        /// By draw; empty where there is none.
        denominator: Vec<u64>,
    },
    /// Sums and bins alone.
    Binned {
        /// Of the group's headline.
        headline: Moments,
    },
}

/// One model's own headline and ratio.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSummary {
    /// Of the plan's headline.
    pub headline: Moments,
    /// Of headline over denominator, draw by draw.
    pub ratio: Moments,
}

/// Exact sums and the histogram of log2 of one output of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Σx and Σx² in counts (x ≤ 2^48, draws < 2^31: neither overflows).
    pub sum: u128,
    /// Σx².
    pub sum_sq: u128,
    /// Draws whose value is exactly zero (in no bin).
    pub zeros: u64,
    /// Of a ratio: draws in which the denominator is zero, left out of everything else.
    pub undefined: u64,
    /// Draws at the ceiling of 2^48 counts.
    pub saturated: u64,
    /// Counts by bin of log2: `BINS` of them, or none where the plan bins no single models.
    pub bins: Box<[u32]>,
}

impl Moments {
    /// Of no draw.
    pub fn empty(binned: bool) -> Moments {
        let bins = vec![0; if binned { BINS } else { 0 }].into();
        Moments { sum: 0, sum_sq: 0, zeros: 0, undefined: 0, saturated: 0, bins }
    }

    pub(in crate::engine) fn merge(&mut self, other: &Moments) {
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
    /// Of no draw.
    pub fn empty(binned: bool) -> ModelSummary {
        ModelSummary { headline: Moments::empty(binned), ratio: Moments::empty(binned) }
    }

    pub(in crate::engine) fn merge(&mut self, other: &ModelSummary) {
        self.headline.merge(&other.headline);
        self.ratio.merge(&other.ratio);
    }
}

/// Two summaries that are not blocks of models of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("blocks of different runs, or of one with more groups than are kept draw by draw")]
pub struct NotOneRun;

/// Two summaries that are not neighbouring stretches of draws of one plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("draws {0:?} and {1:?} are not neighbouring parts of one run")]
pub struct NotNeighbours(pub Range<u64>, pub Range<u64>);

impl Summary {
    /// Room for these draws of a block, all zero.
    pub fn empty(plan: Block<'_>, draws: Range<u64>) -> Summary {
        let n = (draws.end - draws.start) as usize;
        let group = |(i, _): (usize, &GroupPlan)| {
            if i < plan::KEPT_GROUPS {
                GroupSummary::Kept { headline: vec![0; n], denominator: vec![0; n] }
            } else {
                GroupSummary::Binned { headline: Moments::empty(true) }
            }
        };
        Summary {
            draws,
            totals: (0..plan.columns()).map(|c| vec![0; if plan.keeps(c) { n } else { 0 }]).collect(),
            groups: plan.groups.iter().enumerate().map(group).collect(),
            models: plan.models.iter().map(|_| ModelSummary::empty(plan.binned)).collect(),
            saturated: vec![0; plan.columns()],
        }
    }

    /// Draws in which the headline with independent effects reached its ceiling.
    pub fn independent_saturated(&self) -> u64 {
        self.saturated.last().copied().unwrap_or(0)
    }

    /// Counts the draws at the ceiling, once all draws are in.
    pub fn count_saturated(&mut self) {
        for (count, total) in self.saturated.iter_mut().zip(&self.totals) {
            *count = total.iter().filter(|&&t| t >= CEILING).count() as u64;
        }
    }

    /// Once all draws are in: the headline stands for the independent one where that was not drawn, and the draws at a
    /// ceiling are counted.
    pub fn finish(&mut self, plan: Block<'_>) {
        if !plan.has_independent {
            self.totals[plan.independent()] = self.totals[plan.headline].clone();
        }
        self.count_saturated();
    }

    /// Adds the next block of models of the same draws.
    ///
    /// # Errors
    /// Other draws or another header; groups beyond the kept ones, whose totals are gone once a block is finished.
    pub fn add_block(&mut self, other: Summary) -> Result<(), NotOneRun> {
        let alike = self.draws == other.draws
            && self.totals.len() == other.totals.len()
            && self.groups.len() == other.groups.len()
            && self.groups.len() <= plan::KEPT_GROUPS;
        if !alike {
            return Err(NotOneRun);
        }
        for (into, from) in self.totals.iter_mut().zip(&other.totals) {
            accumulate::merge(into, from);
        }
        for (into, from) in self.groups.iter_mut().zip(&other.groups) {
            if let (GroupSummary::Kept { headline, denominator }, GroupSummary::Kept { headline: h, denominator: d }) =
                (into, from)
            {
                accumulate::merge(headline, h);
                accumulate::merge(denominator, d);
            }
        }
        self.models.extend(other.models);
        self.count_saturated();
        Ok(())
    }

    /// The summary of both stretches of draws of one run, which the caller answers for. Associative, and commutative
    /// because the earlier stretch goes first.
    pub(in crate::engine) fn merge(self, other: Summary) -> Result<Summary, NotNeighbours> {
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
                (GroupSummary::Kept { headline, denominator }, GroupSummary::Kept { headline: h, denominator: d }) => {
                    headline.extend_from_slice(h);
                    denominator.extend_from_slice(d);
                }
                (GroupSummary::Binned { headline }, GroupSummary::Binned { headline: h }) => headline.merge(h),
                _ => return Err(NotNeighbours(a.draws, b.draws)),
            }
        }
        for (into, from) in a.models.iter_mut().zip(&b.models) {
            into.merge(from);
        }
        for (into, from) in a.saturated.iter_mut().zip(&b.saturated) {
            *into += from;
        }
        Ok(a)
    }
}
