//! Variance that a set of inputs explains: V_u = Var E[Y | X_u] of the total's emissions, exactly, for any set u.
//!
//! The total is Y = Σ_p Y_p, each Y_p a product of independent factors, some shared between models, so that
//!
//! ```text
//! V_u = Σ_p Σ_q μ_p μ_q ( Π_{f ∈ u, in both} ρ_f(p, q) − 1 ),   ρ_f = E[g_p g_q] / (E g_p · E g_q)
//! ```
//!
//! Two products of different models have only shared effects in common. So V_u is the part of the shared effects in u
//! alone (`Field`), plus a part for each model that only its own products enter: own parts add up over models, and
//! interact with shared effects only. Moments are those of the engine's normals, except of bounded factors.
//!
//! Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6, for V_u and the indices made of it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::field::by_factor::{self, Factors};
use super::field::{Classes, Field, among};
use super::joint::{components, dot};
use super::rho::rho;
use super::terms::Product;
use crate::assess::{SharedEffect, Slot};

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
    /// Of the effects on bounded and rank factors.
    components: BTreeMap<usize, usize>,
    /// The products by their loads, once they are asked for.
    classes: OnceLock<Classes>,
}

impl<'a> Closed<'a> {
    /// `products` sorted by model.
    pub fn new(effects: &'a [SharedEffect], products: impl IntoIterator<Item = &'a Product>) -> Closed<'a> {
        let products: Vec<&Product> = products.into_iter().collect();
        let components = components(products.iter().flat_map(|p| &p.joint).map(|j| &j.loads));
        Closed { effects, products, components, classes: OnceLock::new() }
    }

    /// The products of each model.
    pub fn models(&self) -> impl Iterator<Item = &[&'a Product]> {
        self.products.chunk_by(|a, b| a.model == b.model)
    }

    /// V_u in t²; `None` where it is infinite.
    pub fn variance(&self, of: Inputs<'_>) -> Option<f64> {
        let mut own = 0.0;
        for products in self.models() {
            own += own_of(products, of)?;
        }
        Some(self.field(of.shared).variance() + own)
    }

    /// V_u of every set of factors, by its bits: `of_effect` and `of_slot` give the number of a factor, below `count`. `None`
    /// where one is infinite; `Some(None)` where a bounded or rank factor depends on effects of several factors, so that the
    /// sets have to be looked at one by one.
    pub fn variances(
        &self,
        of_effect: &dyn Fn(&SharedEffect) -> Option<usize>,
        of_slot: &dyn Fn(Slot) -> Option<usize>,
        count: usize,
    ) -> Option<Option<Vec<f64>>> {
        let of: Vec<Option<usize>> = self.effects.iter().map(of_effect).collect();
        let factors = Factors { of: &of, count };
        if count > by_factor::MOST || !self.products.iter().all(|p| is_apart(p, factors, of_slot)) {
            return Some(None);
        }
        let mut sums = self.field(&|_| true).variances(factors);
        for products in self.models() {
            let own = own_of_sets(products, factors, of_slot)?;
            sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        Some(Some(sums))
    }

    /// V_u of a set that holds other slots of each model: `own` is asked for the index of a model and a slot.
    pub fn variance_by_model(&self, shared: &dyn Fn(usize) -> bool, own: &dyn Fn(usize, Slot) -> bool) -> Option<f64> {
        let mut sum = 0.0;
        for products in self.models() {
            let Some(model) = products.first().map(|p| p.model) else { continue };
            sum += own_of(products, Inputs { shared, own: &|slot| own(model, slot) })?;
        }
        Some(self.field(shared).variance() + sum)
    }

    /// Π ρ of two products over all shared effects.
    pub fn shared_rho(&self, a: &Product, b: &Product) -> f64 {
        let joint = Together::new(a, b, [&a.loads, &b.loads], Inputs::SHARED).map_or(1.0, |joint| joint.shared);
        rho(&a.loads, &b.loads) * joint
    }

    /// Variance of the total with every shared effect drawn separately for each model.
    pub fn independent_variance(&self) -> Option<f64> {
        let mut variance = 0.0;
        for products in self.models() {
            variance += model_variance(products)?;
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
            for effect in p.effects() {
                exposed.entry(effect).or_default().push(p);
            }
        }
        exposed
    }

    /// The products by their loads on the effects that `of` lets through.
    pub fn field(&self, of: &dyn Fn(usize) -> bool) -> Field<'_> {
        let classes = self.classes.get_or_init(|| Classes::all(&self.products));
        Field::new(self.effects, &self.components, classes.iter(), of)
    }
}

/// What one model's products add to V_u in addition to the shared effects. For all inputs it is the variance that
/// would remain if everything but the model's own parts were known.
pub fn own_of(products: &[&Product], of: Inputs<'_>) -> Option<f64> {
    pairs(products, |a, b, same| {
        let (x, y) = (among(&a.loads, of.shared), among(&b.loads, of.shared));
        let joint = Together::new(a, b, [&x, &y], of)?;
        let ratio = own_ratio(a, same, of.own)?;
        Some(rho(&x, &y) * (joint.shared * (ratio - 1.0) + ratio * (joint.whole - joint.shared)))
    })
}

