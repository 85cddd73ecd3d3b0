//! What surrounds a row: the priors and the study it is read under, and the other rows that it may name.

use std::collections::BTreeMap;

use super::exposure::Exposure;
use super::priors::Priors;
use crate::portfolio::{Model, Study};

pub struct Context<'a> {
    pub priors: &'a Priors,
    pub study: &'a Study,
    pub by_id: &'a BTreeMap<&'a str, &'a Model>,
}

impl<'a> Context<'a> {
    /// The row as it is exposed to default effects.
    pub fn exposure(&self, model: &'a Model) -> Exposure<'a> {
        Exposure { priors: self.priors, model, on: self.study.default_shared }
    }
}
