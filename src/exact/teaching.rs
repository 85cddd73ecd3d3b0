//! What a published figure teaches about other models, as part of the value of its disclosure.
//!
//! A figure is one more observation of shared effects ([`crate::assess::Taught`]). All that it says of them is in one
//! standard normal t; effects have the correlations β with it. Of a product exp(L·z) f(λ·z) of other models with the mean μ,
//! f in the form of [`super::joint`] (its product's own loads already shift it), t leaves the mean
//!
//! ```text
//! E[Y | t] = μ g(t),    g(t) = exp(ρt − ρ²/2) · (T_r f)(t − ρ),    ρ = β·L,  r = β·λ,  T_r f = Σ a_k r^k h_k
//! ```
//!
//! Model m itself is c · W with c ∝ exp(kt − k²/2) as far as t goes, W with the loads L_W and q = β·L_W. In addition to the
//! value without teaching, μ_m² (ρ_c − 1) + 2 Σ μ_m μ_j (ρ(m, j) − ρ_W(m, j)), the expected variance falls by
//!
//! ```text
//! Var_t(Σ_j μ_j g_j) + 2 μ_m Σ_j μ_j ( E e^{(k+q)t − (k+q)²/2} g_j − 1 − ρ_W(m, j) (E e^{kt − k²/2} g_j − 1) )
//!                    + μ_m² ρ_c (e^{q²} − 1)                                                             j ≠ m
//! ```
//!
//! In lognormals the first sum is Σ_j Σ_k μ_j μ_k (e^{ρ_jρ_k} − 1). If all that c replaces is learned, all three and the
//! value without teaching are Var E[Y | t] over all pairs, as they have to be: with ρ_m = k + q, ρ(m, j) = e^{kρ_j} ρ_W(m, j)
//! and ρ_c e^{q²} = e^{ρ_m²}. The second is small: it corrects what m itself has in common with the others for what is
//! learned of that. In it, bounded factors have the loads of their logarithm in ρ_W.
//!
//! Expectations are sums over equidistant t ([`NODES`]), exact to rounding for these functions. The cost is linear in the
//! products that load on an effect the figure informs.

use std::collections::BTreeSet;

use super::closed::{Closed, Loads};
use super::hermite::polynomials;
use super::joint::dot;
use super::terms::Product;
use crate::engine::stats::normal::density;

/// Points from −10 to 10.
const NODES: usize = 81;
const STEP: f64 = 0.25;

type Curve = [f64; NODES];

/// What a figure of one model would teach, by the numbers that the effects have.
pub struct Teaching {
    /// β, sorted by effect.
    pub correlations: Loads,
    /// k.
    pub gain: f64,
}

fn t(node: usize) -> f64 {
    (node as f64) * STEP - 10.0
}

/// E of a function times exp(xt − x²/2).
fn tilted(curve: &Curve, x: f64) -> f64 {
    // The density about x.
    curve.iter().enumerate().map(|(i, y)| density(t(i) - x) * STEP * y).sum()
}

/// Products by the effects that they load on.
pub struct Others<'a> {
    products: Vec<&'a Product>,
    by_effect: Vec<Vec<usize>>,
}

impl<'a> Others<'a> {
    /// Of all models.
    pub fn of(closed: &Closed<'a>) -> Others<'a> {
        let products: Vec<&Product> = closed.models().flatten().copied().collect();
        let mut by_effect: Vec<Vec<usize>> = Vec::new();
        for (place, product) in products.iter().enumerate() {
            for effect in product.effects() {
                if by_effect.len() <= effect {
                    by_effect.resize(effect + 1, Vec::new());
                }
                by_effect[effect].push(place);
            }
        }
        Others { products, by_effect }
    }

    /// Products of other models that load on one of these effects.
    fn exposed(&self, effects: &Loads, model: usize) -> Vec<&'a Product> {
        let of = |(effect, _): &(usize, f64)| self.by_effect.get(*effect).map_or(&[][..], Vec::as_slice);
        let lists: Vec<&[usize]> = effects.iter().map(of).collect();
        let most = lists.iter().map(|list| list.len()).sum::<usize>();
        let places: Vec<usize> = if most > self.products.len() {
            (0..self.products.len()).collect()
        } else {
            lists.concat().into_iter().collect::<BTreeSet<usize>>().into_iter().collect()
        };
        places.into_iter().map(|place| self.products[place]).filter(|p| p.model != model).collect()
    }

