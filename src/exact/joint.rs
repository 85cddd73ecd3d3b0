//! A factor that a shared part does not simply multiply: below a bound ([`Below`]), or by rank ([`Rank`]).
//!
//! Its mean given the shared effects is a function of one normal w = Σ λ z, of variance 1 (below a bound) or less (by
//! rank, where the own normal makes up the rest). The other factors of its product multiply by exp(Σ m z): where they
//! load on the same effects, the function is shifted by Σ λ m (`hermite`), for a pair of products by what both load.
//!
//! Effects that are connected by such factors are a component. A product has at most one such factor in each component
//! ([`components`]), so that in a pair of products the factors of one component meet, and all else is independent.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::below::Below;
use super::closed::Loads;
use super::hermite::Series;
use super::rank::Rank;
use crate::assess::Slot;

/// One such factor of a product.
#[derive(Debug, Clone)]
pub struct Joint {
    /// Whose own part it has.
    pub slot: Slot,
    /// λ. Sorted by effect.
    pub loads: Loads,
    /// The function of w, shifted by the product's own loads, over its mean.
    pub series: Series,
    /// Its mean, shifted likewise.
    pub mean: f64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Below(Arc<Below>),
    /// `raised`: the mean for the shift by the product's own loads over that without it.
    Rank {
        of: Arc<Rank>,
        shift: f64,
        raised: f64,
    },
}

/// A correlation from here on is 1.
const ONE: f64 = 1.0 - 1e-12;
/// What may be left of a mean square beyond the series.
const LARGEST_REST: f64 = 1e-4;

impl Joint {
    /// Below a bound. `loads` have a sum of squares of 1; `scale` is the median to the factor's power.
    pub fn below(slot: Slot, loads: Loads, of: Arc<Below>, scale: f64) -> Joint {
        let (series, mean) = (of.series.clone().trimmed(), scale * of.mean);
        Joint { slot, loads, series, mean, kind: Kind::Below(of) }
    }

    /// By rank. `loads` have a sum of squares up to 1; `mean` is the factor's own. The product loads so much more on the
    /// same effects that the normal has the mean `shift`.
    pub fn rank(slot: Slot, loads: Loads, of: Arc<Rank>, mean: f64, shift: f64) -> Joint {
        let shifted = of.first.shifted(shift);
        let raised = shifted.mean();
        let series = shifted.times(1.0 / raised);
        Joint { slot, loads, series, mean: mean * raised, kind: Kind::Rank { of, shift, raised } }
    }

    /// The same by other numbers of the effects.
    pub fn on(&self, loads: Loads) -> Joint {
        Joint { loads, ..self.clone() }
    }

    /// Whether the two have something in common: the own part, or effects.
    pub fn meets(&self, other: &Joint) -> bool {
        let has = |(e, _): &(usize, f64)| other.loads.iter().any(|(f, _)| f == e);
        self.slot == other.slot || self.loads.iter().any(has)
    }

    /// Whether the series says next to all of the mean given the shared effects.
    pub fn is_resolved(&self) -> bool {
        match &self.kind {
            Kind::Below(of) => of.is_smooth() && of.rest <= LARGEST_REST * self.series.squares(),
            Kind::Rank { .. } => {
                let rest = self.rest().unwrap_or(0.0);
                Rank::beyond(rest, dot(&self.loads, &self.loads)) <= LARGEST_REST * self.series.squares()
            }
        }
    }

    /// Σ a_k² beyond the series.
    fn rest(&self) -> Option<f64> {
        Some(match &self.kind {
            Kind::Below(of) => of.rest,
            Kind::Rank { of, shift, raised } => {
                (of.second(*shift)? / (raised * raised) - self.series.squares()).max(0.0)
            }
        })
    }

    /// `E[F G] / (E F · E G)` for this factor in two products of one model, which load on the effects that are known
    /// by so much more each (`shifts`). `known` is the part of λ² that is known; the own part is known too.
    pub fn with_itself(&self, other: &Joint, shifts: [f64; 2], known: f64) -> Option<f64> {
        let other_series = &other.series;
        match (&self.kind, &other.kind) {
            (Kind::Below(x), Kind::Below(y)) if known >= ONE => {
                Some(x.moment(2, x.shift() + shifts[0]) / (x.mean * y.mean))
            }
            (Kind::Below(x), Kind::Below(y)) => {
                let at = |((weight, f), (_, g)): (&(f64, Series), &(f64, Series))| {
                    weight * f.shifted(shifts[0]).with(&g.shifted(shifts[1]), known)
                };
                Some(x.own().iter().zip(y.own()).map(at).sum())
            }
            (Kind::Rank { of, shift, raised }, Kind::Rank { raised: other, .. }) => {
                let rho = known + 1.0 - dot(&self.loads, &self.loads);
                if rho >= ONE {
                    return Some(of.second(shift + shifts[0])? / (raised * other));
                }
                let (a, b) = (self.series.shifted(shifts[0]), other_series.shifted(shifts[1]));
                Some(a.with(&b, rho) + Rank::beyond(self.rest()?, rho))
            }
            // One slot acts in one way in all products of a model.
            _ => None,
        }
    }

