//! The sampled analysis of a portfolio: which factor decides on totals, ratios and thresholds, from pick-freeze draws.
//!
//! What the exact oracle cannot give (logarithms, ATCI, the upper tail) and, beside it, what it can. The engine draws
//! totals at all corners of the factors (`engine::corners`), slab by slab; [`Analysis::add`] takes them in, in memory
//! that does not grow with the draws. The estimators are those of [`super::sensitivity`].

use serde::Serialize;

use super::sensitivity::target::Target;
use super::sensitivity::{Cube, CubeIndices, Mismatch, Undefined};
use crate::assess::{Assessment, OUTPUTS, Output, SLOTS, Slot};
use crate::engine::Corners;
use crate::plan::Plan;
use crate::plan::design::Design;

/// Draws of an analysis where the user does not say.
pub const DRAWS: u64 = 1 << 17;
/// Draws taken in at a time.
pub const SLAB: u64 = 1 << 12;
/// The upper tail that is looked at.
const TAIL: f64 = 0.95;

/// Indices of one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysed {
    pub output: AnalysedOutput,
    pub indices: Result<CubeIndices, Undefined>,
}

/// What is decomposed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum AnalysedOutput {
    Emissions,
    LogEmissions,
    Atci,
    Energy,
    /// Whether the emissions exceed their 95th percentile.
    ExceedsTail {
        threshold_t: f64,
    },
    /// Whether they exceed what the user asked about.
    ExceedsThreshold {
        threshold_t: f64,
    },
}

/// All outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    pub draws: u64,
    pub level: f64,
    /// Names of the groups, in the order of the indices.
    pub groups: Vec<&'static str>,
    pub outputs: Vec<Analysed>,
}

/// The factors as groups of a full cube; a factor's shared effects go with it.
pub fn by_factor(assessment: &Assessment, plan: &Plan) -> (Design, Vec<&'static str>) {
    let last = Slot::Lineage as usize;
    // Without a random lineage its slot is never drawn: five groups.
    let groups = if plan.models.iter().any(|m| m.marginals[last].is_random()) { SLOTS } else { SLOTS - 1 };
    let own = std::array::from_fn(|s| s.min(groups - 1) as u8);
    let slot_of = |factor| Slot::ALL.iter().position(|s| s.factor() == factor).unwrap_or(0) as u8;
    let effects = assessment.shared.iter().map(|e| slot_of(e.factor)).collect();
    let mut outputs = [true; OUTPUTS];
    outputs[Output::ItEnergy as usize] = false;
    let names = Slot::ALL[..groups].iter().map(|s| s.factor().name()).collect();
    (Design::cube(groups, vec![own; plan.models.len()], effects, outputs), names)
}

/// An analysis that takes in draws.
pub struct Analysis {
    groups: Vec<&'static str>,
    corners: usize,
    /// Tonnes per count of emissions.
    unit_t: f64,
    cubes: Vec<(AnalysedOutput, Cube)>,
}

impl Analysis {
    /// `plain` are the emissions, in counts, of the draws to be analysed in a plain run: their 95th percentile is the
    /// tail.
    pub fn new(
        design: &Design,
        groups: Vec<&'static str>,
        plan: &Plan,
        plain: &[u64],
        threshold_t: Option<f64>,
    ) -> Result<Analysis, Mismatch> {
        let unit_t = libm::ldexp(1.0, plan.total_units[Output::Emissions as usize]);
        let plain: Vec<f64> = plain.iter().map(|&count| count as f64).collect();
        let tail = Target::quantile(&plain, TAIL)
            .ok()
            .map(|t| AnalysedOutput::ExceedsTail { threshold_t: t.threshold * unit_t });
        use AnalysedOutput::*;
        let asked = threshold_t.map(|threshold_t| ExceedsThreshold { threshold_t });
        let outputs = [Emissions, LogEmissions, Atci, Energy].into_iter().chain(tail).chain(asked);
        let cubes = outputs.map(|output| Ok((output, Cube::new(design.groups)?))).collect::<Result<_, _>>()?;
        Ok(Analysis { groups, corners: design.corners.len(), unit_t, cubes })
    }

    /// Takes in some draws, in any order.
    pub fn add(&mut self, corners: &Corners) -> Result<(), Mismatch> {
        let first = corners.draws.start;
        let counts = |output: Output| -> Vec<Vec<f64>> {
            let of = |corner| corners.of(output, corner).iter().map(|&count| count as f64).collect();
            (0..self.corners).map(of).collect()
        };
        let [emissions, compute, energy] = [Output::Emissions, Output::Compute, Output::Energy].map(counts);
        let each = |f: &dyn Fn(f64) -> f64| -> Vec<Vec<f64>> {
            emissions.iter().map(|corner| corner.iter().map(|&y| f(y)).collect()).collect()
        };
        for (output, cube) in &mut self.cubes {
            let exceeds = |threshold_t: f64| {
                let target = Target { threshold: threshold_t / self.unit_t };
                target.corners(&emissions.iter().map(Vec::as_slice).collect::<Vec<_>>())
            };
            let derived = match *output {
                AnalysedOutput::Emissions | AnalysedOutput::Energy => vec![],
                AnalysedOutput::LogEmissions => each(&|y| if y > 0.0 { libm::log(y) } else { f64::NAN }),
                // Counts over counts: units do not change a share. Without compute there is no ratio.
                AnalysedOutput::Atci => {
                    let ratio = |(&g, &c): (&f64, &f64)| if c > 0.0 { g / c } else { f64::NAN };
                    let corner = |(g, c): (&Vec<f64>, &Vec<f64>)| g.iter().zip(c).map(ratio).collect();
                    emissions.iter().zip(&compute).map(corner).collect()
                }
                AnalysedOutput::ExceedsTail { threshold_t } | AnalysedOutput::ExceedsThreshold { threshold_t } => {
                    exceeds(threshold_t)
                }
            };
            let arrays = match output {
                AnalysedOutput::Emissions => &emissions,
                AnalysedOutput::Energy => &energy,
                _ => &derived,
            };
            cube.add(first, &arrays.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// The indices with intervals of `level`.
    pub fn finish(self, level: f64) -> Sampled {
        let draws = self.cubes.first().map_or(0, |(_, cube)| cube.draws());
        let analysed = |(output, cube): (AnalysedOutput, Cube)| Analysed { output, indices: cube.finish(level) };
        Sampled { draws, level, groups: self.groups, outputs: self.cubes.into_iter().map(analysed).collect() }
    }
}
