//! The models of the result, each with the origin of its factors.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::assess::{AssessedFactor, AssessedModel, Assessment, Kind, Provenance, Slot};
use crate::posterior::{Estimate, ModelPosterior, Posterior};

/// Up to so many models all of them are listed where nobody says, of more the largest.
const ALL_UP_TO: usize = 10_000;
const LARGEST: usize = 1_000;

/// Which models a result lists. All of them are in `models.csv` and `models.parquet`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listed {
    /// All up to 10,000; of more the 1,000 that contribute most to the mean.
    #[default]
    Usual,
    /// Every one.
    All,
    /// So many of those that contribute most to the mean.
    Largest(usize),
}

impl Listed {
    /// How many of so many models are listed.
    pub fn of_models(self, models: usize) -> usize {
        match self {
            Listed::All => models,
            Listed::Largest(most) => most.min(models),
            Listed::Usual if models <= ALL_UP_TO => models,
            Listed::Usual => LARGEST,
        }
    }

    /// Which of these, by index, in their order.
    fn of(self, models: &[ModelPosterior]) -> Vec<usize> {
        let most = self.of_models(models.len());
        let mut places: Vec<usize> = (0..models.len()).collect();
        if most < models.len() {
            let mean = |place: &usize| models[*place].emissions_t.mean.unwrap_or(0.0);
            places.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then(a.cmp(b)));
            places.truncate(most);
            places.sort_unstable();
        }
        places
    }
}

/// Written one by one: a portfolio can have millions.
pub(super) struct Models<'a> {
    pub(super) posterior: &'a Posterior,
    pub(super) assessment: &'a Assessment,
    pub(super) listed: Listed,
}

impl Serialize for Models<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (of, assessed) = (&self.posterior.models, &self.assessment.models);
        let listed = self.listed.of(of);
        serializer.collect_seq(listed.iter().filter_map(|&i| Some(Model::new(of.get(i)?, assessed.get(i)?))))
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
        let origin = |(name, (from, factor)): (_, (_, Option<&AssessedFactor>))| {
            (name, Origin::new(from, factor.map(|factor| factor.alone().to_string())))
        };
        let provenance = origins(a).into_iter().map(origin).collect();
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

/// Where each quantity of a model came from, by its name; of what is drawn, with the factor.
pub(in crate::report) fn origins(model: &AssessedModel) -> BTreeMap<&str, (&Provenance, Option<&AssessedFactor>)> {
    let mut origins: BTreeMap<&str, _> =
        model.provenance.iter().map(|(name, from)| (name.as_str(), (from, None))).collect();
    for slot in Slot::ALL {
        if let Some(factor) = &model.factors[slot as usize] {
            origins.insert(slot.factor().name(), (&factor.provenance, Some(factor)));
        }
    }
    origins
}

/// As in the result.
pub(in crate::report) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Disclosed => "disclosed",
        Kind::LookedUp => "looked up",
        Kind::Imputed => "imputed",
        Kind::Default => "default",
        Kind::Guessed => "guessed",
    }
}
