//! The sampled analysis of a portfolio: which group of inputs decides on totals, ratios and thresholds, from
//! pick-freeze draws.
//!
//! What the exact oracle cannot give (logarithms, ATCI, the upper tail) and, for comparison, what it can. The engine draws
//! totals at the corners of a design of [`super::grouping`], slab by slab; [`Analysis::add`] takes them in, in memory
//! that does not grow with the draws. The estimators are those of `super::sensitivity`.

use serde::Serialize;

use super::grouping::Group;
use crate::assess::Output;
use crate::engine::plan::Plan;
use crate::engine::plan::design::{Design, MAX_CUBE, MAX_GROUPS};
use crate::engine::stats::estimate::{Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::engine::stats::precision::Precision;
use crate::engine::stats::sensitivity::pick_freeze::Hybrids;
use crate::engine::stats::sensitivity::target::Target;
use crate::engine::stats::sensitivity::{Cube, CubeIndices, Index, InputIndices, Mismatch, PickFreeze, Undefined};
use crate::engine::stats::tail::{self, pareto_k};
use crate::engine::{Corners, Reduce, Summary};

/// Draws of an analysis where the user does not say.
pub const DRAWS: u64 = 1 << 17;
/// The upper tail that is looked at.
const TAIL: f64 = 0.95;

/// Indices of one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysed {
    /// What is decomposed.
    pub output: AnalysedOutput,
    /// k̂ of the plain draws' upper tail; `None` for what is 0 or 1, and where it cannot be fitted.
    pub pareto_k: Option<f64>,
    /// Of the plain draws, the share that exceeds the threshold, where there is one.
    pub exceeding: Option<f64>,
    /// The indices of the groups, or why there are none.
    pub indices: Result<Indices, Undefined>,
}

/// Indices of the groups.
#[derive(Debug, Clone, PartialEq)]
pub enum Indices {
    /// From a full cube, Shapley effects included.
    Cube(CubeIndices),
    /// From pairs of hybrids: one entry for each group.
    Pairs(Vec<InputIndices>),
}

impl Indices {
    /// First-order index of a group, by its number.
    pub fn first_order(&self, group: usize) -> Index {
        match self {
            Indices::Cube(cube) => cube.shares.first_order[group],
            Indices::Pairs(pairs) => pairs[group].first_order,
        }
    }

    /// Total index of a group, by its number.
    pub fn total(&self, group: usize) -> Index {
        match self {
            Indices::Cube(cube) => cube.shares.total[group],
            Indices::Pairs(pairs) => pairs[group].total,
        }
    }

    /// Of a full cube only.
    pub fn shapley(&self, group: usize) -> Option<Index> {
        match self {
            Indices::Cube(cube) => Some(cube.shares.shapley[group]),
            Indices::Pairs(_) => None,
        }
    }

    /// All that a full cube gives; `None` for pairs.
    pub fn cube(&self) -> Option<&CubeIndices> {
        match self {
            Indices::Cube(cube) => Some(cube),
            Indices::Pairs(_) => None,
        }
    }
}

/// What is decomposed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum AnalysedOutput {
    /// Total emissions.
    Emissions,
    /// Natural logarithm of total emissions.
    LogEmissions,
    /// Total emissions over total compute.
    Atci,
    /// Total facility energy.
    Energy,
    /// Whether the emissions exceed their 95th percentile.
    ExceedsTail {
        /// The percentile, in t.
        threshold_t: f64,
    },
    /// Whether they exceed what the user asked about.
    ExceedsThreshold {
        /// The threshold, in t.
        threshold_t: f64,
    },
}

/// All outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Number of draws.
    pub draws: u64,
    /// Level of the intervals of the indices.
    pub level: f64,
    /// In the order of the indices.
    pub groups: Vec<Group>,
    /// One for each output that is decomposed.
    pub outputs: Vec<Analysed>,
}

/// The plain draws of what is analysed, in units in which an index does not depend on them: counts, but for the ratio.
pub struct Plain {
    emissions: Vec<f64>,
    log_emissions: Vec<f64>,
    atci: Vec<f64>,
    energy: Vec<f64>,
    /// Tonnes per count of emissions.
    unit_t: f64,
}