    /// By how much more the expected variance falls than without teaching, in t². `before` and `after` are the products of
    /// the model, `published` its ρ_c.
    pub fn value(&self, teaching: &Teaching, before: &[&Product], after: &[&Product], published: f64) -> f64 {
        let Some(model) = before.first().map(|p| p.model) else { return 0.0 };
        let Teaching { correlations, gain } = teaching;
        let mut sum = [0.0; NODES];
        let mut in_common: Vec<Curve> = vec![[0.0; NODES]; after.len()];
        for product in self.exposed(correlations, model) {
            let Some(curve) = moved(product, correlations) else { continue };
            // Bounded factors with the loads of their logarithm.
            let unbounded: Vec<Loads> = product.joint.iter().filter_map(|joint| joint.unbounded()).collect();
            for (w, common) in after.iter().zip(&mut in_common) {
                let loads = std::iter::once(&product.loads).chain(&unbounded);
                let rho = libm::exp(loads.map(|loads| dot(&w.loads, loads)).sum());
                common.iter_mut().zip(&curve).for_each(|(c, y)| *c += rho * product.mean_t * y);
            }
            sum.iter_mut().zip(&curve).for_each(|(s, y)| *s += product.mean_t * y);
        }
        let mean = tilted(&sum, 0.0);
        let among_others = tilted(&sum.map(|y| (y - mean) * (y - mean)), 0.0);
        let (mut with_others, mut itself) = (0.0, 0.0);
        let left = |w: &Product| dot(&w.loads, correlations);
        for (w, common) in after.iter().zip(&in_common) {
            with_others += w.mean_t * (tilted(&sum, gain + left(w)) - tilted(common, *gain));
            for other in after {
                itself += w.mean_t * other.mean_t * libm::expm1(left(w) * left(other));
            }
        }
        among_others + 2.0 * with_others + published * itself
    }
}

