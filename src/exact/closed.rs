//! Variance that a set of inputs explains: V_u = Var E[Y | X_u] of the total's emissions, exactly, for any set u.
//!
//! The total is Y = Σ_p Y_p, each Y_p a product of independent factors, some shared between models, so that
//!
//! ```text
//! V_u = Σ_p Σ_q μ_p μ_q ( Π_{f ∈ u, in both} ρ_f(p, q) − 1 ),   ρ_f = E[g_p g_q] / (E g_p · E g_q)
//! ```
//!
//! Two products of different models have only shared effects in common. So V_u is the part of the shared effects in u
//! alone, plus a part for each model that only its own products enter: own parts add up over models, and interact with
//! shared effects only. The first part is summed by cell (products with the same loadings): effects without `by` are
//! common to nearly all pairs, so only cells that also share a local effect are visited pair by pair. The cost is
//! linear in models. Moments are those of the engine's normals.
//!
//! Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6, for V_u and the indices made of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::terms::Product;
use crate::assess::{SharedEffect, Slot};
use crate::portfolio::moments::lognormal_engine_moment;

/// Net loadings on shared effects, sorted by effect.
pub type Loads = Vec<(usize, f64)>;

/// A set of inputs: which shared effects, and which slots' own parts (of every model).
#[derive(Clone, Copy)]
pub struct Inputs<'f> {
    /// Whether the set holds a shared effect, by its index.
    pub shared: &'f dyn Fn(usize) -> bool,
    /// Whether it holds the own parts of a slot.
    pub own: &'f dyn Fn(Slot) -> bool,
}

impl Inputs<'_> {
    /// All inputs.
    pub const ALL: Inputs<'static> = Inputs { shared: &|_| true, own: &|_| true };
    /// All own parts, no shared effect.
    pub const OWN: Inputs<'static> = Inputs { shared: &|_| false, own: &|_| true };
    /// All shared effects, no own part.
    pub const SHARED: Inputs<'static> = Inputs { shared: &|_| true, own: &|_| false };
}

/// The products whose sum is decomposed.
pub struct Closed<'a> {
    effects: &'a [SharedEffect],
    /// By model.
    products: Vec<&'a Product>,
    rho: Rho,
}

