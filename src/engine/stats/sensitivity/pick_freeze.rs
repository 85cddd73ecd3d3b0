//! First-order and total indices of any number of inputs (or groups): two hybrids for each.
//!
//! Y_A and Y_B are the outputs of two independent samples. Hybrid AB_i is sample A with input i from B, hybrid BA_i is
//! sample B with input i from A. Then
//!
//! | index | estimator, averaged over the draws | source |
//! |---|---|---|
//! | V_i | ½ (Y_B − Y_BA_i)(Y_AB_i − Y_A) | Owen 2013, doi:10.1145/2457459.2457460; Azzini, Mara, Rosati 2021, doi:10.1016/j.envsoft.2021.105167 |
//! | V_i of the total index | ¼ [(Y_A − Y_AB_i)² + (Y_B − Y_BA_i)²] | Jansen 1999, doi:10.1016/S0010-4655(98)00154-4 |
//! | V | ¼ [(Y_A − Y_B)² + (Y_AB_i − Y_BA_i)²] | Azzini, Mara, Rosati 2021 |
//!
//! All are differences of outputs: no mean is subtracted from anything, a constant added to the output changes nothing
//! and an inert input gives exactly 0. For small indices both factors of the first line are small, where the product
//! Y_B·Y_AB of older estimators is not. These are the four corners of the cube of two groups, "input i" and "all
//! others", and are computed by it.
//!
//! 70 kB of sums for each input; N·(2 + 2·inputs) evaluations.

use super::{Cube, Index, Mismatch, Undefined, common_length};

/// The sums of an analysis.
#[derive(Debug, Clone)]
pub struct PickFreeze {
    cubes: Vec<Cube>,
}

/// Outputs of the two hybrids of one input.
#[derive(Debug, Clone, Copy)]
pub struct Hybrids<'a> {
    /// Sample A with this input from B.
    pub ab: &'a [f64],
    /// Sample B with this input from A.
    pub ba: &'a [f64],
}

/// Indices of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputIndices {
    /// Of the input alone.
    pub first_order: Index,
    /// Of the input with all its interactions.
    pub total: Index,
}

impl PickFreeze {
    /// Of so many inputs or groups.
    pub fn new(inputs: usize) -> PickFreeze {
        PickFreeze { cubes: (0..inputs).map(|_| Cube::one_against_others()).collect() }
    }

    /// A slab of draws; `hybrids` by input. Nothing is added on an error.
    pub fn add(&mut self, first_draw: u64, a: &[f64], b: &[f64], hybrids: &[Hybrids]) -> Result<(), Mismatch> {
        if hybrids.len() != self.cubes.len() {
            return Err(Mismatch::Arrays { want: self.cubes.len(), got: hybrids.len() });
        }
        common_length([a, b].into_iter().chain(hybrids.iter().flat_map(|h| [h.ab, h.ba])))?;
        for (cube, h) in self.cubes.iter_mut().zip(hybrids) {
            // Bit 0: this input from A; bit 1: all others from A.
            cube.add(first_draw, &[b, h.ba, h.ab, a])?;
        }
        Ok(())
    }

    /// Adds the draws of another analysis of as many inputs. Commutative and associative, to the bit.
    pub fn merge(&mut self, other: &PickFreeze) -> Result<(), Mismatch> {
        if self.cubes.len() != other.cubes.len() {
            return Err(Mismatch::Arrays { want: self.cubes.len(), got: other.cubes.len() });
        }
        self.cubes.iter_mut().zip(&other.cubes).try_for_each(|(a, b)| a.merge(b))
    }

    /// Indices by input, with intervals of `level`, in (0, 1).
    pub fn finish(&self, level: f64) -> Result<Vec<InputIndices>, Undefined> {
        let indices = |cube: &Cube| {
            let shares = cube.finish(level)?.shares;
            Ok(InputIndices { first_order: shares.first_order[0], total: shares.total[0] })
        };
        self.cubes.iter().map(indices).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas() {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64;
        let array = |k: u64| (0..640).map(|i| noise(4 * i + k)).collect::<Vec<_>>();
        let (a, b, ab, ba) = (array(0), array(1), array(2), array(3));
        let mean = |f: &dyn Fn(usize) -> f64| (0..640).map(f).sum::<f64>() / 640.0;
        let square = |x: f64| x * x;
        let v = mean(&|i| 0.25 * (square(a[i] - b[i]) + square(ab[i] - ba[i])));
        let first = mean(&|i| 0.5 * (b[i] - ba[i]) * (ab[i] - a[i])) / v;
        let total = mean(&|i| 0.25 * (square(a[i] - ab[i]) + square(b[i] - ba[i]))) / v;
        let of = |ab: &[f64], ba: &[f64]| {
            let mut analysis = PickFreeze::new(1);
            analysis.add(0, &a, &b, &[Hybrids { ab, ba }]).unwrap();
            analysis.finish(0.95).unwrap()[0]
        };
        let close = |x: Index, want: f64| (x.value - want).abs() < 1e-12;
        let got = of(&ab, &ba);
        assert!(close(got.first_order, first) && close(got.total, total), "{got:?} {first} {total}");
        let mixed_up = of(&ba, &ab);
        assert!(!close(mixed_up.first_order, first) && !close(mixed_up.total, total));
    }

    #[test]
    fn refusals() {
        let y = vec![1.0; 64];
        let mut two = PickFreeze::new(2);
        let h = Hybrids { ab: &y, ba: &y };
        assert_eq!(two.add(0, &y, &y, &[h]), Err(Mismatch::Arrays { want: 2, got: 1 }));
        let short = Hybrids { ab: &y, ba: &y[1..] };
        assert_eq!(two.add(0, &y, &y, &[h, short]), Err(Mismatch::Lengths { want: 64, got: 63 }));
        assert_eq!(two.finish(0.95), Err(Undefined::TooFewDraws));
        two.add(0, &y, &y, &[h, h]).unwrap();
        assert_eq!(two.finish(0.95), Err(Undefined::NoVariance));
        assert!(two.merge(&PickFreeze::new(3)).is_err());
    }
}
