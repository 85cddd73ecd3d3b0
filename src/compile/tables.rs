//! Compiled tables by shape, for whoever compiles several plans.
//!
//! A table depends on its shape only. Assessments that differ by one choice have most of their shapes in common, and
//! compiling a table costs milliseconds: a [`Tables`] that is kept from one plan to the next compiles each shape once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::engine::plan::table::{Table, TableError};
use crate::portfolio::Distribution;
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::quantile::Quantiles;

/// A table, or why there is none.
pub type Compiled = Result<Arc<Table>, TableError>;

/// What was compiled so far.
#[derive(Debug, Default)]
pub struct Tables {
    by_shape: HashMap<ShapeKey, Compiled>,
}

impl Tables {
    /// The tables of these shapes, each under its key, in their order. Those that are not there yet are compiled on all
    /// cores.
    pub fn of(&mut self, shapes: &[(ShapeKey, Distribution)]) -> Vec<Compiled> {
        let new: BTreeMap<&ShapeKey, &Distribution> =
            shapes.iter().filter(|(key, _)| !self.by_shape.contains_key(key)).map(|(key, d)| (key, d)).collect();
        let compiled: Vec<(ShapeKey, Compiled)> = new
            .into_par_iter()
            .map(|(key, d)| (key.clone(), Table::compile(&Quantiles::new(d)).map(Arc::new)))
            .collect();
        self.by_shape.extend(compiled);
        shapes.iter().filter_map(|(key, _)| self.by_shape.get(key).cloned()).collect()
    }
}

impl crate::engine::plan::table::Quantiles for Quantiles {
    fn ln_at_z(&self, z: f64) -> f64 {
        self.ln_at_z(z)
    }

    fn ln_between(&self, z: f64, below: (f64, f64), above: (f64, f64)) -> f64 {
        self.ln_between(z, below, above)
    }

    fn breaks(&self, limit: f64) -> Vec<f64> {
        self.breaks(limit)
    }

    fn zero_z(&self) -> f64 {
        self.cdf(0.0).z()
    }
}