impl<'a> Closed<'a> {
    /// `products` sorted by model.
    pub fn new(effects: &'a [SharedEffect], products: impl IntoIterator<Item = &'a Product>) -> Closed<'a> {
        Closed { effects, products: products.into_iter().collect(), rho: Rho::default() }
    }

    /// The products of each model.
    pub fn models(&self) -> impl Iterator<Item = &[&'a Product]> {
        self.products.chunk_by(|a, b| a.model == b.model)
    }

    /// V_u in t²; `None` where it is infinite.
    pub fn variance(&self, of: Inputs<'_>) -> Option<f64> {
        let mut own = 0.0;
        for products in self.models() {
            own += self.own(products, of)?;
        }
        Some(self.field(of.shared).variance() + own)
    }

    /// V_u of a set that holds other slots of each model: `own` is asked for the index of a model and a slot.
    pub fn variance_by_model(&self, shared: &dyn Fn(usize) -> bool, own: &dyn Fn(usize, Slot) -> bool) -> Option<f64> {
        let mut sum = 0.0;
        for products in self.models() {
            let Some(model) = products.first().map(|p| p.model) else { continue };
            sum += self.own(products, Inputs { shared, own: &|slot| own(model, slot) })?;
        }
        Some(self.field(shared).variance() + sum)
    }

    /// What one model's products add to V_u in addition to the shared effects. For all inputs it is the variance that
    /// would remain if everything but the model's own parts were known.
    pub fn own(&self, products: &[&Product], of: Inputs<'_>) -> Option<f64> {
        let rho = |a: &Product, b: &Product| self.rho.of(&among(&a.loads, of.shared), &among(&b.loads, of.shared));
        pairs(products, |a, b, same| Some(rho(a, b) * (own_ratio(a, same, of.own)? - 1.0)))
    }

    /// Variance of one model's emissions, all of its products together, in t².
    pub fn model_variance(&self, products: &[&Product]) -> Option<f64> {
        pairs(products, |a, b, same| Some(self.rho.of(&a.loads, &b.loads) * own_ratio(a, same, &|_| true)? - 1.0))
    }

    /// Π ρ of two products over all shared effects.
    pub fn shared_rho(&self, a: &Product, b: &Product) -> f64 {
        self.rho.of(&a.loads, &b.loads)
    }

    /// Variance of the total with every shared effect drawn separately for each model.
    pub fn independent_variance(&self) -> Option<f64> {
        let mut variance = 0.0;
        for products in self.models() {
            variance += self.model_variance(products)?;
        }
        Some(variance)
    }

    /// Variance that an effect explains alone, and what would remain if everything else were known: V_e and
    /// V − V_{not e}. Only pairs that are both exposed to it enter the difference.
    pub fn effect(&self, effect: usize, exposed: &[&'a Product]) -> Option<(f64, f64)> {
        let here = Closed::new(self.effects, exposed.iter().copied());
        let alone = here.field(&|e| e == effect).variance();
        let others = Inputs { shared: &|e| e != effect, own: &|_| true };
        Some((alone, here.variance(Inputs::ALL)? - here.variance(others)?))
    }

    /// Products by effect.
    pub fn exposed(&self) -> BTreeMap<usize, Vec<&'a Product>> {
        let mut exposed: BTreeMap<usize, Vec<&Product>> = BTreeMap::new();
        for p in &self.products {
            for &(effect, _) in &p.loads {
                exposed.entry(effect).or_default().push(p);
            }
        }
        exposed
    }

    /// The products by their loadings on the effects that `of` lets through.
    pub fn field(&self, of: &dyn Fn(usize) -> bool) -> Field<'_> {
        let mut field = Field {
            effects: self.effects,
            rho: &self.rho,
            globals: vec![],
            by_global: vec![],
            cells: vec![],
            touching: BTreeMap::new(),
        };
        let (mut global_of, mut cell_of) = (BTreeMap::new(), BTreeMap::new());
        for p in &self.products {
            let (global, local) = field.parted(&among(&p.loads, of));
            let g = *global_of.entry(bits(&global)).or_insert_with(|| {
                field.globals.push(global);
                field.by_global.push(0.0);
                field.globals.len() - 1
            });
            let c = *cell_of.entry((g, bits(&local))).or_insert_with(|| {
                for &(effect, _) in &local {
                    field.touching.entry(effect).or_default().push(field.cells.len());
                }
                field.cells.push(Cell { global: g, local, mean_t: 0.0 });
                field.cells.len() - 1
            });
            field.by_global[g] += p.mean_t;
            field.cells[c].mean_t += p.mean_t;
        }
        field
    }
}

/// Products with the same loadings on the shared effects that are looked at.
struct Cell {
    global: usize,
    local: Loads,
    mean_t: f64,
}

/// All products as cells: what a product with given loadings co-varies with.
pub struct Field<'c> {
    effects: &'c [SharedEffect],
    rho: &'c Rho,
    /// Distinct loadings on effects without `by`, and the mean behind each.
    globals: Vec<Loads>,
    by_global: Vec<f64>,
    cells: Vec<Cell>,
    /// Cells by local effect.
    touching: BTreeMap<usize, Vec<usize>>,
}

