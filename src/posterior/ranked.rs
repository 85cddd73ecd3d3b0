//! First-order indices of every shared effect from plain draws alone, by ranks.
//!
//! An effect is one standard normal per draw, shared by all models exposed to it. Its normals are drawn again from their
//! own stream, the draws are put in their order, and neighbours then differ in all else
//! (`super::sensitivity::rank`; Gamboa, Gremaud, Klein and Lagnoux 2022, doi:10.3150/21-BEJ1421). No further totals
//! are drawn. The error does not shrink with the index: what is below some 1/√N cannot be distinguished from 0.

use rayon::prelude::*;

use super::sampled::{AnalysedOutput, Plain};
use crate::engine::draw::philox::Domain;
use crate::engine::draw::shared::draw_effect;
use crate::engine::plan::Plan;
use crate::engine::stats::sensitivity::Index;
use crate::engine::stats::sensitivity::rank::{RankError, Ranking};

/// What is decomposed, in the order of the indices.
pub const OUTPUTS: [AnalysedOutput; 3] =
    [AnalysedOutput::Emissions, AnalysedOutput::LogEmissions, AnalysedOutput::Atci];

/// Indices of one effect, by [`OUTPUTS`].
pub type EffectIndices = [Result<Index, RankError>; OUTPUTS.len()];

/// Of all effects of the plan, in its order. `plain` are the draws from 0 on under `seed`.
pub fn by_effect(plan: &Plan, seed: u64, plain: &Plain, level: f64) -> Vec<EffectIndices> {
    let draws = plain.of(AnalysedOutput::Emissions).map_or(0, <[f64]>::len);
    let of = |&key: &u64| {
        let mut normals = vec![0; draws];
        draw_effect(seed, Domain::Shared, key, 0, &mut normals);
        let normals: Vec<f64> = normals.into_iter().map(f64::from).collect();
        let ranking = Ranking::new(0, &normals);
        OUTPUTS.map(|output| ranking.as_ref().map_err(|e| *e)?.first_order(plain.of(output).unwrap_or(&[]), level))
    };
    plan.effects.par_iter().map(of).collect()
}
