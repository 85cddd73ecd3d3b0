//! The full cube: outputs at all 2^G hybrids of two samples, G ≤ 6 groups.
//!
//! Corner u takes group g from sample A where bit g of u is set and from sample B elsewhere. Two corners whose masks
//! agree exactly on the set s share the inputs of s and nothing else, so the mean of their product is
//! μ² + Σ V_t over t ⊆ s. Averaging the products of all pairs of each kind and inverting (Möbius) gives every V_s.
//!
//! The same numbers come of the contrasts h_k = Σ_u (−1)^|u∧k| y_u of each draw (the Walsh–Hadamard transform over
//! the corners, G·2^G additions instead of 4^G products): with a_k the mean of h_k²/4^G,
//!
//!   E a_k = Σ V_s·2^−|s| over s ⊇ k,   V_s = 2^|s| · Σ (−1)^(|k|−|s|) a_k over k ⊇ s.
//!
//! For s = {g} this is the average over the cube of Owen's and Azzini's ½(y_u − y_v)(y_w − y_x) (see
//! [`super::pick_freeze`]), for the total index Jansen's ½(y_u − y_{u⊕g})², for V the mean of ½(y_u − y_ū)² over
//! opposite corners. What this form brings:
//!
//! - **no centre is needed**: k = ∅ never enters, every other contrast is free of the mean, and nothing is subtracted
//!   from a large number. There is no pilot estimate, hence nothing that depends on how the draws came in slabs;
//! - a group that changes nothing gives y_u = y_{u⊕g}, contrasts of exactly 0 and indices of exactly 0, without
//!   width;
//! - V = Σ V_s by construction: interactions and Shapley effects sum to 1. Dividing by the variance of all outputs
//!   together instead would break this and gains nothing (docs/sensitivity.md).
//!
//! Memory: 32 batches of 2^G exact sums, 1.1 MB for six groups, whatever the number of draws.

use super::batches::Batches;
use super::{Components, Index, Mismatch, Shares, Undefined, common_length};

/// More groups have more corners than can be drawn.
pub const MAX_GROUPS: usize = 6;

/// The sums of a cube.
#[derive(Debug, Clone)]
pub struct Cube {
    groups: usize,
    /// Of the contrasts: h_∅ itself, h_k² for all others.
    batches: Batches,
}

/// All indices of the groups of a cube.
#[derive(Debug, Clone, PartialEq)]
pub struct CubeIndices {
    /// How many draws these are from.
    pub draws: u64,
    /// Mean over all corners.
    pub mean: Index,
    /// Σ V_s.
    pub variance: Index,
    /// Of the variance, by group and set of groups.
    pub shares: Shares<Index>,
}

impl Cube {
    /// Of 1 to [`MAX_GROUPS`] groups.
    ///
    /// # Errors
    /// [`Mismatch::Groups`] of another number.
    pub fn new(groups: usize) -> Result<Cube, Mismatch> {
        if !(1..=MAX_GROUPS).contains(&groups) {
            return Err(Mismatch::Groups(groups));
        }
        Ok(Cube { groups, batches: Batches::new(1 << groups) })
    }

    /// One input or group against all others: four corners.
    pub(super) fn one_against_others() -> Cube {
        Cube { groups: 2, batches: Batches::new(4) }
    }

    /// A slab of draws: 2^G arrays of one length, by mask of the groups taken from sample A. `first_draw` is the
    /// absolute index of the first. Nothing is added on an error.
    pub fn add(&mut self, first_draw: u64, corners: &[&[f64]]) -> Result<(), Mismatch> {
        let want = 1 << self.groups;
        if corners.len() != want {
            return Err(Mismatch::Arrays { want, got: corners.len() });
        }
        let draws = common_length(corners.iter().copied())?;
        let mut contrasts = [0.0; 1 << MAX_GROUPS];
        for i in 0..draws {
            for (contrast, corner) in contrasts.iter_mut().zip(corners) {
                *contrast = corner[i];
            }
            walsh_hadamard(&mut contrasts[..want]);
            let quantities = contrasts[..want].iter().enumerate().map(|(k, &h)| if k == 0 { h } else { h * h });
            self.batches.add(first_draw.wrapping_add(i as u64), quantities);
        }
        Ok(())
    }

