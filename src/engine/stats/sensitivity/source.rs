//! Two independent samples of standard uniforms and normals, to replay the known answers from.
//!
//! The crate's Philox stream, at its own seed and entities. A uniform is (m + ½)·2^-52 with m the upper 52 bits of two
//! words: never 0 or 1, exact in `f64`, and so is 1 minus it, so that the normal Φ⁻¹ of it is good in both tails.
//! Value `draw` of an input depends on seed, sample, input and draw alone, not on what else is drawn.

use super::super::normal::Level;
use crate::engine::draw::philox::{Domain, Stream};

/// Which of the two independent samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The first.
    A,
    /// The second.
    B,
}

/// Uniforms to evaluate a function on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Of the random stream.
    pub seed: u64,
}

impl Source {
    /// Uniforms on (0, 1). `first_draw + out.len()` is at most 2^40.
    pub fn uniforms(&self, sample: Sample, input: u32, first_draw: u64, out: &mut [f64]) {
        let entity = u64::from(sample == Sample::B) << 32 | u64::from(input);
        let stream = Stream::new(self.seed, Domain::Own, 0, entity);
        for (i, u) in out.iter_mut().enumerate() {
            let [high, low, ..] = stream.words(first_draw + i as u64);
            let bits = (u64::from(high) << 32 | u64::from(low)) >> 12;
            *u = (bits as f64 + 0.5) * EPSILON;
        }
    }

    /// Standard normals, the quantiles of the same uniforms.
    pub fn normals(&self, sample: Sample, input: u32, first_draw: u64, out: &mut [f64]) {
        self.uniforms(sample, input, first_draw, out);
        out.iter_mut().for_each(|x| *x = Level::below(*x).z());
    }
}

/// 2^-52.
const EPSILON: f64 = f64::EPSILON;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_inputs_are_unrelated_and_draws_are_absolute() {
        let normals = |sample, input, first, n| {
            let mut out = vec![0.0; n];
            Source { seed: 5 }.normals(sample, input, first, &mut out);
            out
        };
        let n = 20_000;
        let (a0, a1, b0) = (normals(Sample::A, 0, 0, n), normals(Sample::A, 1, 0, n), normals(Sample::B, 0, 0, n));
        let mean_product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / n as f64;
        // Products of independent normals have sd 1/√n = 0.0071, squares √2/√n.
        for (x, y) in [(&a0, &a1), (&a0, &b0), (&a1, &b0)] {
            assert!(mean_product(x, y).abs() < 0.03);
        }
        assert!((mean_product(&a0, &a0) - 1.0).abs() < 0.04);
        assert_eq!(normals(Sample::A, 0, 77, 3), a0[77..80]);
        assert_ne!(normals(Sample::A, 0, 78, 3), a0[77..80]);
    }
}
