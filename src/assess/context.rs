//! What surrounds a row: the priors and the study it is read under, and the other rows that it may name.

use rayon::prelude::*;

use super::exposure::Exposure;
use super::priors::Priors;
use crate::hashed::{Map, Set};
use crate::portfolio::{Model, Study};

pub struct Context<'a> {
    pub priors: &'a Priors,
    pub study: &'a Study,
    pub by_id: &'a Rows<'a>,
}

/// The rows of a portfolio, in the order of their ids, and at once those that others are made from: a row may have many
/// ancestors.
#[derive(Default)]
pub struct Rows<'a> {
    sorted: Vec<&'a Model>,
    bases: Map<&'a str, &'a Model>,
}

impl<'a> Rows<'a> {
    /// Of rows whose ids are unique.
    pub fn new(models: &'a [Model]) -> Rows<'a> {
        let mut sorted: Vec<&Model> = models.iter().collect();
        sorted.par_sort_by(|a, b| a.id.cmp(&b.id));
        let named: Set<&str> = models.iter().flat_map(Model::base_ids).collect();
        let is_named = |model: &&&Model| named.contains(model.id.as_str());
        let bases = sorted.iter().filter(is_named).map(|model| (model.id.as_str(), *model)).collect();
        Rows { sorted, bases }
    }

    /// The row of an id.
    pub fn get(&self, id: &str) -> Option<&'a Model> {
        if let Some(base) = self.bases.get(id) {
            return Some(base);
        }
        let place = self.sorted.binary_search_by(|model| model.id.as_str().cmp(id)).ok()?;
        self.sorted.get(place).copied()
    }

    /// In the order of their ids.
    pub fn sorted(&self) -> &[&'a Model] {
        &self.sorted
    }

    /// The same, one by one.
    pub fn values(&self) -> impl Iterator<Item = &'a Model> + '_ {
        self.sorted.iter().copied()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }
}

impl<'a> Context<'a> {
    /// The row as it is exposed to default effects.
    pub fn exposure(&self, model: &'a Model) -> Exposure<'a> {
        Exposure { priors: self.priors, model, on: self.study.default_shared }
    }
}