    /// How many draws were added.
    pub fn draws(&self) -> u64 {
        self.batches.draws()
    }

    /// Adds the draws of another cube of as many groups. Commutative and associative, to the bit.
    pub fn merge(&mut self, other: &Cube) -> Result<(), Mismatch> {
        if self.groups != other.groups {
            return Err(Mismatch::Arrays { want: 1 << self.groups, got: 1 << other.groups });
        }
        self.batches.merge(&other.batches);
        Ok(())
    }

    /// Indices with intervals of `level`, in (0, 1).
    pub fn finish(&self, level: f64) -> Result<CubeIndices, Undefined> {
        let groups = self.groups;
        let corners = (1u64 << groups) as f64;
        let flat = self.batches.estimate(level, |means| {
            let squared: Vec<f64> = means.iter().map(|h2| h2 / (corners * corners)).collect();
            let components = components(groups, &squared);
            let shares = components.shares().ok_or(Undefined::NoVariance)?;
            Ok([means[0] / corners, components.variance()].into_iter().chain(shares.flat()).collect())
        })?;
        let [mean, variance] = [flat[0], flat[1]];
        let shares = Shares::from_flat(groups, flat[2..].to_vec());
        Ok(CubeIndices { draws: self.batches.draws(), mean, variance, shares })
    }
}

/// V_s from the mean squared contrasts a_k.
fn components(groups: usize, squared: &[f64]) -> Components {
    Components::new(groups, |set| {
        let supersets = (set..squared.len()).filter(|k| k & set == set);
        let signed = supersets.map(|k| if (k ^ set).count_ones() % 2 == 0 { squared[k] } else { -squared[k] });
        (1u64 << set.count_ones()) as f64 * signed.sum::<f64>()
    })
}