/// g − 1 by node; `None` where t says nothing of it.
fn moved(product: &Product, correlations: &Loads) -> Option<Curve> {
    let rho = dot(&product.loads, correlations);
    let mut curve = [1.0; NODES];
    let mut moves = rho != 0.0;
    for joint in &product.joint {
        let r = dot(&joint.loads, correlations);
        if r == 0.0 {
            continue;
        }
        moves = true;
        let series = joint.series.given(r);
        for (i, y) in curve.iter_mut().enumerate() {
            let mut f = 0.0;
            polynomials(t(i) - rho, series.0.len() - 1, |k, h| f += series.0[k] * h);
            *y *= f;
        }
    }
    for (i, y) in curve.iter_mut().enumerate() {
        *y = *y * libm::exp(rho * (t(i) - rho / 2.0)) - 1.0;
    }
    moves.then_some(curve)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::below::{Below, Shape};
    use super::super::joint::Joint;
    use super::*;
    use crate::assess::{SLOTS, Slot};

    fn product(model: usize, mean_t: f64, loads: &[(usize, f64)]) -> Product {
        Product { model, mean_t, loads: loads.to_vec(), own: [[Some(1.0); 3]; SLOTS], joint: vec![] }
    }

    /// t = (0.3 z₀ + 0.4 z₁ + e)/1, and m = c · W with ln c = 0.9 t: all that c has in common with others is learned.
    #[test]
    fn with_the_value_without_teaching_it_is_the_variance_of_the_mean_given_the_figure() {
        let correlations = vec![(0, 0.3), (1, 0.4)];
        let gain = 0.9;
        let w = product(0, 2.0, &[(0, 0.2), (1, -0.5), (2, 0.3)]);
        // The loads of c are added where it is not known.
        let m = product(0, 2.0, &[(0, 0.2 + 0.9 * 0.3), (1, -0.5 + 0.9 * 0.4), (2, 0.3)]);
        let others = [
            product(1, 1.0, &[(0, 0.8), (2, 0.4)]),
            product(1, 0.5, &[(0, 0.8), (1, 0.3), (2, 0.4)]),
            product(2, 3.0, &[(1, -0.7)]),
            product(3, 4.0, &[(2, 1.0)]),
        ];
        let q = dot(&w.loads, &correlations);
        let rho = |p: &Product| if p.model == 0 { gain + q } else { dot(&p.loads, &correlations) };
        let all: Vec<&Product> = std::iter::once(&m).chain(&others).collect();
        let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (a, b)));
        let want: f64 = pairs.map(|(a, b)| a.mean_t * b.mean_t * libm::expm1(rho(a) * rho(b))).sum();
        // c has the second moment that leaves m its own.
        let published = libm::exp((gain + q) * (gain + q) - q * q);
        let in_common = |a: &Product, b: &Product| libm::exp(dot(&a.loads, &b.loads));
        let cross: f64 = others.iter().map(|p| p.mean_t * (in_common(&m, p) - in_common(&w, p))).sum();
        let old = 4.0 * (published - 1.0) + 2.0 * 2.0 * cross;
        let closed = Closed::new(&[], all.iter().copied());
        let value = |gain: f64| {
            let teaching = Teaching { correlations: correlations.clone(), gain };
            Others::of(&closed).value(&teaching, &[&m], &[&w], published)
        };
        assert!((old + value(gain) - want).abs() < 1e-10 * want, "{} {want}", old + value(gain));
        // Negative controls: nothing taught, and another gain.
        assert!((old - want).abs() > 0.05 * want && (old + value(0.8) - want).abs() > 1e-3 * want);
    }

    #[test]
    fn a_bounded_factor_moves_by_its_series() {
        let shape = Shape { sigma: 0.8, tau: 0.8, t: 1.0, power: 1, shift: 0.12 };
        let joint = Joint::below(Slot::Compute, vec![(0, 0.6), (1, 0.8)], Arc::new(Below::new(shape)), 1.0);
        let correlations = vec![(0, 0.5), (1, 0.3)];
        let r: f64 = 0.6 * 0.5 + 0.8 * 0.3;
        let mut bounded = product(1, 3.0, &[]);
        // By itself: Σ a_k² r^2k.
        bounded.joint = vec![joint.clone()];
        let m = product(0, 1.0, &[]);
        let value = |bounded: &Product| {
            let all = [&m, bounded];
            let teaching = Teaching { correlations: correlations.clone(), gain: 0.0 };
            Others::of(&Closed::new(&[], all)).value(&teaching, &[&m], &[&m], 1.0)
        };
        let series = &joint.series.0;
        let want: f64 = series.iter().enumerate().skip(1).map(|(k, a)| a * a * r.powi(2 * k as i32)).sum();
        assert!((value(&bounded) - 9.0 * want).abs() < 1e-9 * want, "{} {}", value(&bounded), 9.0 * want);
        // With another load: E[e^{2ρt − ρ²} F(t − ρ)²] − 1 = e^{ρ²} E[F(t + ρ)²] − 1, F = T_r f.
        bounded.loads = vec![(0, 0.4)];
        let rho: f64 = 0.4 * 0.5;
        let moved = joint.series.given(r).shifted(rho).into_owned();
        let want = 9.0 * (libm::exp(rho * rho) * moved.squares() - 1.0);
        assert!((value(&bounded) - want).abs() < 1e-9 * want, "{} {want}", value(&bounded));
        // Negative control: as if nothing bounded it.
        let lognormal = 9.0 * libm::expm1((rho + 0.8 * r) * (rho + 0.8 * r));
        assert!((value(&bounded) / lognormal - 1.0).abs() > 0.1, "{lognormal}");
    }
}
