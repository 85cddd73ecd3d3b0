//! The exact answer beside the sampled one: mean, variance and variance shares of total emissions in closed form.
//!
//! The total is Y = Σ_m Y_m with Y_m a product of independent factors, some shared between models. For any set u of
//! inputs, with μ_m = E Y_m,
//!
//! ```text
//! V_u = Var E[Y | X_u] = Σ_m Σ_n μ_m μ_n ( Π_{f ∈ u, in both} ρ_f(m, n) − 1 ),   ρ_f = E[g_m g_n] / (E g_m · E g_n)
//! ```
//!
//! and the first-order index of a group of factors is V_u / V, its total index 1 − V_{not u} / V (Hoeffding's
//! decomposition of a product; Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6). Pairs of models are summed by cell
//! (models with the same shared effects): effects without `by` are common to nearly all pairs, so only pairs of cells
//! that also share a local effect are visited one by one. Moments are those of the engine's normals.

use std::collections::{BTreeMap, BTreeSet};

use super::kurtosis::kurtosis;
use super::terms::{Product, products};
use super::{Oracle, VarianceShare};
use crate::assess::{Assessment, Slot};
use crate::portfolio::Factor;
use crate::portfolio::moments::lognormal_engine_moment;

/// The factors in the order they are told.
const FACTORS: [Factor; 6] =
    [Factor::Compute, Factor::Efficiency, Factor::Pue, Factor::Grid, Factor::Reporting, Factor::Lineage];

/// Computes the oracle of an assessment.
pub fn oracle(assessment: &Assessment) -> Oracle {
    let products = match products(assessment) {
        Ok(products) => products,
        Err(reason) => {
            return Oracle {
                mean_t: f64::NAN,
                sd_t: None,
                kurtosis: None,
                independent_mean_t: f64::NAN,
                independent_sd_t: None,
                groups: vec![],
                reason: Some(reason),
            };
        }
    };
    // From a positive zero: `sum` of nothing is −0.
    let mean_t = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let sums = Sums { assessment, products: &products };
    let variance = sums.variance(&|_| true).map(|v| told(v, mean_t));
    let reason = variance.is_none().then(|| "a factor's reciprocal or tail has no finite second moment".to_string());
    let shares = |variance: f64| -> Vec<VarianceShare> {
        if variance <= 0.0 {
            return vec![];
        }
        let share = |factor: Factor| {
            let alone = sums.variance(&|f| f == factor)?;
            let others = sums.variance(&|f| f != factor)?;
            Some(VarianceShare {
                name: factor.name().to_string(),
                first_order: alone / variance,
                total: 1.0 - others / variance,
            })
        };
        let shares: Option<Vec<VarianceShare>> = FACTORS.into_iter().map(share).collect();
        shares.unwrap_or_default()
    };
    Oracle {
        mean_t,
        sd_t: variance.map(libm::sqrt),
        kurtosis: variance.filter(|v| *v > 0.0).and_then(|_| kurtosis(assessment, &products)),
        independent_mean_t: mean_t,
        independent_sd_t: sums.independent_variance().map(|v| libm::sqrt(told(v, mean_t))),
        groups: variance.map_or(vec![], shares),
        reason,
    }
}

/// A variance, or zero where it is only what is left of 1 − 1 in f64. Ratios of moments are good to some 1e-15, so a
/// relative sd below 1e-7 cannot be told from none; the integer arithmetic cannot show it either.
fn told(variance: f64, mean_t: f64) -> f64 {
    if variance <= 1e-14 * mean_t * mean_t { 0.0 } else { variance }
}

/// `E[e^{(a+b)z}] / (E[e^{az}] E[e^{bz}])`, the ρ of one shared effect.
pub fn rho(a: f64, b: f64) -> f64 {
    lognormal_engine_moment(a + b) / (lognormal_engine_moment(a) * lognormal_engine_moment(b))
}

struct Sums<'a> {
    assessment: &'a Assessment,
    products: &'a [Product],
}

/// Products with the same loadings on the shared effects that are looked at.
struct Cell {
    global: usize,
    local: Vec<(usize, f64)>,
    mean_t: f64,
}

