//! What the shared effects of every set of factors explain, in one walk over the pairs of products.
//!
//! Effects of different factors are independent, so that ρ of a pair, over the effects of a set of factors, is the product of
//! its ρ by factor; a bounded or rank factor of the pair is known where its own factor is in the set, and else enters by its
//! mean. Each pair is therefore looked at once, and not once for every set. It takes effects that act, in a bounded or rank
//! factor, on one factor only.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{Field, Part, Tensor, dot};
use crate::portfolio::distribution::remembered::Remembered;

/// Functions that are remembered in one of as many places as there are walks.
const REMEMBERED: usize = 1 << 13;
/// Walks over the pairs, each its own sum: a number of its own, so that the result is the same on any number of threads.
const WALKS: usize = 16;
/// Factors at most: sets are bits.
pub const MOST: usize = 8;

/// The factors, by number, of effects.
#[derive(Clone, Copy)]
pub struct Factors<'f> {
    /// By effect; `None` for one of no factor that is looked at.
    pub of: &'f [Option<usize>],
    /// How many there are.
    pub count: usize,
}

impl Factors<'_> {
    /// The factor of an effect.
    pub fn of(&self, effect: usize) -> Option<usize> {
        self.of.get(effect).copied().flatten()
    }

    /// ρ of two lists of loads, by factor.
    fn rhos(&self, a: &[(usize, f64)], b: &[(usize, f64)]) -> [f64; MOST] {
        let (mut i, mut j, mut rhos) = (0, 0, [1.0; MOST]);
        while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
            if let Some(factor) = self.of(e).filter(|_| e == f) {
                rhos[factor] *= super::super::rho::one(x, y);
            }
            i += usize::from(e <= f);
            j += usize::from(f <= e);
        }
        rhos
    }

    /// The products of ρ over every set of factors.
    pub fn sets(&self, of: &[f64; MOST]) -> Vec<f64> {
        let mut sets = vec![1.0; 1 << self.count];
        for set in 1..sets.len() {
            sets[set] = sets[set & (set - 1)] * of[set.trailing_zeros() as usize];
        }
        sets
    }

    /// The factors of a part's axes, as bits.
    fn of_axes(&self, part: &Part) -> usize {
        part.axes.iter().fold(0, |bits, axis| bits | self.of_axis(&axis.direction))
    }

    fn of_axis(&self, direction: &[(usize, f64)]) -> usize {
        direction.first().and_then(|&(e, _)| self.of(e)).map_or(0, |factor| 1 << factor)
    }
}

/// Of a part in its place: which axes are known, and how far they are shifted.
type Key = (usize, usize, Vec<u64>);

/// The axes of some factors, of parts by their place, as parts with other loads see them: each worked out once, whoever
/// asks first.
struct Seen {
    known: Vec<Mutex<Remembered<Key, Arc<Tensor>>>>,
}

impl Seen {
    fn new() -> Seen {
        Seen { known: (0..WALKS).map(|_| Mutex::new(Remembered::at_most(REMEMBERED))).collect() }
    }

    /// `part` is in place `place`.
    fn of(&self, place: usize, part: &Part, kept: usize, loads: &[(usize, f64)], factors: Factors<'_>) -> Arc<Tensor> {
        let is_kept = |direction: &[(usize, f64)]| factors.of_axis(direction) & kept != 0;
        let directions = part.axes.iter().map(|axis| &axis.direction);
        let shifts: Vec<f64> = directions.clone().filter(|d| is_kept(d)).map(|d| dot(d, loads)).collect();
        let key = (place, kept, shifts.iter().map(|x| x.to_bits()).collect());
        let known = &self.known[place % self.known.len()];
        if let Some(tensor) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return tensor;
        }
        let lengths: Vec<f64> = directions.map(|d| f64::from(u8::from(is_kept(d)))).collect();
        let tensor = Arc::new(part.of.given(&lengths).shifted(&shifts).into_owned());
        known.lock().unwrap_or_else(PoisonError::into_inner).put(key, tensor.clone());
        tensor
    }

    /// By set of factors: `E[F G]` where the axes of these factors are known, less the product of the means.
    fn covariances(&self, a: (usize, &Part), b: (usize, &Part), factors: Factors<'_>) -> (usize, Vec<f64>) {
        let all = factors.of_axes(a.1) | factors.of_axes(b.1);
        let apart = a.1.of.mean() * b.1.of.mean();
        let mut of = vec![0.0; all + 1];
        for kept in (1..=all).filter(|kept| kept & !all == 0) {
            let x = self.of(a.0, a.1, kept, &b.1.loads, factors);
            let y = self.of(b.0, b.1, kept, &a.1.loads, factors);
            let axes = |part: &Part| -> Vec<(usize, super::Loads)> {
                let kept = part.axes.iter().filter(|axis| factors.of_axis(&axis.direction) & kept != 0);
                kept.map(|axis| (axis.component, axis.direction.clone())).collect()
            };
            let (of_a, of_b) = (axes(a.1), axes(b.1));
            let mut meeting = Vec::new();
            for (i, (component, direction)) in of_a.iter().enumerate() {
                if let Some((j, (_, other))) = of_b.iter().enumerate().find(|(_, (c, _))| c == component) {
                    meeting.push((i, j, dot(direction, other)));
                }
            }
            of[kept] = x.mean() * y.mean() + x.covariance(&y, &meeting) - apart;
        }
        (all, of)
    }
}

