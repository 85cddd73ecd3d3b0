//! Functions of a standard normal as series of Hermite polynomials.
//!
//! With h_k the Hermite polynomials that are orthonormal under the standard normal, f = Σ a_k h_k and g = Σ b_k h_k of two
//! standard normals with correlation ρ have (Mehler 1866; DLMF 18.18(vii))
//!
//! ```text
//! E[f(S) g(T)] = Σ_k a_k b_k ρ^k,                          at most ρ^(K+1) √(rest f · rest g) beyond k = K
//! f(s + δ)     = Σ_k h_k(s) Σ_j a_(k+j) √C(k+j, j) δ^j / √(j!)
//! ```
//!
//! where the rest of f is E[f²] − Σ_{k ≤ K} a_k². The second line is what an exponential does to f: E[e^(δS − δ²/2) f(S)]
//! = E[f(S + δ)] (the change of measure of Cameron and Martin).

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::engine::stats::normal::density;

/// What may be left out of a sum of squares that is 1 or more.
pub const NEGLIGIBLE: f64 = 1e-24;

/// Orders of a series at most.
const MOST_ORDERS: usize = 256;

/// √k! by k: below 1e254.
static ROOTS: LazyLock<[f64; MOST_ORDERS]> = LazyLock::new(|| {
    let mut root = 1.0;
    std::array::from_fn(|k| {
        root *= (k.max(1) as f64).sqrt();
        root
    })
});

/// Coefficients of the orthonormal Hermite polynomials, from order 0: fewer than 256.
#[derive(Debug, Clone, PartialEq)]
pub struct Series(pub Vec<f64>);

impl Series {
    /// The mean.
    pub fn mean(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// Σ a_k².
    pub fn squares(&self) -> f64 {
        self.0.iter().map(|a| a * a).sum()
    }

    /// Every coefficient times `factor`.
    pub fn times(&self, factor: f64) -> Series {
        Series(self.0.iter().map(|a| a * factor).collect())
    }

    /// Of `s ↦ f(s + δ)`. The order stays.
    pub fn shifted(&self, delta: f64) -> Cow<'_, Series> {
        if delta == 0.0 {
            return Cow::Borrowed(self);
        }
        // With a_k √k! in the place of a_k a shift is the Taylor series: Σ δ^j/j! of what is j orders above.
        let scaled: Vec<f64> = self.0.iter().zip(ROOTS.iter()).map(|(a, root)| a * root).collect();
        let weights = (0..scaled.len()).scan(1.0, |weight, j| {
            let here = *weight;
            *weight = here * delta / (j as f64 + 1.0);
            Some(here)
        });
        let weights: Vec<f64> = weights.collect();
        let at = |k: usize| scaled[k..].iter().zip(&weights).map(|(a, w)| a * w).sum::<f64>() / ROOTS[k];
        Cow::Owned(Series((0..scaled.len()).map(at).collect()))
    }

    /// Of the mean of f(S) given the normal that S has the correlation `r` with.
    pub fn given(&self, r: f64) -> Series {
        let mut power = 1.0;
        let scaled = self.0.iter().map(|a| {
            let scaled = a * power;
            power *= r;
            scaled
        });
        Series(scaled.collect()).trimmed()
    }

    /// Without the last coefficients, as far as their squares are negligible.
    pub fn trimmed(mut self) -> Series {
        let mut rest = 0.0;
        while let Some(last) = self.0.last().filter(|_| self.0.len() > 1) {
            rest += last * last;
            if rest > NEGLIGIBLE {
                break;
            }
            self.0.pop();
        }
        self
    }

    /// `E[f(S) g(T)]` for a correlation of `rho`.
    pub fn with(&self, other: &Series, rho: f64) -> f64 {
        let (mut sum, mut power) = (0.0, 1.0);
        for (a, b) in self.0.iter().zip(&other.0) {
            sum += a * b * power;
            power *= rho;
        }
        sum
    }
}

