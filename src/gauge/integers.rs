//! The backend's integers against the scalar definition, which is written draw by draw: they must be equal.

use super::portfolios::mixed;
use super::{Figure, Section};
use crate::compile::compile;
use crate::engine::plan::Plan;
use crate::engine::{MergeError, Prepared, Scalar, Shard, Summary};
use crate::posterior::grouping::by_factor;
use crate::run::{RunError, Sampler, Session};

const DRAWS: u64 = 4096;
const CORNER_DRAWS: u64 = 512;
/// On both sides of a change of the counter's upper word.
const LATE: u64 = (1 << 32) - 1000;

/// Totals, models, merged parts and pick-freeze corners against the scalar definition.
///
/// # Errors
/// An interruption, or a device that fails.
pub fn section(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let assessment = mixed();
    let plan = compile(&assessment)?;
    let (seed, cut) = (sampler.seed, DRAWS / 3);
    let scalar = Session::over(Scalar);
    let definition = sampler.on(&scalar);
    let mut figures = vec![];
    for (name, first) in [("first draws", 0), ("draws around 2^32", LATE)] {
        let range = first..first + DRAWS;
        let given = sampler.draw_part(&plan, seed, range.clone())?;
        let defined = definition.draw_part(&plan, seed, range)?;
        figures.push(Figure::count(format!("{name}: totals that differ"), totals(&given, &defined), 0));
        figures.push(Figure::count(format!("{name}: models that differ"), models(&given, &defined), 0));
        if first == 0 {
            let (a, b) = (sampler.draw_part(&plan, seed, cut..DRAWS)?, sampler.draw_part(&plan, seed, 0..cut)?);
            let merged = merged(&plan, seed, [a, b]);
            let differs = merged.map_or(1, |merged| usize::from(*merged.summary() != given));
            figures.push(Figure::count("drawn in two parts and merged: results that differ", differs, 0));
        }
    }
    let (design, _) = by_factor(&assessment, &plan);
    let prepared = Prepared::new(&plan, &design).map_err(|e| RunError::failed("the design of a known answer", &e))?;
    let range = LATE..LATE + CORNER_DRAWS;
    let (given, defined) = (sampler.corners(&prepared, range.clone())?, definition.corners(&prepared, range)?);
    let pairs = given.totals.iter().flatten().zip(defined.totals.iter().flatten());
    let differing = pairs.map(|(a, b)| unequal(a, b)).sum();
    figures.push(Figure::count("pick-freeze corners: totals that differ", differing, 0));
    Ok(Section {
        title: "Integers",
        source: "the definition written draw by draw, src/engine/draw/scalar.rs; docs/engine.md",
        how: "the portfolio below, all outputs".into(),
        figures,
    })
}

/// Parts of one run, each with the plan and seed that it was drawn from.
fn merged(plan: &Plan, seed: u64, parts: [Summary; 2]) -> Result<Shard, MergeError> {
    let [a, b] = parts.map(|part| Shard::new(plan, seed, part));
    a?.merge(b?)
}

fn unequal(a: &[u64], b: &[u64]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count() + a.len().abs_diff(b.len())
}

fn totals(a: &Summary, b: &Summary) -> usize {
    a.totals.iter().zip(&b.totals).map(|(a, b)| unequal(a, b)).sum()
}

fn models(a: &Summary, b: &Summary) -> usize {
    a.models.iter().zip(&b.models).filter(|(a, b)| a != b).count() + a.models.len().abs_diff(b.models.len())
}
