//! The models of the result, each with the origin of its factors.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::assess::{AssessedModel, Assessment, Kind, Provenance, Slot};
use crate::posterior::{Estimate, ModelPosterior, Posterior};

/// Written one by one: a portfolio can have millions.
pub(super) struct Models<'a> {
    pub(super) posterior: &'a Posterior,
    pub(super) assessment: &'a Assessment,
}

impl Serialize for Models<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = self.posterior.models.iter().zip(&self.assessment.models);
        serializer.collect_seq(pairs.map(|(p, a)| Model::new(p, a)))
    }
}

/// Nothing here depends on the other models: in another portfolio the line is the same.
#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    tier: &'static str,
    emissions_t: &'a Estimate,
    atci_kg_per_eflop: &'a Estimate,
    provenance: BTreeMap<&'a str, Origin<'a>>,
}

/// Where a quantity came from; `distribution` is null for what is not drawn.
#[derive(Serialize)]
struct Origin<'a> {
    kind: &'static str,
    how: &'a str,
    source: &'a str,
    chosen: bool,
    distribution: Option<String>,
}

impl<'a> Model<'a> {
    fn new(p: &'a ModelPosterior, a: &'a AssessedModel) -> Model<'a> {
        let mut provenance: BTreeMap<&str, Origin> =
            a.provenance.iter().map(|(name, from)| (name.as_str(), Origin::new(from, None))).collect();
        for slot in Slot::ALL {
            if let Some(factor) = &a.factors[slot as usize] {
                let origin = Origin::new(&factor.provenance, Some(factor.alone().to_string()));
                provenance.insert(slot.factor().name(), origin);
            }
        }
        Model {
            id: &p.id,
            tier: p.tier.name(),
            emissions_t: &p.emissions_t,
            atci_kg_per_eflop: &p.atci_kg_per_eflop,
            provenance,
        }
    }
}

impl<'a> Origin<'a> {
    fn new(from: &'a Provenance, distribution: Option<String>) -> Origin<'a> {
        Origin { kind: kind_name(from.kind), how: &from.how, source: &from.source, chosen: from.chosen, distribution }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Disclosed => "disclosed",
        Kind::LookedUp => "looked up",
        Kind::Imputed => "imputed",
        Kind::Default => "default",
        Kind::Guessed => "guessed",
    }
}