/// Calls `of` with k and h_k(z) for k = 0 … `order`.
pub fn polynomials(z: f64, order: usize, mut of: impl FnMut(usize, f64)) {
    let (mut last, mut here) = (0.0, 1.0);
    for k in 0..=order {
        of(k, here);
        (last, here) = (here, (z * here - (k as f64).sqrt() * last) / (k as f64 + 1.0).sqrt());
    }
}

/// Equidistant points with normal weights: the trapezoidal rule, whose error falls exponentially with 1/step for
/// functions that are analytic in a strip (Trefethen and Weideman 2014, doi:10.1137/130932132).
#[derive(Debug)]
pub struct Grid {
    /// Points and weights.
    pub points: Vec<(f64, f64)>,
    /// By point: weight times each polynomial.
    projections: Vec<Vec<f64>>,
}

impl Grid {
    /// From `-end` to `end`, for series up to `order`.
    pub fn new(end: f64, steps_per_unit: u32, order: usize) -> Grid {
        let (step, side) = (1.0 / f64::from(steps_per_unit), (end * f64::from(steps_per_unit)) as i32);
        let points: Vec<(f64, f64)> =
            (-side..=side).map(|i| f64::from(i) * step).map(|z| (z, density(z) * step)).collect();
        let projection = |&(z, weight): &(f64, f64)| {
            let mut of_point = Vec::with_capacity(order + 1);
            polynomials(z, order, |_, h| of_point.push(weight * h));
            of_point
        };
        Grid { projections: points.iter().map(projection).collect(), points }
    }

    /// The mean of a function.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.points.iter().map(|&(z, weight)| weight * f(z)).sum()
    }

    /// The series of the function with these values at the points.
    pub fn series(&self, values: impl Iterator<Item = f64>) -> Series {
        let mut sums = vec![0.0; self.projections.first().map_or(0, Vec::len)];
        for (value, projection) in values.zip(&self.projections) {
            sums.iter_mut().zip(projection).for_each(|(sum, h)| *sum += value * h);
        }
        Series(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// e^(τ s) has the coefficients e^(τ²/2) τ^k / √(k!).
    fn exponential(tau: f64, order: usize) -> Series {
        let mut a = libm::exp(0.5 * tau * tau);
        Series(
            (0..=order)
                .map(|k| {
                    if k > 0 {
                        a *= tau / (k as f64).sqrt();
                    }
                    a
                })
                .collect(),
        )
    }

    #[test]
    fn the_exponential_has_its_closed_series() {
        let grid = Grid::new(12.0, 8, 40);
        let got = grid.series(grid.points.iter().map(|(z, _)| libm::exp(0.8 * z)));
        for (k, (got, want)) in got.0.iter().zip(exponential(0.8, 40).0).enumerate() {
            assert!((got - want).abs() < 1e-12, "{k}: {got} {want}");
        }
        assert!((got.0[1] - exponential(0.81, 40).0[1]).abs() > 1e-3, "negative control");
    }

    #[test]
    fn pairs_and_shifts_of_exponentials_are_closed() {
        let (f, g) = (exponential(0.7, 60), exponential(-0.4, 60));
        for rho in [-1.0, 0.0, 0.3, 1.0] {
            // E exp(0.7 S − 0.4 T) = exp((0.49 + 0.16 − 0.56 ρ)/2).
            let want = libm::exp(0.5 * (0.65 - 0.56 * rho));
            assert!((f.with(&g, rho) - want).abs() < 1e-14, "{rho}");
        }
        let shifted = f.shifted(0.5);
        for (got, a) in shifted.0.iter().zip(&f.0).take(30) {
            assert!((got - a * libm::exp(0.35)).abs() < 1e-14);
        }
        assert_eq!(f.shifted(0.0).0, f.0);
        assert!(f.clone().trimmed().0.len() < 40 && f.given(0.1).0.len() < 15);
    }
}
