//! The sizes of a summary's arrays, and the bounds of its counts: what holds for every summary that a plan can give.
//!
//! Summaries come from files as well. One that passes these checks can be merged and evaluated without an overflow or an
//! index out of bounds.

use std::ops::Range;

use super::accumulate::CEILING;
use super::summary::{GroupSummary, Moments, Summary};
use crate::engine::plan::{BINS, KEPT_GROUPS, MAX_OUTPUTS, MODEL_BITS, Plan};

/// Draws of a run at most, so that no sum of counts and no bin overflows.
pub const MAX_DRAWS: u64 = (1 << 31) - 1;
/// Indices of draws have 40 bits in the random stream.
const DRAW_INDICES: u64 = 1 << 40;

/// How many of everything a summary holds. Its arrays have no other sizes than follow from these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    pub draws: Range<u64>,
    /// Columns of totals.
    pub columns: u32,
    /// Bit `c` is set where column `c` is kept.
    pub kept: u32,
    /// Groups kept draw by draw; they come first.
    pub kept_groups: u32,
    pub binned_groups: u32,
    pub models: u64,
    /// Whether single models have bins.
    pub binned: bool,
}

impl Sizes {
    pub fn of_plan(plan: &Plan, draws: Range<u64>) -> Sizes {
        // Where the independent headline is not drawn, the headline stands for it, kept or not.
        let column = |c| if c == plan.independent() && !plan.has_independent { plan.headline } else { c };
        let kept = (0..plan.columns().min(MAX_OUTPUTS + 1)).filter(|&c| plan.keeps(column(c)));
        let kept_groups = plan.kept_groups();
        Sizes {
            draws,
            columns: plan.columns() as u32,
            kept: kept.fold(0, |bits, c| bits | 1 << c),
            kept_groups: kept_groups as u32,
            binned_groups: (plan.groups.len() - kept_groups) as u32,
            models: plan.models.len() as u64,
            binned: plan.binned && !plan.models.is_empty(),
        }
    }

    /// The sizes of a summary whose arrays agree with each other, and whose counts are in their bounds.
    pub fn of_summary(summary: &Summary) -> Result<Sizes, &'static str> {
        let is_kept = |group: &&GroupSummary| matches!(group, GroupSummary::Kept { .. });
        let kept_groups = summary.groups.iter().take_while(is_kept).count();
        let binned = summary.models.first().is_some_and(|m| !m.headline.bins.is_empty());
        let kept = summary.totals.iter().take(MAX_OUTPUTS + 1).enumerate().filter(|(_, total)| !total.is_empty());
        let sizes = Sizes {
            draws: summary.draws.clone(),
            columns: u32::try_from(summary.totals.len()).unwrap_or(u32::MAX),
            kept: kept.fold(0, |bits, (c, _)| bits | 1 << c),
            kept_groups: u32::try_from(kept_groups).unwrap_or(u32::MAX),
            binned_groups: u32::try_from(summary.groups.len() - kept_groups).unwrap_or(u32::MAX),
            models: summary.models.len() as u64,
            binned,
        };
        sizes.check()?;
        let n = sizes.len();
        if summary.saturated.len() != summary.totals.len() || summary.saturated.iter().any(|&s| s > n) {
            return Err("numbers of saturated draws");
        }
        summary.totals.iter().filter(|total| !total.is_empty()).try_for_each(|total| counts(total, n))?;
        for (i, group) in summary.groups.iter().enumerate() {
            match group {
                GroupSummary::Kept { headline, denominator } => {
                    counts(headline, n)?;
                    counts(denominator, n)?;
                }
                GroupSummary::Binned { headline } if i >= kept_groups => moments(headline, n, true)?,
                GroupSummary::Binned { .. } => return Err("the order of groups"),
            }
            if i >= kept_groups && is_kept(&group) {
                return Err("the order of groups");
            }
        }
        for model in &summary.models {
            moments(&model.headline, n, binned)?;
            moments(&model.ratio, n, binned)?;
        }
        Ok(sizes)
    }

    /// Draws.
    pub fn len(&self) -> u64 {
        self.draws.end - self.draws.start
    }

    /// Whether anything can have these sizes.
    pub fn check(&self) -> Result<(), &'static str> {
        let Range { start, end } = self.draws;
        if start >= end || end > DRAW_INDICES || end - start > MAX_DRAWS {
            return Err("the range of draws");
        }
        if self.columns as usize > MAX_OUTPUTS + 1 || self.kept >> self.columns != 0 {
            return Err("the number of totals");
        }
        if self.kept_groups as usize > KEPT_GROUPS || self.binned_groups > 0 && self.kept_groups as usize != KEPT_GROUPS
        {
            return Err("the number of groups");
        }
        if self.binned && self.models == 0 { Err("bins without models") } else { Ok(()) }
    }
}

/// One count per draw, none above the ceiling.
pub fn counts(values: &[u64], n: u64) -> Result<(), &'static str> {
    if values.len() as u64 != n {
        return Err("the number of totals per draw");
    }
    if values.iter().any(|&x| x > CEILING) { Err("a total above its ceiling") } else { Ok(()) }
}

/// Sums and bins that `n` draws can give.
pub fn moments(moments: &Moments, n: u64, binned: bool) -> Result<(), &'static str> {
    let Moments { sum, sum_sq, zeros, undefined, saturated, bins } = moments;
    if bins.len() != if binned { BINS } else { 0 } {
        return Err("the number of bins");
    }
    if *sum > u128::from(n) << MODEL_BITS || *sum_sq > u128::from(n) << (2 * MODEL_BITS) {
        return Err("sums that so few draws cannot have");
    }
    let counted =
        bins.iter().map(|&count| u128::from(count)).sum::<u128>() + u128::from(*zeros) + u128::from(*undefined);
    if counted > u128::from(n) || *saturated > n { Err("more values than draws") } else { Ok(()) }
}