impl Field<'_> {
    /// Splits into effects common to all models and others. An effect that is not of this assessment is no other
    /// product's.
    fn parted(&self, loads: &[(usize, f64)]) -> (Loads, Loads) {
        loads.iter().partition(|(e, _)| self.effects.get(*e).is_some_and(|e| e.by.is_empty()))
    }

    /// `Σ_q μ_q (ρ(loads, q) − 1)` over all products q: the covariance of the total with a product of mean 1 and these
    /// loadings, by shared effects alone.
    pub fn covariance(&self, loads: &[(usize, f64)]) -> f64 {
        let (global, local) = self.parted(loads);
        self.of_parts(&global, &local)
    }

    fn of_parts(&self, global: &[(usize, f64)], local: &[(usize, f64)]) -> f64 {
        let (rho, sum) = self.of_globals(global);
        sum + self.of_locals(&rho, local)
    }

    /// ρ with each of the distinct global loadings, and the covariance by these alone.
    fn of_globals(&self, global: &[(usize, f64)]) -> (Vec<f64>, f64) {
        let rho: Vec<f64> = self.globals.iter().map(|other| self.rho.of(global, other)).collect();
        let sum = rho.iter().zip(&self.by_global).map(|(rho, mean)| mean * (rho - 1.0)).sum();
        (rho, sum)
    }

    /// What effects that are not common to all models add to that.
    fn of_locals(&self, rho: &[f64], local: &[(usize, f64)]) -> f64 {
        let mut sum = 0.0;
        let neighbours: BTreeSet<usize> =
            local.iter().filter_map(|(effect, _)| self.touching.get(effect)).flatten().copied().collect();
        for c in neighbours {
            let cell = &self.cells[c];
            sum += cell.mean_t * rho[cell.global] * (self.rho.of(local, &cell.local) - 1.0);
        }
        sum
    }

    /// `Σ_p Σ_q μ_p μ_q (ρ(p, q) − 1)`, by global loadings: what these lead to is the same for all cells that have them.
    fn variance(&self) -> f64 {
        let mut cells: Vec<Vec<&Cell>> = vec![vec![]; self.globals.len()];
        self.cells.iter().for_each(|cell| cells[cell.global].push(cell));
        let mut sum = 0.0;
        for (global, cells) in self.globals.iter().zip(cells) {
            let (rho, common) = self.of_globals(global);
            for cell in cells {
                sum += cell.mean_t * (common + self.of_locals(&rho, &cell.local));
            }
        }
        sum
    }
}

fn among(loads: &[(usize, f64)], of: &dyn Fn(usize) -> bool) -> Loads {
    loads.iter().copied().filter(|&(e, _)| of(e)).collect()
}

fn bits(loads: &[(usize, f64)]) -> Vec<(usize, u64)> {
    loads.iter().map(|&(e, a)| (e, a.to_bits())).collect()
}

/// `Σ_a Σ_b μ_a μ_b f(a, b)` over the products of one model; the last argument says whether they are the same one.
fn pairs(products: &[&Product], f: impl Fn(&Product, &Product, bool) -> Option<f64>) -> Option<f64> {
    let mut sum = 0.0;
    for (i, a) in products.iter().enumerate() {
        for (j, b) in products.iter().enumerate().skip(i) {
            let twice = if i == j { 1.0 } else { 2.0 };
            sum += twice * a.mean_t * b.mean_t * f(a, b, i == j)?;
        }
    }
    Some(sum)
}

/// ρ of own parts between two products of the same model. Of the two parts of a model with a shared effect on PUE − 1
/// only one has that factor, so that it does not connect them.
fn own_ratio(a: &Product, same: bool, of: &dyn Fn(Slot) -> bool) -> Option<f64> {
    let mut ratio = 1.0;
    for slot in Slot::ALL {
        if of(slot) && (same || slot != Slot::Pue) {
            ratio *= a.own[slot as usize][0]?;
        }
    }
    Some(ratio)
}

/// `E[e^{(a+b)z}] / (E[e^{az}] E[e^{bz}])`: ρ of one shared effect, each pair of loadings worked out once.
#[derive(Default)]
struct Rho {
    known: RefCell<HashMap<(u64, u64), f64>>,
}

impl Rho {
    /// The product of ρ over the effects in both lists.
    fn of(&self, a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
        let (mut i, mut j, mut product) = (0, 0, 1.0);
        while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
            if e == f {
                product *= self.one(x, y);
            }
            i += usize::from(e <= f);
            j += usize::from(f <= e);
        }
        product
    }

    fn one(&self, a: f64, b: f64) -> f64 {
        let rho = || lognormal_engine_moment(a + b) / (lognormal_engine_moment(a) * lognormal_engine_moment(b));
        *self.known.borrow_mut().entry((a.to_bits(), b.to_bits())).or_insert_with(rho)
    }
}