    /// Works out ahead what is needed where only a part of the shared effects is known.
    pub fn prepare(&self) {
        if let Kind::Below(of) = &self.kind {
            of.own();
        }
    }

    /// What a bounded factor would load without its bound.
    pub fn unbounded(&self) -> Option<Loads> {
        let Kind::Below(of) = &self.kind else { return None };
        let size = of.shape().tau * f64::from(of.shape().power);
        Some(self.loads.iter().map(|&(e, x)| (e, x * size)).collect())
    }

    /// `E[F^k] / E[F]^k` over own and shared parts, for k = 2, 3, 4. What the rest of its product loads on the same
    /// effects is taken to act k times.
    pub fn moment(&self, k: i32) -> Option<f64> {
        match &self.kind {
            Kind::Below(of) => Some(of.moment(k, f64::from(k) * of.shift()) / libm::pow(of.mean, f64::from(k))),
            Kind::Rank { of, .. } => of.moments[usize::try_from(k - 2).ok()?],
        }
    }
}

/// Σ of products over the effects in both lists.
pub fn dot(a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
        if e == f {
            sum += x * y;
        }
        i += usize::from(e <= f);
        j += usize::from(f <= e);
    }
    sum
}

/// Effect → the smallest number of an effect that such factors, with these loads, connect it with.
pub fn components<'a>(joint: impl Iterator<Item = &'a Loads>) -> BTreeMap<usize, usize> {
    let mut parent: BTreeMap<usize, usize> = BTreeMap::new();
    fn root(parent: &BTreeMap<usize, usize>, mut e: usize) -> usize {
        while let Some(&up) = parent.get(&e).filter(|up| **up != e) {
            e = up;
        }
        e
    }
    for loads in joint {
        let mut first = None;
        for &(e, _) in loads {
            parent.entry(e).or_insert(e);
            let here = root(&parent, e);
            let least = here.min(*first.get_or_insert(here));
            let other = root(&parent, first.unwrap_or(here));
            parent.insert(here, least);
            parent.insert(other, least);
            first = Some(least);
        }
    }
    parent.keys().map(|&e| (e, root(&parent, e))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::below::Shape;
    use super::*;
    use crate::portfolio::Distribution;
    use crate::portfolio::moments::engine_moments;

    fn bounded(name: &str, shift: f64) -> Joint {
        // As in tests/reference/joint.py.
        let (sigma, tau, t, power) = match name {
            "even" => (0.8, 0.8, 1.0, 1),
            "narrow" => (0.3, 0.9, 0.5, 1),
            "wide" => (1.5, 0.4, 2.0, 1),
            "far" => (0.6, 0.5, 6.0, 1),
            "low" => (0.7, 1.0, 0.0, 1),
            _ => (0.8, 0.8, 1.0, -1),
        };
        Joint::below(Slot::Compute, vec![(0, 1.0)], Arc::new(Below::new(Shape { sigma, tau, t, power, shift })), 1.0)
    }

    fn by_rank(p: f64, r: f64, a: f64) -> Joint {
        let d = Distribution::Mixture(vec![(p, Distribution::Fixed(1.0)), (1.0 - p, Distribution::Fixed(r))]);
        let m = engine_moments(&d, [1, 2, 3, 4]).map(Option::unwrap);
        let relative = [2, 3, 4].map(|k: i32| Some(m[k as usize - 1] / m[0].powi(k)));
        Joint::rank(Slot::Lineage, vec![(0, a)], Arc::new(Rank::new(&d, 1, relative)), m[0], 0.0)
    }

    /// Rows of tests/reference/joint.csv (SciPy: tests/reference/joint.py): kind, names, numbers.
    fn reference() -> Vec<(String, [String; 2], [f64; 4])> {
        let rows = include_str!("../../tests/reference/joint.csv").lines().skip(1);
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            let numbers = std::array::from_fn(|k| cells[k + 3].parse().unwrap());
            (cells[0].to_string(), [cells[1].to_string(), cells[2].to_string()], numbers)
        };
        rows.map(row).collect()
    }

    #[test]
    fn pairs_and_single_factors_have_their_reference_values() {
        let (mut pairs, mut own) = (0, 0);
        for (kind, [a, b], [is_own, rho, shift, want]) in reference() {
            if kind != "below" {
                continue;
            }
            let got = |extra: f64, rho: f64| {
                let (x, y) = (bounded(&a, shift), bounded(&b, shift));
                let means = x.mean * y.mean;
                let relative = match is_own > 0.0 {
                    true => x.with_itself(&y, [extra, extra], rho).unwrap(),
                    false => x.series.shifted(extra).with(&y.series.shifted(extra), rho),
                };
                relative * means
            };
            assert!((got(0.0, rho) / want - 1.0).abs() < 1e-9, "{a} {b} {rho}: {} {want}", got(0.0, rho));
            // Negative controls: another correlation, another shift.
            if a != "far" {
                let other = if rho < 1.0 { rho + 0.05 } else { 0.95 };
                assert!((got(0.0, other) / want - 1.0).abs() > 1e-4, "{a} {b} {rho}");
            }
            assert!((got(0.1, rho) / want - 1.0).abs() > 1e-3, "{a} {b} {rho}");
            // A shift of a pair is that of the factors themselves.
            if shift == 0.0 {
                let (x, y) = (bounded(&a, 0.1), bounded(&b, 0.1));
                let moved = match is_own > 0.0 {
                    true => x.with_itself(&y, [0.0, 0.0], rho).unwrap(),
                    false => x.series.with(&y.series, rho),
                };
                assert!((got(0.1, rho) / (moved * x.mean * y.mean) - 1.0).abs() < 1e-9, "{a} {b} {rho}");
            }
            pairs += usize::from(is_own == 0.0);
            own += usize::from(is_own > 0.0);
        }
        assert_eq!((pairs, own), (16, 19));
    }

    #[test]
    fn what_a_bounded_series_leaves_is_next_to_nothing() {
        for name in ["even", "narrow", "wide", "far", "low", "divided"] {
            let joint = bounded(name, 0.0);
            let rest = joint.rest().unwrap();
            println!("{name}: {} orders, {rest:.1e} left", joint.series.0.len());
            assert!(rest < 2e-8 && joint.is_resolved(), "{name}: {rest}");
        }
        // Negative control: an own part that is a fiftieth of the shared one makes f bend sharply.
        let sharp = Shape { sigma: 0.02, tau: 1.0, t: 10.0, power: 1, shift: 0.0 };
        let joint = Joint::below(Slot::Compute, vec![(0, 1.0)], Arc::new(Below::new(sharp)), 1.0);
        assert!(joint.rest().unwrap() > 1e-6, "{:?}", joint.rest());
    }

    #[test]
    fn ranks_follow_the_bivariate_normal_distribution() {
        let mut rows = 0;
        for (kind, [p, r], [_, rho, _, want]) in reference() {
            if kind != "rank" {
                continue;
            }
            rows += 1;
            let (p, r) = (p.parse().unwrap(), r.parse().unwrap());
            let (x, y) = (by_rank(p, r, 1.0), by_rank(p, r, 0.5));
            // Two models: the rest of the series counts at most to the stated bound.
            let bound = x.rest().unwrap() * rho.powi(129);
            let got = x.series.with(&y.series, rho);
            assert!((got - want).abs() < 1e-9 + bound, "{p} {rho}: {got} {want}");
            // One model whose own part is known and ρ − (1 − a²) of the shared one: with what lies beyond, next to exact.
            let own = by_rank(p, r, 0.999f64.sqrt());
            let got = own.with_itself(&own, [0.0, 0.0], rho - 0.001).unwrap();
            assert!((got - want).abs() < 2e-4 * (want - 1.0) + 1e-9, "{p} {rho}: {got} {want}");
            assert!((got - 1.0 - 1.05 * (want - 1.0)).abs() > 1e-3 * (want - 1.0), "negative control");
        }
        assert_eq!(rows, 10);
    }

    #[test]
    fn effects_are_connected_by_factors() {
        let of = |loads: &[usize]| bounded("even", 0.0).on(loads.iter().map(|&e| (e, 0.5)).collect());
        let joint = [of(&[3, 7]), of(&[9]), of(&[2, 7]), of(&[4, 11]), of(&[9, 11])];
        let found = components(joint.iter().map(|j| &j.loads));
        let expected = [(2, 2), (3, 2), (4, 4), (7, 2), (9, 4), (11, 4)];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}
