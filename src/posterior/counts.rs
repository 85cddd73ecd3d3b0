//! An output of a whole portfolio by draw: exact integers, from which differences, shares and pictures are made.

use crate::assess::Output;
use crate::engine::Summary;
use crate::engine::plan::Header;
use crate::engine::stats::ratio::Side;

/// An amount by draw: counts of `2^unit` of the output's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// One for each draw.
    pub counts: Vec<u64>,
    /// Exponent of the unit.
    pub unit: i32,
}

impl Counts {
    /// Nothing, to be added to.
    pub fn none(draws: u64, unit: i32) -> Counts {
        Counts { counts: vec![0; usize::try_from(draws).unwrap_or(0)], unit }
    }

    /// Adds a part of the same unit, draw by draw; a sum beyond 64 bits stays at the largest count.
    pub fn add(&mut self, more: &[u64]) {
        for (sum, more) in self.counts.iter_mut().zip(more) {
            *sum = sum.saturating_add(*more);
        }
    }

    /// Of the first draws alone.
    pub fn first(&self, draws: u64) -> Counts {
        let draws = usize::try_from(draws).unwrap_or(usize::MAX).min(self.counts.len());
        Counts { counts: self.counts[..draws].to_vec(), unit: self.unit }
    }

    /// What is left without a part of the same unit.
    pub fn less(&self, part: &Counts) -> Counts {
        let pairs = self.counts.iter().zip(&part.counts);
        Counts { counts: pairs.map(|(all, part)| all.saturating_sub(*part)).collect(), unit: self.unit }
    }

    /// As one side of a ratio.
    pub fn side(&self) -> Side<'_> {
        Side { counts: &self.counts, unit: self.unit }
    }

    /// In the output's unit, in the order of the draws.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let unit = libm::ldexp(1.0, self.unit);
        self.counts.iter().map(move |&count| count as f64 * unit)
    }
}

/// The totals of a run by draw. Two runs of one seed have common random numbers: draw k of one goes with draw k of the
/// other.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalDraws {
    /// Of each output, in the order of the plan.
    outputs: Vec<(Output, Counts)>,
    /// Emissions with every shared effect drawn separately for each model.
    pub independent: Counts,
}

impl TotalDraws {
    /// Of a run of a plan with these outputs.
    pub fn of(outputs: impl Iterator<Item = Output>, plan: &Header, summary: Summary) -> TotalDraws {
        let mut totals = summary.totals.into_iter();
        let mut next = |column: usize| Counts { counts: totals.next().unwrap_or_default(), unit: plan.unit(column) };
        let outputs = outputs.enumerate().map(|(column, output)| (output, next(column))).collect();
        TotalDraws { outputs, independent: next(plan.independent()) }
    }

    /// An output, if the run has it.
    pub fn get(&self, output: Output) -> Option<&Counts> {
        self.outputs.iter().find(|(o, _)| *o == output).map(|(_, counts)| counts)
    }

    /// Total emissions, in t.
    pub fn emissions(&self) -> Option<&Counts> {
        self.get(Output::Emissions)
    }
}