/// Variance of one model's emissions, all of its products together, in t².
pub fn model_variance(products: &[&Product]) -> Option<f64> {
    pairs(products, |a, b, same| {
        let joint = Together::new(a, b, [&a.loads, &b.loads], Inputs::ALL)?.whole;
        Some(rho(&a.loads, &b.loads) * own_ratio(a, same, &|_| true)? * joint - 1.0)
    })
}

/// Whether each bounded or rank factor of a product depends on effects of its own factor only.
pub fn is_apart(product: &Product, factors: Factors<'_>, of_slot: &dyn Fn(Slot) -> Option<usize>) -> bool {
    product.joint.iter().all(|j| j.loads.iter().all(|&(e, _)| factors.of(e) == of_slot(j.slot)))
}

/// [`own_of`] every set of factors, by its bits, where the factors are apart ([`is_apart`]).
pub fn own_of_sets(
    products: &[&Product],
    factors: Factors<'_>,
    of_slot: &dyn Fn(Slot) -> Option<usize>,
) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; 1 << factors.count];
    for (i, a) in products.iter().enumerate() {
        for (j, b) in products.iter().enumerate().skip(i) {
            let (mut shared, mut whole) = ([1.0; by_factor::MOST], [1.0; by_factor::MOST]);
            for f in 0..factors.count {
                let inputs = Inputs { shared: &|e| factors.of(e) == Some(f), own: &|slot| of_slot(slot) == Some(f) };
                let (x, y) = (among(&a.loads, inputs.shared), among(&b.loads, inputs.shared));
                let joint = Together::new(a, b, [&x, &y], inputs)?;
                let rho = rho(&x, &y);
                (shared[f], whole[f]) = (rho * joint.shared, rho * own_ratio(a, i == j, inputs.own)? * joint.whole);
            }
            let means = if i == j { 1.0 } else { 2.0 } * a.mean_t * b.mean_t;
            let both = factors.sets(&whole).into_iter().zip(factors.sets(&shared));
            sums.iter_mut().zip(both).for_each(|(sum, (whole, shared))| *sum += means * (whole - shared));
        }
    }
    Some(sums)
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

/// `E[Π F · Π G] / (Π E F · Π E G)` over the bounded and rank factors of two products of one model.
struct Together {
    /// Where only shared effects are known.
    shared: f64,
    /// Where own parts are known too.
    whole: f64,
}

impl Together {
    /// `loads`: what multiplies either product, by the effects that are known.
    fn new(a: &Product, b: &Product, loads: [&Loads; 2], of: Inputs<'_>) -> Option<Together> {
        let mut together = Together { shared: 1.0, whole: 1.0 };
        for f in &a.joint {
            let shift = dot(&f.loads, loads[1]);
            let Some(g) = b.joint.iter().find(|g| f.meets(g)) else {
                let mean = f.series.shifted(shift).mean();
                together.shared *= mean;
                together.whole *= mean;
                continue;
            };
            let shifts = [shift, dot(&g.loads, loads[0])];
            let known = dot(&among(&f.loads, of.shared), &g.loads);
            let shared = f.series.shifted(shifts[0]).with(&g.series.shifted(shifts[1]), known);
            together.shared *= shared;
            let is_known = f.slot == g.slot && (of.own)(f.slot);
            together.whole *= if is_known { f.with_itself(g, shifts, known)? } else { shared };
        }
        for g in b.joint.iter().filter(|g| !a.joint.iter().any(|f| f.meets(g))) {
            let mean = g.series.shifted(dot(&g.loads, loads[0])).mean();
            together.shared *= mean;
            together.whole *= mean;
        }
        Some(together)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::exact::oracle::{factors, of_factors};
    use crate::exact::terms::{Known, products};
    use crate::portfolio::{Factor, Portfolio};

    /// Every set of factors by itself, which the walk over all sets at once must repeat.
    #[test]
    fn all_sets_at_once_are_the_sets_one_by_one() {
        let mut portfolio = Portfolio::read("fixtures/open_weights.csv").unwrap();
        portfolio.models.retain(|m| m.id.len() % 5 == 0);
        let assessment = assess(&portfolio).unwrap();
        let products = products(&assessment, &mut Known::default()).unwrap();
        assert!(products.iter().any(|p| !p.joint.is_empty()) && products.len() > 100);
        let closed = Closed::new(&assessment.shared, &products);
        let factors = factors(&assessment);
        let number = |factor: Factor| factors.iter().position(|f| *f == factor);
        let all = closed.variances(&|e| number(e.factor), &|slot| number(slot.factor()), factors.len());
        let all = all.unwrap().expect("effects of one factor each");
        let whole = all[all.len() - 1];
        for (set, got) in all.iter().enumerate() {
            let has = |factor: Factor| number(factor).is_some_and(|k| set >> k & 1 == 1);
            let want = of_factors(&closed, &assessment, &has).unwrap();
            assert!((got - want).abs() < 1e-10 * whole, "{set}: {got} {want}");
        }
        assert!((all[1] - all[2]).abs() > 1e-3 * whole, "negative control");
        let closed_sets =
            closed.variances(&|e| number(e.factor).map(|k| k ^ 1), &|s| number(s.factor()), factors.len());
        assert!(closed_sets.unwrap().is_none(), "effects of another factor than the bounded one");
    }
}
