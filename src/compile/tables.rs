//! Compiled tables by shape, for whoever compiles several plans.
//!
//! A table depends on its shape only. Assessments that differ by one choice have most of their shapes in common, and
//! compiling a table costs milliseconds: a [`Tables`] that is kept from one plan to the next compiles each shape once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::engine::plan::Z_BITS;
use crate::engine::plan::table::{LIMIT, Table, TableError};
use crate::hashed::Map;
use crate::portfolio::Distribution;
use crate::portfolio::distribution::interpolated::{Interpolated, TOLERANCE};
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::quantile::Quantiles;

/// A table, or why there is none.
pub type Compiled = Result<Arc<Table>, TableError>;

/// What was compiled so far.
#[derive(Debug, Default)]
pub struct Tables {
    by_shape: Map<ShapeKey, Compiled>,
}

impl Tables {
    /// The tables of these shapes, each under its key, in their order. Those that are not there yet are compiled on all
    /// cores.
    pub fn of(&mut self, shapes: &[(ShapeKey, Distribution)]) -> Vec<Compiled> {
        let new: BTreeMap<&ShapeKey, &Distribution> =
            shapes.iter().filter(|(key, _)| !self.by_shape.contains_key(key)).map(|(key, d)| (key, d)).collect();
        let compiled: Vec<(ShapeKey, Compiled)> =
            new.into_par_iter().map(|(key, d)| (key.clone(), table(d).map(Arc::new))).collect();
        self.by_shape.extend(compiled);
        shapes.iter().filter_map(|(key, _)| self.by_shape.get(key).cloned()).collect()
    }
}

/// The table of one distribution.
///
/// # Errors
/// As [`Table::compile`].
pub fn table(d: &Distribution) -> Result<Table, TableError> {
    let limit = f64::from(LIMIT) / f64::from(1u32 << Z_BITS);
    Table::compile(&Interpolated::new(Quantiles::new(d), limit))
}

impl crate::engine::plan::table::Quantiles for Interpolated {
    fn ln_at_z(&self, z: f64) -> f64 {
        self.ln_at_z(z)
    }

    fn ln_at_all(&self, z: &mut [f64]) {
        self.ln_at_all(z);
    }

    fn error(&self) -> f64 {
        TOLERANCE
    }

    fn breaks(&self, limit: f64) -> Vec<f64> {
        self.exact().breaks(limit)
    }

    fn zero_z(&self) -> f64 {
        self.exact().cdf(0.0).z()
    }
}
