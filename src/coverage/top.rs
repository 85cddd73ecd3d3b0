//! The headline without the largest models, and what these hold.
//!
//! Heavy tails: a few dozen models decide the total. The largest are those with the largest mean emissions among the
//! draws, ties by id.

use serde::Serialize;

use super::bands::Swept;
use super::drawn::part;
use crate::assess::Assessment;
use crate::engine::plan::Plan;
use crate::posterior::Estimate;
use crate::run::{RunError, Sampler};

/// The largest models and the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top {
    /// Largest mean first.
    pub models: Vec<TopModel>,
    /// These models together.
    pub emissions_t: Estimate,
    /// All others.
    pub without_t: Estimate,
    /// Of these models in the whole.
    pub share: Estimate,
}

/// One of the largest models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopModel {
    /// The model's id.
    pub id: String,
    /// Name of its tier.
    pub tier: &'static str,
    /// Mean emissions over the draws, in t.
    pub mean_t: f64,
}

/// The `count` largest models of the list that was swept.
///
/// # Errors
/// A stopped run.
pub fn top(
    assessment: &Assessment,
    plan: &Plan,
    swept: &Swept,
    count: usize,
    sampler: &Sampler<'_>,
) -> Result<Top, RunError> {
    let mean = |i: usize| swept.means_t.get(i).copied().unwrap_or(0.0);
    let mut order: Vec<usize> = (0..assessment.models.len()).collect();
    order.sort_by(|&a, &b| mean(b).total_cmp(&mean(a)).then(a.cmp(&b)));
    order.truncate(count);
    let largest = sampler.emissions(part(plan, |i| order.contains(&i)))?;
    let models = order.iter().filter_map(|&i| {
        let model = assessment.models.get(i)?;
        Some(TopModel { id: model.id.clone(), tier: model.tier.name(), mean_t: mean(i) })
    });
    Ok(Top {
        models: models.collect(),
        emissions_t: sampler.estimate(&largest),
        without_t: sampler.estimate(&swept.total.less(&largest)),
        share: sampler.share(&largest, &swept.total),
    })
}
