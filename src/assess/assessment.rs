//! What the portfolio implies, as plain data: every model with a distribution for each of its factors, and the shared
//! effects that they have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::effects::{Effects, SharedEffect, renumbered};
use super::output::{OUTPUTS, Output};
use super::provenance::Provenance;
use super::slot::SLOTS;
use super::term::Term;
use super::tier::Tier;
use crate::portfolio::{Distribution, Scope, Warning};

/// The models with a distribution for each factor, and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Sorted by id.
    pub models: Vec<AssessedModel>,
    /// Sorted by (factor, by, value, ordinal); only those that at least one model is exposed to.
    pub shared: Vec<SharedEffect>,
    pub scope: Scope,
    pub warnings: Vec<Warning>,
    /// `[groups] by`, as asked for.
    pub groups_by: Vec<String>,
}

impl Assessment {
    /// Only the models that `keep` lets through, with the shared effects that they are exposed to. A model's numbers are
    /// those it has here, and so are its draws: keys of models and effects do not depend on what else there is.
    pub fn only(&self, keep: impl Fn(&AssessedModel) -> bool) -> Assessment {
        let models = self.models.iter().filter(|m| keep(m)).cloned().collect();
        Assessment { warnings: self.warnings.clone(), groups_by: self.groups_by.clone(), ..self.with(models) }
    }

    /// These models in the place of its own, with the shared effects of this assessment that they are exposed to;
    /// without groups and warnings.
    pub fn with(&self, mut models: Vec<AssessedModel>) -> Assessment {
        let used: BTreeSet<usize> = models.iter().flat_map(AssessedModel::loads).map(|(effect, _)| *effect).collect();
        let numbers: BTreeMap<usize, usize> = used.iter().copied().zip(0..).collect();
        for factor in models.iter_mut().flat_map(|m| m.factors.iter_mut().flatten()) {
            factor.shared = renumbered(&factor.shared, |effect| numbers.get(&effect).copied());
        }
        Assessment {
            models,
            shared: used.iter().filter_map(|&e| self.shared.get(e)).cloned().collect(),
            scope: self.scope,
            warnings: Vec::new(),
            groups_by: Vec::new(),
        }
    }

    /// Assessments of disjoint sets of models as one: effects of one key are one draw. Scope and groups are those of the
    /// first; without warnings. `None` of nothing.
    pub fn joined(parts: Vec<Assessment>) -> Option<Assessment> {
        let effects = Effects::sorted(parts.iter().flat_map(|part| &part.shared).cloned());
        let (scope, groups_by) = parts.first().map(|part| (part.scope, part.groups_by.clone()))?;
        let mut models: Vec<AssessedModel> = Vec::new();
        for mut part in parts {
            let numbers = effects.numbers_of(&part.shared);
            for factor in part.models.iter_mut().flat_map(|m| m.factors.iter_mut().flatten()) {
                factor.shared = renumbered(&factor.shared, |effect| numbers.get(effect).copied());
            }
            models.append(&mut part.models);
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Assessment { models, shared: effects.into_list(), scope, warnings: Vec::new(), groups_by })
    }

    /// The same models with another output in the place of the emissions: what is told exactly of emissions is then told
    /// of it, in its own unit.
    pub fn as_emissions(&self, output: Output) -> Assessment {
        let mut other = self.clone();
        for model in &mut other.models {
            model.terms[Output::Emissions as usize] = model.terms[output as usize];
        }
        other
    }
}

/// One model, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedModel {
    pub id: String,
    pub tier: Tier,
    /// By slot; `None` where the model has no such random input.
    pub factors: [Option<AssessedFactor>; SLOTS],
    /// By `Output`.
    pub terms: [Term; OUTPUTS],
    /// The row's labels plus `tier`.
    pub labels: BTreeMap<String, String>,
    /// What the row said and how each value came about, for people; one entry per quantity shown.
    pub provenance: BTreeMap<String, Provenance>,
}

impl AssessedModel {
    /// Number and weight of each shared effect on each factor.
    fn loads(&self) -> impl Iterator<Item = &(usize, f64)> {
        self.factors.iter().flatten().flat_map(|factor| &factor.shared)
    }
}

/// A factor's own distribution and the shared effects that multiply it.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedFactor {
    /// For `Slot::Pue` the distribution of PUE itself (≥ 1).
    pub distribution: Distribution,
    pub provenance: Provenance,
    /// Shared effects on this factor (for PUE: on PUE − 1): index into `Assessment::shared`, and a weight that
    /// multiplies the effect's ln GSD. Sorted by index.
    pub shared: Vec<(usize, f64)>,
}