/// In place; the length is a power of two.
fn walsh_hadamard(values: &mut [f64]) {
    let mut half = 1;
    while half < values.len() {
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without pattern, not samples of anything.
    fn noise(i: u64) -> f64 {
        (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn corners(groups: usize, draws: u64) -> Vec<Vec<f64>> {
        (0..1 << groups).map(|u| (0..draws).map(|i| noise(i * 64 + u)).collect()).collect()
    }

    fn views(corners: &[Vec<f64>]) -> Vec<&[f64]> {
        corners.iter().map(Vec::as_slice).collect()
    }

    fn cube(groups: usize, corners: &[Vec<f64>]) -> Cube {
        let mut cube = Cube::new(groups).unwrap();
        cube.add(0, &views(corners)).unwrap();
        cube
    }

    #[test]
    fn the_contrasts_are_the_products_of_pairs() {
        // Möbius inversion of the mean products, straight from the definition.
        let groups = 3;
        let y = corners(groups, 96);
        let full = (1 << groups) - 1;
        let mean_product = |s: usize| {
            let products = (0..=full).flat_map(|u| (0..96).map(move |i| (u, i)));
            products.map(|(u, i)| y[u][i] * y[u ^ full ^ s][i]).sum::<f64>() / (96.0 * 8.0)
        };
        let part = |s: usize| -> f64 {
            let subsets = (0..=s).filter(|t| t & s == *t);
            subsets
                .map(|t| if (s ^ t).count_ones().is_multiple_of(2) { mean_product(t) } else { -mean_product(t) })
                .sum()
        };
        let variance = mean_product(full) - mean_product(0);
        let got = cube(groups, &y).finish(0.95).unwrap();
        assert!((got.variance.value / variance - 1.0).abs() < 1e-12);
        for s in 1..=full {
            let (got, want) = (got.shares.interactions[s].value, part(s) / variance);
            assert!((got - want).abs() < 1e-12, "{s}: {got} {want}");
            assert!((got - part(s ^ full) / variance).abs() > 1e-6 || s ^ full == 0, "another set's");
        }
    }

    #[test]
    fn slabs_threads_and_order_do_not_matter() {
        let y = corners(4, 1000);
        let whole = cube(4, &y).finish(0.95).unwrap();
        let slab = |from: usize, to: usize| {
            let mut cube = Cube::new(4).unwrap();
            cube.add(from as u64, &y.iter().map(|c| &c[from..to]).collect::<Vec<_>>()).unwrap();
            cube
        };
        let mut late = slab(700, 1000);
        late.merge(&slab(0, 13)).unwrap();
        late.merge(&slab(13, 700)).unwrap();
        assert_eq!(late.finish(0.95), Ok(whole.clone()));
        // A slab in the wrong place is another result: its draws fall into other batches.
        let mut shifted = slab(0, 700);
        shifted.add(701, &y.iter().map(|c| &c[700..]).collect::<Vec<_>>()).unwrap();
        assert_ne!(shifted.finish(0.95), Ok(whole));
    }

    #[test]
    fn inert_groups_are_exactly_zero() {
        // Group 1 changes nothing: corners in pairs.
        let mut y = corners(3, 128);
        for u in 0..8 {
            y[u] = y[u & !2].clone();
        }
        let zero = Index { value: 0.0, lo: 0.0, hi: 0.0, se: 0.0 };
        let shares = cube(3, &y).finish(0.95).unwrap().shares;
        assert_eq!((shares.first_order[1], shares.total[1], shares.shapley[1]), (zero, zero, zero));
        assert!((0..8).filter(|s| s & 2 == 2).all(|s| shares.interactions[s] == zero));
        assert!(shares.first_order[0] != zero);
        // One bit in one corner of one draw is seen.
        y[2][77] = y[2][77].next_up();
        assert!(cube(3, &y).finish(0.95).unwrap().shares.total[1].value > 0.0);
    }

    #[test]
    fn shares_sum_to_one() {
        let shares = cube(5, &corners(5, 256)).finish(0.95).unwrap().shares;
        let sum = |x: &[Index]| x.iter().map(|i| i.value).sum::<f64>();
        assert!((sum(&shares.shapley) - 1.0).abs() < 1e-12);
        assert!((sum(&shares.interactions) - 1.0).abs() < 1e-12);
        assert!((shares.closed[31].value - 1.0).abs() < 1e-12 && shares.closed[31].se < 1e-12);
        assert!((sum(&shares.first_order) - 1.0).abs() > 1e-3);
    }

    #[test]
    fn a_large_mean_does_not_matter() {
        // Whole numbers and 2^40 more: all contrasts are the same, to the bit.
        let y: Vec<Vec<f64>> =
            corners(3, 128).iter().map(|c| c.iter().map(|x| libm::floor(x * 1000.0)).collect()).collect();
        let moved: Vec<Vec<f64>> = y.iter().map(|c| c.iter().map(|x| x + libm::ldexp(1.0, 40)).collect()).collect();
        let (a, b) = (cube(3, &y).finish(0.95).unwrap(), cube(3, &moved).finish(0.95).unwrap());
        assert_eq!((a.shares, a.variance), (b.shares, b.variance));
        assert_ne!(a.mean, b.mean);
    }

    #[test]
    fn refusals() {
        assert_eq!(Cube::new(0).err(), Some(Mismatch::Groups(0)));
        assert_eq!(Cube::new(7).err(), Some(Mismatch::Groups(7)));
        let mut two = Cube::new(2).unwrap();
        let y = corners(2, 64);
        assert_eq!(two.add(0, &views(&y[..3])), Err(Mismatch::Arrays { want: 4, got: 3 }));
        let uneven = [&y[0][..], &y[1][..], &y[2][..], &y[3][..63]];
        assert_eq!(two.add(0, &uneven), Err(Mismatch::Lengths { want: 64, got: 63 }));
        assert_eq!(two.finish(0.95), Err(Undefined::TooFewDraws));
        let constant = vec![vec![3.0; 64]; 4];
        assert_eq!(cube(2, &constant).finish(0.95), Err(Undefined::NoVariance));
        assert!(two.merge(&Cube::new(3).unwrap()).is_err());
    }
}