impl Field<'_> {
    /// `Σ_p Σ_q μ_p μ_q (ρ(p, q) − 1)` over the effects of every set of factors, by the bits of the set. The field is that of
    /// all effects.
    pub fn variances(&self, factors: Factors<'_>) -> Vec<f64> {
        let seen = Seen::new();
        let parts = (0..WALKS).into_par_iter().map(|walk| {
            let mut sums = vec![0.0; 1 << factors.count];
            (walk..self.globals.len()).step_by(WALKS).for_each(|i| self.add_global(i, factors, &seen, &mut sums));
            (walk..self.cells.len()).step_by(WALKS).for_each(|i| self.add_locals(i, factors, &seen, &mut sums));
            sums
        });
        let mut sums = vec![0.0; 1 << factors.count];
        for part in parts.collect::<Vec<_>>() {
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        sums
    }

    /// What a pattern and those after it have in common by effects without `by`.
    fn add_global(&self, i: usize, factors: Factors<'_>, seen: &Seen, sums: &mut [f64]) {
        let Some(a) = self.globals.get(i) else { return };
        for (j, b) in self.globals.iter().enumerate().skip(i) {
            let rho = factors.sets(&factors.rhos(&a.loads, &b.loads));
            let (axes, of) = seen.covariances((i, a), (j, b), factors);
            let (apart, twice) = (a.of.mean() * b.of.mean(), if i == j { 1.0 } else { 2.0 });
            for (set, sum) in sums.iter_mut().enumerate() {
                let covariance = of[set & axes];
                *sum += twice * ((apart + covariance) * (rho[set] - 1.0) + covariance);
            }
        }
    }

    /// What local effects add to that for a cell and its neighbours after it.
    fn add_locals(&self, i: usize, factors: Factors<'_>, seen: &Seen, sums: &mut [f64]) {
        // Places of parts in `seen`: patterns, then of each cell the whole and the common part.
        let whole = |c: usize| self.globals.len() + 2 * c;
        let Some(a) = self.cells.get(i) else { return };
        let touched = self.local_effects(&a.local, &a.whole);
        let touching = touched.iter().filter_map(|effect| self.touching.get(effect)).flatten();
        let mut neighbours: Vec<usize> = touching.copied().filter(|c| *c >= i).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        for j in neighbours {
            let b = &self.cells[j];
            let of_globals = factors.sets(&factors.rhos(&a.common.loads, &b.common.loads));
            let of_locals = factors.sets(&factors.rhos(&a.local, &b.local));
            let (axes, of_whole) = seen.covariances((whole(i), &a.whole), (whole(j), &b.whole), factors);
            let common = [(whole(i) + 1, &a.common), (whole(j) + 1, &b.common)];
            let (common_axes, of_common) = seen.covariances(common[0], common[1], factors);
            let (apart, twice) = (a.whole.of.mean() * b.whole.of.mean(), if i == j { 1.0 } else { 2.0 });
            for (set, sum) in sums.iter_mut().enumerate() {
                let (whole, common) = (of_whole[set & axes], of_common[set & common_axes]);
                let by_locals = (apart + whole) * (of_locals[set] - 1.0) + (whole - common);
                *sum += twice * of_globals[set] * by_locals;
            }
        }
    }
}