impl Plain {
    /// That of the emissions, where the upper tail is light enough for it to be estimated.
    pub fn kurtosis(&self) -> Option<f64> {
        tail::kurtosis(self.emissions.iter().copied())
    }

    /// How precisely the draws give the emissions.
    pub fn precision(&self, level: f64, reduce: &dyn Reduce) -> Precision {
        let draws = Draws::new(reduce, (0..).zip(self.emissions.iter().map(|&count| count as u64)));
        Precision::reached(&of_draws(&draws, level, Scale::power_of_two(0)), self.emissions.len() as u64)
    }

    /// The first `draws` draws of a plain run.
    pub fn of_run(plan: &Plan, summary: &Summary, draws: u64) -> Plain {
        let n = draws as usize;
        Plain::new(plan, |output| summary.totals[output as usize].get(..n).unwrap_or(&summary.totals[output as usize]))
    }

    /// From the one corner of [`Plain::design`].
    pub fn of_corners(plan: &Plan, corners: &Corners) -> Plain {
        Plain::new(plan, |output| corners.of(output as usize, 0))
    }

    /// The same groups at the corner where all comes from sample A, which a plain run draws.
    pub fn design(design: &Design) -> Design {
        Design { corners: vec![u64::MAX >> (MAX_GROUPS - design.groups.clamp(1, MAX_GROUPS))], ..design.clone() }
    }

    fn new<'c>(plan: &Plan, counts: impl Fn(Output) -> &'c [u64]) -> Plain {
        let [emissions, compute, energy] = [Output::Emissions, Output::Compute, Output::Energy]
            .map(|output| counts(output).iter().map(|&count| count as f64).collect::<Vec<f64>>());
        Plain {
            log_emissions: emissions.iter().map(|&y| log(y)).collect(),
            atci: emissions.iter().zip(&compute).map(|(&g, &c)| ratio(g, c)).collect(),
            emissions,
            energy,
            unit_t: libm::ldexp(1.0, plan.unit(Output::Emissions as usize)),
        }
    }

    /// `None` for outputs that are 0 or 1.
    pub fn of(&self, output: AnalysedOutput) -> Option<&[f64]> {
        match output {
            AnalysedOutput::Emissions => Some(&self.emissions),
            AnalysedOutput::LogEmissions => Some(&self.log_emissions),
            AnalysedOutput::Atci => Some(&self.atci),
            AnalysedOutput::Energy => Some(&self.energy),
            AnalysedOutput::ExceedsTail { .. } | AnalysedOutput::ExceedsThreshold { .. } => None,
        }
    }

    fn exceeding(&self, threshold_t: f64) -> f64 {
        let above = self.emissions.iter().filter(|&&y| y > threshold_t / self.unit_t).count();
        above as f64 / self.emissions.len() as f64
    }
}

fn log(y: f64) -> f64 {
    if y > 0.0 { libm::log(y) } else { f64::NAN }
}

/// Counts over counts: units do not change a share. Without compute there is no ratio.
fn ratio(g: f64, c: f64) -> f64 {
    if c > 0.0 { g / c } else { f64::NAN }
}

/// An analysis that takes in draws.
pub struct Analysis {
    groups: Vec<Group>,
    corners: usize,
    /// Tonnes per count of emissions.
    unit_t: f64,
    outputs: Vec<(Analysed, Sums)>,
}

/// What is summed up for one output.
enum Sums {
    Cube(Box<Cube>),
    Pairs(PickFreeze),
}

impl Sums {
    /// `corners` in the order of the design.
    fn add(&mut self, first: u64, corners: &[&[f64]]) -> Result<(), Mismatch> {
        match (self, corners) {
            (Sums::Cube(cube), corners) => cube.add(first, corners),
            (Sums::Pairs(pairs), [a, b, each @ ..]) => {
                let hybrids = each.chunks_exact(2).map(|h| Hybrids { ab: h[0], ba: h[1] });
                pairs.add(first, a, b, &hybrids.collect::<Vec<_>>())
            }
            (Sums::Pairs(_), few) => Err(Mismatch::Arrays { want: 2, got: few.len() }),
        }
    }

