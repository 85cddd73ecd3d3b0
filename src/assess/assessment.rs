//! What the portfolio implies, as plain data: every model with a distribution for each of its factors, and the shared
//! effects that they have in common.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::acts::Acts;
use super::effects::{Effects, SharedEffect, renumbered};
use super::provenance::Provenance;
use super::slot::SLOTS;
use super::term::Term;
use super::tier::Tier;
use crate::portfolio::{Distribution, Labels, OUTPUTS, Output, Scope, Warning};

/// The models with a distribution for each factor, and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Sorted by id.
    pub models: Vec<AssessedModel>,
    /// Sorted by (factor, by, value, ordinal); only those that at least one model is exposed to. Those that only further
    /// outputs are exposed to come last.
    pub shared: Vec<SharedEffect>,
    /// Which runs and which energy count, and on what basis.
    pub scope: Scope,
    /// What is legal in the input and suspicious.
    pub warnings: Vec<Warning>,
    /// `[groups] by`, as asked for.
    pub groups_by: Vec<String>,
    /// Outputs beyond the chain, as asked for.
    pub further: Vec<Output>,
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
            further: self.further.clone(),
        }
    }

    /// Assessments of disjoint sets of models as one: effects of one key are one draw. Scope and groups are those of the
    /// first; without warnings, and without further outputs that not every part has in the same order. `None` of nothing.
    pub fn joined(parts: Vec<Assessment>) -> Option<Assessment> {
        let effects = Effects::sorted(parts.iter().flat_map(|part| &part.shared).cloned());
        let first = parts.first()?;
        let (scope, groups_by) = (first.scope, first.groups_by.clone());
        let alike = parts.iter().all(|part| part.further == first.further);
        let further = if alike { first.further.clone() } else { Vec::new() };
        let mut models: Vec<AssessedModel> = Vec::new();
        for mut part in parts {
            let numbers = effects.numbers_of(&part.shared);
            for factor in part.models.iter_mut().flat_map(|m| m.factors.iter_mut().flatten()) {
                factor.shared = renumbered(&factor.shared, |effect| numbers.get(effect).copied());
            }
            models.append(&mut part.models);
        }
        if !alike {
            models.iter_mut().for_each(|model| model.further.clear());
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Assessment { models, shared: effects.into_list(), scope, warnings: Vec::new(), groups_by, further })
    }

    /// All outputs, in the order of the plan's.
    pub fn outputs(&self) -> impl Iterator<Item = Output> {
        Output::ALL.into_iter().chain(self.further.iter().copied())
    }

    /// The place of an output in the plan, if the assessment has it.
    pub fn index_of(&self, output: Output) -> Option<usize> {
        self.outputs().position(|o| o == output)
    }

    /// The same models with another output in the place of the emissions: what is computed exactly of emissions is then
    /// computed of it, in its own unit. `None` where the assessment lacks the output, or it is a sum of several products.
    pub fn as_emissions(&self, output: Output) -> Option<Assessment> {
        let index = self.index_of(output)?;
        let mut other = self.clone();
        for model in &mut other.models {
            let product = match model.products(index) {
                [] => Term { constant: 0.0, powers: [0; SLOTS] },
                [product] => *product,
                _ => return None,
            };
            model.terms[Output::Emissions as usize] = product;
        }
        Some(other)
    }
}

/// One model, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedModel {
    /// The id of its row.
    pub id: String,
    /// How much of the chain its row states.
    pub tier: Tier,
    /// By slot; `None` where the model has no such random input.
    pub factors: [Option<AssessedFactor>; SLOTS],
    /// The chain from compute to emissions, by `Output`.
    pub terms: [Term; OUTPUTS],
    /// In the order of `Assessment::further`: the products that each further output is the sum of.
    pub further: Vec<Vec<Term>>,
    /// The row's labels plus `tier` and, where it is known, `year`.
    pub labels: Labels,
    /// What the row said and how each value came about, for people; one entry per quantity shown.
    pub provenance: BTreeMap<String, Provenance>,
}

impl AssessedModel {
    /// The products that an output is the sum of, by its place in the plan.
    pub fn products(&self, index: usize) -> &[Term] {
        match self.terms.get(index) {
            Some(term) => std::slice::from_ref(term),
            None => self.further.get(index - OUTPUTS).map_or(&[], Vec::as_slice),
        }
    }

    /// Number and weight of each shared effect on each factor.
    fn loads(&self) -> impl Iterator<Item = &(usize, f64)> {
        self.factors.iter().flatten().flat_map(|factor| &factor.shared)
    }
}

/// A factor's own distribution and the shared effects on it.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedFactor {
    /// For `Slot::Pue` the distribution of PUE itself (≥ 1). Where shared effects act below a bound, that without it.
    pub distribution: Distribution,
    /// Where the distribution comes from.
    pub provenance: Provenance,
    /// Shared effects on this factor (for PUE: on PUE − 1): index into `Assessment::shared`, and a weight that
    /// multiplies the effect's ln GSD. Sorted by index.
    pub shared: Vec<(usize, f64)>,
    /// How they act.
    pub acts: Acts,
}

impl AssessedFactor {
    /// Its distribution without shared effects; a bound then cuts its own part.
    pub fn alone(&self) -> Cow<'_, Distribution> {
        self.acts.alone(&self.distribution)
    }
}
