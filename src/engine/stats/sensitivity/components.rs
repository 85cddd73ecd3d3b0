//! A variance decomposed by sets of groups, and every index that is a sum of its parts.
//!
//! With independent groups of inputs the variance is V = Σ V_s over the non-empty sets s of groups (Hoeffding's
//! decomposition; I. M. Sobol', Math. Comput. Simul. 55 (2001) 271–280, doi:10.1016/S0378-4754(00)00270-6). A set is
//! a bit mask: bit g stands for group g. The same type holds estimates and closed forms, so that both go through the
//! same sums.
//!
//! Shapley effects: A. B. Owen, SIAM/ASA J. Uncertain. Quantif. 2 (2014) 245–251, doi:10.1137/130936233: each V_s is
//! divided equally among the groups of s.

use serde::Serialize;

/// V_s by set; `V_∅` is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    groups: usize,
    parts: Vec<f64>,
}

/// Indices of all groups and sets, as shares of the variance. `T` is `f64` for exact ones, [`super::Index`] for
/// estimates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shares<T> {
    /// By group: the part of the variance owed to the group alone.
    pub first_order: Vec<T>,
    /// By group: the part in which it is involved.
    pub total: Vec<T>,
    /// By group; they sum to 1.
    pub shapley: Vec<T>,
    /// By set (bit mask): V_s/V; they sum to 1. A set of one group has its first-order index.
    pub interactions: Vec<T>,
    /// By set: the part of the variance owed to its groups together, Σ V_t over t ⊆ s.
    pub closed: Vec<T>,
}

impl Components {
    /// `part` gives V_s for each of the 2^groups − 1 non-empty sets.
    pub fn new(groups: usize, part: impl Fn(usize) -> f64) -> Components {
        let parts = (0..1 << groups).map(|set| if set == 0 { 0.0 } else { part(set) }).collect();
        Components { groups, parts }
    }

    /// The whole variance.
    pub fn variance(&self) -> f64 {
        self.parts.iter().sum()
    }

    /// `None` where there is no variance.
    pub fn shares(&self) -> Option<Shares<f64>> {
        let variance = self.variance();
        if !(variance > 0.0 && variance.is_finite()) {
            return None;
        }
        let sets = || (1..self.parts.len()).map(|set| (set, self.parts[set]));
        let of = |group: usize| sets().filter(move |(set, _)| set >> group & 1 == 1);
        let by_group = |f: &dyn Fn(usize) -> f64| (0..self.groups).map(|group| f(group) / variance).collect();
        let mut closed = self.parts.clone();
        for group in 0..self.groups {
            for set in (0..closed.len()).filter(|set| set >> group & 1 == 1) {
                closed[set] += closed[set ^ 1 << group];
            }
        }
        Some(Shares {
            first_order: by_group(&|group| self.parts[1 << group]),
            total: by_group(&|group| of(group).map(|(_, v)| v).sum()),
            shapley: by_group(&|group| of(group).map(|(set, v)| v / f64::from(set.count_ones())).sum()),
            interactions: self.parts.iter().map(|v| v / variance).collect(),
            closed: closed.iter().map(|v| v / variance).collect(),
        })
    }
}

impl<T> Shares<T> {
    /// All indices one after another, in the order of the fields.
    pub(super) fn flat(self) -> Vec<T> {
        [self.first_order, self.total, self.shapley, self.interactions, self.closed].into_iter().flatten().collect()
    }

    /// The inverse of `flat`; what is missing stays empty.
    pub(super) fn from_flat(groups: usize, flat: Vec<T>) -> Shares<T> {
        let mut rest = flat.into_iter();
        let mut take = |n: usize| rest.by_ref().take(n).collect();
        Shares {
            first_order: take(groups),
            total: take(groups),
            shapley: take(groups),
            interactions: take(1 << groups),
            closed: take(1 << groups),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_groups_by_hand() {
        // V_1 = 4, V_2 = 3, V_13 = 2, V_123 = 1 of 10.
        let v = [0.0, 4.0, 3.0, 0.0, 0.0, 2.0, 0.0, 1.0];
        let shares = Components::new(3, |set| v[set]).shares().unwrap();
        let near = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
        assert!(near(&shares.first_order, &[0.4, 0.3, 0.0]));
        assert!(near(&shares.total, &[0.7, 0.4, 0.3]));
        assert!(near(&shares.shapley, &[0.4 + 0.1 + 0.1 / 3.0, 0.3 + 0.1 / 3.0, 0.1 + 0.1 / 3.0]));
        assert!(near(&shares.closed, &[0.0, 0.4, 0.3, 0.7, 0.0, 0.6, 0.3, 1.0]));
        assert!(!near(&shares.total, &shares.first_order));
        let again = Shares::from_flat(3, shares.clone().flat());
        assert_eq!(shares, again);
    }

    #[test]
    fn no_variance() {
        assert_eq!(Components::new(2, |_| 0.0).shares(), None);
        assert_eq!(Components::new(2, |_| f64::NAN).shares(), None);
    }
}
