//! The plan's fingerprint: SHA-256 of the digests of its models, sorted by key, so that the order of rows does not matter.
//!
//! Seed and number of draws are not part of a plan. Units are not hashed: they follow from the rest. A summary's integers
//! depend on them all the same, and on the order of the models; that is what [`LayoutHash`] is for.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::table::Table;
use super::{Marginal, ModelPlan, Plan, Range, Shape};

/// SHA-256 of what is drawn, the same for every order of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanHash(pub(in crate::engine) [u8; 32]);

/// SHA-256 of how draws are counted: which totals are kept, units, ranges of bins, groups, the order of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayoutHash(pub(in crate::engine) [u8; 32]);

/// 64 hexadecimal digits.
impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// [`PlanHash`] as 64 hexadecimal digits.
pub fn plan_hash(plan: &Plan) -> String {
    PlanHash::of(plan).to_string()
}

impl PlanHash {
    /// Of a plan.
    pub fn of(plan: &Plan) -> PlanHash {
        let mut digests = Digests::default();
        digests.add(plan);
        digests.finish()
    }
}

/// The fingerprint of a plan whose models come in parts.
#[derive(Debug, Default)]
pub struct Digests {
    models: Vec<(u64, [u8; 32])>,
    /// By address: parts of a plan have most of their tables in common. They are held, so that no others can be there.
    tables: HashMap<usize, (Arc<Table>, [u8; 32])>,
}

impl Digests {
    /// Adds models. What they are does not depend on what else there is.
    pub fn add(&mut self, part: &Plan) {
        let of = |table: &Arc<Table>| {
            let known = self.tables.entry(Arc::as_ptr(table).addr());
            known.or_insert_with(|| (table.clone(), table_hash(table))).1
        };
        let tables: Vec<[u8; 32]> = part.tables.iter().map(of).collect();
        self.models.extend(part.models.iter().map(|model| (model.key, model_digest(model, part, &tables))));
    }

    /// Of all that were added, in whatever order.
    pub fn finish(mut self) -> PlanHash {
        self.models.sort_unstable();
        let mut hash = Sha256::new();
        self.models.iter().for_each(|(_, digest)| hash.update(digest));
        PlanHash(hash.finalize().into())
    }
}

impl LayoutHash {
    /// Of a plan.
    pub fn of(plan: &Plan) -> LayoutHash {
        let mut hash = Sha256::new();
        for output in &plan.outputs {
            hash.update(output.unit.to_le_bytes());
            hash.update([output.kept.into()]);
        }
        let roles = [Some(plan.headline), plan.denominator].map(|o| o.map_or(u64::MAX, |o| o as u64));
        roles.iter().for_each(|o| hash.update(o.to_le_bytes()));
        hash.update([plan.has_independent.into(), plan.saturable.into(), plan.binned.into()]);
        hash.update(plan.ratio_shift.to_le_bytes());
        hash.update((plan.groups.len() as u64).to_le_bytes());
        for group in &plan.groups {
            range_bytes(&group.headline, &mut hash);
            range_bytes(&group.denominator, &mut hash);
            hash.update(group.ratio_shift.to_le_bytes());
        }
        for model in &plan.models {
            hash.update(model.key.to_le_bytes());
            hash.update(model.independent_scale.to_le_bytes());
            hash.update(model.independent_shifted_scale.to_le_bytes());
            hash.update(model.independent_bounded_scale.to_le_bytes());
            hash.update(model.independent_with_bounded.to_le_bytes());
            range_bytes(&model.headline, &mut hash);
            range_bytes(&model.ratio, &mut hash);
        }
        LayoutHash(hash.finalize().into())
    }
}

fn range_bytes(range: &Range, hash: &mut Sha256) {
    hash.update(range.unit.to_le_bytes());
    hash.update([range.saturable.into()]);
    hash.update(range.bins_lo.to_le_bytes());
    hash.update(range.bin_scale.to_le_bytes());
}

fn model_digest(model: &ModelPlan, plan: &Plan, tables: &[[u8; 32]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(model.key.to_le_bytes());
    for (marginal, cell) in model.marginals.iter().zip(model.cells) {
        marginal_bytes(marginal, tables, &mut hash);
        let Some(cell) = cell.and_then(|c| plan.cells.get(c as usize)) else {
            hash.update([0]);
            continue;
        };
        let mut parts: Vec<(u64, i32)> = cell.parts.iter().map(|&(e, s)| (plan.effects[e as usize], s)).collect();
        parts.sort_unstable();
        hash.update((parts.len() as u64).to_le_bytes());
        for (effect, scale) in parts {
            hash.update(effect.to_le_bytes());
            hash.update(scale.to_le_bytes());
        }
    }
    hash.update((model.groups.len() as u64).to_le_bytes());
    model.groups.iter().for_each(|group| hash.update(group.to_le_bytes()));
    hash.update((model.products.len() as u64).to_le_bytes());
    for product in &model.products {
        hash.update([product.output]);
        hash.update(product.loc.to_le_bytes());
        hash.update(product.signs.map(|s| s as u8));
    }
    hash.finalize().into()
}

fn marginal_bytes(marginal: &Marginal, tables: &[[u8; 32]], hash: &mut Sha256) {
    let (tag, loc, scale, table) = match *marginal {
        Marginal::None => (0u8, 0, 0, None),
        Marginal::Affine { scale } => (1, 0, scale, None),
        Marginal::Table { table } => (2, 0, 0, Some(table)),
        Marginal::OnePlusAffine { loc, scale } => (3, loc, scale, None),
        Marginal::OnePlusTable { loc, table } => (4, loc, 0, Some(table)),
        Marginal::OnePlusConstant { loc } => (5, loc, 0, None),
        Marginal::Gate { threshold, above } => (6 + u8::from(above), threshold, 0, None),
        Marginal::Bounded { scale, limit } => (8, limit, scale, None),
        Marginal::Ranked { own, shape: Shape::Affine { scale } } => (9, own, scale, None),
        Marginal::Ranked { own, shape: Shape::Table { table } } => (10, own, 0, Some(table)),
    };
    hash.update([tag]);
    hash.update(loc.to_le_bytes());
    hash.update(scale.to_le_bytes());
    if let Some(table) = table.and_then(|t| tables.get(t as usize)) {
        hash.update(table);
    }
}

fn table_hash(table: &Table) -> [u8; 32] {
    let mut hash = Sha256::new();
    table.cells.iter().for_each(|cell| hash.update(cell.to_le_bytes()));
    for piece in &table.pieces {
        hash.update(piece.start.to_le_bytes());
        hash.update(piece.base.to_le_bytes());
        hash.update(piece.slope.to_le_bytes());
        hash.update(piece.shift.to_le_bytes());
    }
    hash.finalize().into()
}
