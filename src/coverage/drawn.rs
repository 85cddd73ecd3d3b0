//! Totals of parts of a portfolio by draw, and their estimates.

use crate::engine::plan::Plan;
use crate::engine::stats::estimate::{Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::engine::stats::ratio::{ratios, widest_shift};
use crate::posterior::Estimate;
pub use crate::posterior::counts::Counts;
use crate::run::{RunError, Sampler};

impl Sampler<'_> {
    /// Draws a plan for the emissions of all of it, and for nothing else.
    pub(super) fn emissions(&self, plan: Plan) -> Result<Counts, RunError> {
        let plan = plan.dependent_only();
        let mut drawn = self.draw(&plan)?;
        let counts = std::mem::take(&mut drawn.totals[plan.headline]);
        Ok(Counts { counts, unit: plan.unit(plan.headline) })
    }

    /// In t.
    pub(super) fn estimate(&self, counts: &Counts) -> Estimate {
        let draws = Draws::new(self.reduce(), (0..).zip(counts.counts.iter().copied()));
        of_draws(&draws, self.level, Scale::power_of_two(counts.unit))
    }

    /// The part's share of the whole, draw by draw; draws in which the whole is 0 have none.
    pub(super) fn share(&self, part: &Counts, whole: &Counts) -> Estimate {
        let (part, whole) = (part.side(), whole.side());
        let ratios = ratios(self.reduce(), part, whole, widest_shift(part, whole), 0);
        of_draws(&ratios.draws, self.level, Scale::power_of_two(ratios.exponent))
    }
}

/// The plan with only the models that `keep` lets through, by index: all units, tables and groups are those of the
/// whole, so that counts of disjoint parts add up to its counts.
pub fn part(plan: &Plan, keep: impl Fn(usize) -> bool) -> Plan {
    let kept = plan.models.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, m)| m.clone());
    Plan { models: kept.collect(), ..plan.clone() }
}