    fn finish(&self, level: f64) -> Result<Indices, Undefined> {
        match self {
            Sums::Cube(cube) => cube.finish(level).map(Indices::Cube),
            Sums::Pairs(pairs) => pairs.finish(level).map(Indices::Pairs),
        }
    }
}

impl Analysis {
    /// `design` is one of [`super::grouping`]: a full cube of up to [`MAX_CUBE`] groups, else pairs. `plain` are the
    /// same draws in a plain run: their 95th percentile of the emissions is the tail.
    pub fn new(
        design: &Design,
        groups: Vec<Group>,
        plain: &Plain,
        threshold_t: Option<f64>,
    ) -> Result<Analysis, Mismatch> {
        let tail = Target::quantile(&plain.emissions, TAIL)
            .ok()
            .map(|t| AnalysedOutput::ExceedsTail { threshold_t: t.threshold * plain.unit_t });
        use AnalysedOutput::*;
        let asked = threshold_t.map(|threshold_t| ExceedsThreshold { threshold_t });
        let outputs = [Emissions, LogEmissions, Atci, Energy].into_iter().chain(tail).chain(asked);
        let sums = |output| {
            let sums = if design.groups <= MAX_CUBE {
                Sums::Cube(Box::new(Cube::new(design.groups)?))
            } else {
                Sums::Pairs(PickFreeze::new(design.groups))
            };
            let exceeding = match output {
                ExceedsTail { threshold_t } | ExceedsThreshold { threshold_t } => Some(plain.exceeding(threshold_t)),
                Emissions | LogEmissions | Atci | Energy => None,
            };
            let pareto_k = plain.of(output).and_then(|draws| pareto_k(draws.iter().copied(), draws.len()));
            Ok((Analysed { output, pareto_k, exceeding, indices: Err(Undefined::TooFewDraws) }, sums))
        };
        let outputs = outputs.map(sums).collect::<Result<_, _>>()?;
        Ok(Analysis { groups, corners: design.corners.len(), unit_t: plain.unit_t, outputs })
    }

    /// Takes in some draws, in any order.
    pub fn add(&mut self, corners: &Corners) -> Result<(), Mismatch> {
        let first = corners.draws.start;
        let counts = |output: Output| -> Vec<Vec<f64>> {
            let of = |corner| corners.of(output as usize, corner).iter().map(|&count| count as f64).collect();
            (0..self.corners).map(of).collect()
        };
        let [emissions, compute, energy] = [Output::Emissions, Output::Compute, Output::Energy].map(counts);
        let each = |f: &dyn Fn(f64) -> f64| -> Vec<Vec<f64>> {
            emissions.iter().map(|corner| corner.iter().map(|&y| f(y)).collect()).collect()
        };
        for (analysed, sums) in &mut self.outputs {
            let exceeds = |threshold_t: f64| {
                let target = Target { threshold: threshold_t / self.unit_t };
                target.corners(&emissions.iter().map(Vec::as_slice).collect::<Vec<_>>())
            };
            let derived = match analysed.output {
                AnalysedOutput::Emissions | AnalysedOutput::Energy => vec![],
                AnalysedOutput::LogEmissions => each(&log),
                AnalysedOutput::Atci => {
                    let corner = |(g, c): (&Vec<f64>, &Vec<f64>)| g.iter().zip(c).map(|(&g, &c)| ratio(g, c)).collect();
                    emissions.iter().zip(&compute).map(corner).collect()
                }
                AnalysedOutput::ExceedsTail { threshold_t } | AnalysedOutput::ExceedsThreshold { threshold_t } => {
                    exceeds(threshold_t)
                }
            };
            let arrays = match analysed.output {
                AnalysedOutput::Emissions => &emissions,
                AnalysedOutput::Energy => &energy,
                _ => &derived,
            };
            sums.add(first, &arrays.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// The indices of `draws` draws with intervals of `level`.
    pub fn finish(self, draws: u64, level: f64) -> Sampled {
        let analysed = |(analysed, sums): (Analysed, Sums)| Analysed { indices: sums.finish(level), ..analysed };
        Sampled { draws, level, groups: self.groups, outputs: self.outputs.into_iter().map(analysed).collect() }
    }
}
