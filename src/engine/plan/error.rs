//! The error budget: how far a drawn value can lie from the exact function of its normals.
//!
//! Everything is a relative error of one term, from errors of its base-2 logarithm: the fixed-point normal (2^-20)
//! times every scale it meets (for a table its steepest chord), each table's own error, the units of Q9.22 of each part (half a unit), the universal
//! function log2(1 + 2^y) (2^-19.9 octave) of a shifted factor and of every further product of a sum, and `exp2` (2^-23.5 relative). Rounding to a count is reported separately.

use super::{Marginal, ModelPlan, Plan, SCALE_BITS, SLOTS, Shape};

/// Error of the fixed-point normal.
const NORMAL: f64 = 1.0 / 1_048_576.0;
/// Half a unit of Q9.22, in octaves.
const HALF_UNIT: f64 = 0.5 / 4_194_304.0;
/// Error of a normal that was cut at a bound: 2^-18, and that of the normal itself.
const CUT: f64 = 1.0 / 262_144.0 + NORMAL;
/// log2(1 + 2^y), in octaves: 2^-19.9.
const ONE_PLUS: f64 = 1.022e-6;
/// The polynomial of exp2, relative: 2^-23.5.
const EXP2: f64 = 8.4e-8;

/// The largest relative error of the first `outputs` outputs of any model in any draw.
pub fn relative_bound(plan: &Plan, outputs: usize) -> f64 {
    let tables: Vec<f64> = plan.tables.iter().map(|t| t.error_log2 + t.steepest() * NORMAL).collect();
    let octaves = plan.models.iter().map(|m| octaves(plan, m, &tables, outputs)).fold(0.0, f64::max);
    libm::expm1(octaves * std::f64::consts::LN_2) + EXP2
}

/// `tables`: the error of each.
fn octaves(plan: &Plan, model: &ModelPlan, tables: &[f64], outputs: usize) -> f64 {
    let products = || model.products.iter().filter(|p| usize::from(p.output) < outputs);
    let enters = |slot: &usize| products().any(|p| p.signs[*slot] != 0);
    let slots: Vec<usize> = (0..SLOTS).filter(enters).collect();
    let scaled = |scale: i32| libm::ldexp(f64::from(scale).abs(), -(SCALE_BITS as i32)) * NORMAL + HALF_UNIT;
    let table = |index: u32| tables.get(index as usize).copied().unwrap_or(0.0);
    let own = slots.iter().map(|&s| match model.marginals[s] {
        Marginal::None | Marginal::Gate { .. } => 0.0,
        Marginal::Affine { scale } => scaled(scale),
        Marginal::Table { table: t } => table(t) + HALF_UNIT,
        Marginal::OnePlusAffine { scale, .. } => scaled(scale) + ONE_PLUS,
        Marginal::OnePlusTable { table: t, .. } => table(t) + HALF_UNIT + ONE_PLUS,
        Marginal::OnePlusConstant { .. } => ONE_PLUS,
        Marginal::Bounded { scale, .. } => scaled(scale) * CUT / NORMAL + HALF_UNIT,
        Marginal::Ranked { shape: Shape::Affine { scale }, .. } => scaled(scale),
        Marginal::Ranked { shape: Shape::Table { table: t }, .. } => table(t) + HALF_UNIT,
    });
    let cells = slots.iter().filter_map(|&s| plan.cells.get(model.cells[s]? as usize));
    let shared = cells.flat_map(|c| &c.parts).map(|&(_, scale)| scaled(scale));
    let output = |o: usize| model.products_of(o).len().saturating_sub(1);
    let sums = (0..outputs).map(output).max().unwrap_or(0) as f64 * ONE_PLUS;
    own.sum::<f64>() + sums + shared.sum::<f64>() + HALF_UNIT
}
