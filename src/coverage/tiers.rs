//! How much of the total rests on each tier: on metered figures, on stated compute, on names alone.

use serde::Serialize;

use super::bands::Swept;
use crate::assess::Assessment;
use crate::compile::groups;
use crate::posterior::Estimate;
use crate::run::Sampler;

/// The models of one tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierPart {
    /// Name of the tier.
    pub tier: String,
    /// Number of models.
    pub models: usize,
    /// Emissions of these models, in t.
    pub emissions_t: Estimate,
    /// Of the whole, draw by draw.
    pub share: Estimate,
}

/// By tier, for those that occur. The assessment's groups are the tiers.
pub fn tiers(assessment: &Assessment, swept: &Swept, sampler: &Sampler<'_>) -> Vec<TierPart> {
    let parts = groups(assessment).into_iter().zip(&swept.groups).map(|(group, counts)| TierPart {
        models: assessment.models.iter().filter(|m| m.tier.name() == group.value).count(),
        tier: group.value,
        emissions_t: sampler.estimate(counts),
        share: sampler.share(counts, &swept.total),
    });
    parts.collect()
}