impl Sums<'_> {
    /// V_u of the factors that `of` lets through; `None` where it is infinite.
    fn variance(&self, of: &dyn Fn(Factor) -> bool) -> Option<f64> {
        let effects = &self.assessment.shared;
        let loads = |p: &Product| -> Vec<(usize, f64)> {
            p.loads.iter().copied().filter(|&(e, _)| of(effects[e].factor)).collect()
        };
        let pairs = self.cells(&loads);
        let shared = shared_variance(&pairs.0, &pairs.1);
        let mut own = 0.0;
        for (i, a) in self.products.iter().enumerate() {
            for b in self.products[i..].iter().take_while(|b| b.model == a.model) {
                let mut ratio = 1.0;
                for slot in Slot::ALL {
                    if of(slot.factor()) {
                        ratio *= own_ratio(a, b, slot as usize)?;
                    }
                }
                let twice = if std::ptr::eq(a, b) { 1.0 } else { 2.0 };
                own += twice * a.mean_t * b.mean_t * product_rho(&loads(a), &loads(b)) * (ratio - 1.0);
            }
        }
        Some(shared + own)
    }

    /// Variance of the total with every shared effect drawn separately for each model.
    fn independent_variance(&self) -> Option<f64> {
        let mut variance = 0.0;
        for (i, a) in self.products.iter().enumerate() {
            for b in self.products[i..].iter().take_while(|b| b.model == a.model) {
                let mut ratio = product_rho(&a.loads, &b.loads);
                for slot in Slot::ALL {
                    ratio *= own_ratio(a, b, slot as usize)?;
                }
                let twice = if std::ptr::eq(a, b) { 1.0 } else { 2.0 };
                variance += twice * a.mean_t * b.mean_t * (ratio - 1.0);
            }
        }
        Some(variance)
    }

    /// Cells and the distinct sets of global loadings they refer to.
    fn cells(&self, loads: &dyn Fn(&Product) -> Vec<(usize, f64)>) -> (Vec<Cell>, Vec<Vec<(usize, f64)>>) {
        let is_global = |e: usize| self.assessment.shared[e].by.is_empty();
        let bits =
            |loads: &[(usize, f64)]| -> Vec<(usize, u64)> { loads.iter().map(|&(e, a)| (e, a.to_bits())).collect() };
        let mut globals: Vec<Vec<(usize, f64)>> = Vec::new();
        let mut global_of = BTreeMap::new();
        let mut cells: Vec<Cell> = Vec::new();
        let mut cell_of = BTreeMap::new();
        for p in self.products {
            let (global, local): (Vec<_>, Vec<_>) = loads(p).into_iter().partition(|&(e, _)| is_global(e));
            let g = *global_of.entry(bits(&global)).or_insert_with(|| {
                globals.push(global);
                globals.len() - 1
            });
            let c = *cell_of.entry((g, bits(&local))).or_insert_with(|| {
                cells.push(Cell { global: g, local, mean_t: 0.0 });
                cells.len() - 1
            });
            cells[c].mean_t += p.mean_t;
        }
        (cells, globals)
    }
}

/// `Σ_c Σ_d S_c S_d (ρ(c, d) − 1)` over cells.
fn shared_variance(cells: &[Cell], globals: &[Vec<(usize, f64)>]) -> f64 {
    let mut by_global = vec![0.0; globals.len()];
    let mut touching: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (c, cell) in cells.iter().enumerate() {
        by_global[cell.global] += cell.mean_t;
        for &(effect, _) in &cell.local {
            touching.entry(effect).or_default().push(c);
        }
    }
    let global_rho: Vec<Vec<f64>> =
        globals.iter().map(|a| globals.iter().map(|b| product_rho(a, b)).collect()).collect();
    let mut sum = 0.0;
    for (a, row) in global_rho.iter().enumerate() {
        for (b, rho) in row.iter().enumerate() {
            sum += by_global[a] * by_global[b] * (rho - 1.0);
        }
    }
    for (c, cell) in cells.iter().enumerate() {
        let neighbours: BTreeSet<usize> =
            cell.local.iter().flat_map(|(effect, _)| &touching[effect]).copied().filter(|&d| d >= c).collect();
        for d in neighbours {
            let other = &cells[d];
            let twice = if c == d { 1.0 } else { 2.0 };
            let rho = global_rho[cell.global][other.global];
            sum += twice * cell.mean_t * other.mean_t * rho * (product_rho(&cell.local, &other.local) - 1.0);
        }
    }
    sum
}

/// The product of ρ over the effects in both (sorted) lists.
fn product_rho(a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
    let (mut i, mut j, mut product) = (0, 0, 1.0);
    while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
        if e == f {
            product *= rho(x, y);
        }
        i += usize::from(e <= f);
        j += usize::from(f <= e);
    }
    product
}

/// ρ of one slot's own part between two products of the same model. Of the two parts of a model with a shared effect
/// on PUE − 1 only one has that factor, so its ratio is 1.
fn own_ratio(a: &Product, b: &Product, slot: usize) -> Option<f64> {
    let split = slot == Slot::Pue as usize && !std::ptr::eq(a, b);
    if split { Some(1.0) } else { a.own[slot][0] }
}
