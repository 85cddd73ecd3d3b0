//! A lognormal factor times its shared effects, below a bound: the own part is cut given the shared part of the draw.
//!
//! With the own part `σ·z` in octaves and the bound `t` own standard deviations above the median (the shared part taken
//! off), the cut normal has `Φ(z') = Φ(z)·Φ(t)`: one number for z, one for t, no table per model. Below the median
//! `log2 Φ(z')` is the sum of the two logarithms; above it the complement is better conditioned,
//! `Q(z') = Q(z) + Q(t)·Φ(z)`. Both are read by [`normal_cdf`](super::normal_cdf), so that z' is within 2^-18 of the exact
//! value for |z| ≤ 6.34 and −8 ≤ t < 8 (tested). Where t is below −8 the value stands at the bound.
//!
//! The logarithm of the product is held at the bound as an integer: nothing passes it, whatever was rounded.

use super::marginal::affine;
use super::normal_cdf::{ONE, log_cdf, upper};
use super::one_plus::log_sum;

/// A bound on one factor, and what its own standard deviation is the inverse of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Octaves per own standard deviation, Q5.26, above 0.
    pub scale: i32,
    /// log2 of the bound over the own median, Q9.22.
    pub limit: i32,
    /// Leading zeros of the scale, and 2^55 over the scale with its leading bit at the top: 24 bits.
    shift: u32,
    inverse: u32,
}

impl Bound {
    /// Of a scale above 0.
    pub fn new(scale: i32, limit: i32) -> Bound {
        let scale = scale.max(1);
        let shift = scale.leading_zeros();
        let inverse = ((1u64 << 55) - 1) / u64::from((scale as u32) << shift);
        Bound { scale, limit, shift, inverse: inverse as u32 }
    }

    /// 24 bits by which `distance` multiplies; the shift follows from the scale.
    pub fn inverse(&self) -> u32 {
        self.inverse
    }

    /// From octaves below the bound (Q9.22) to own standard deviations (Q3.28), held within [−8, 8). (Scales below 2^-16
    /// octave are held within less; a factor so narrow is decided by its shared part.)
    #[inline(always)]
    pub fn distance(&self, octaves: i32) -> i32 {
        let most = i32::MAX >> self.shift;
        let octaves = octaves.clamp(-most, most) << self.shift;
        // Q.26, within ±16.
        let t = ((i64::from((self.inverse << 7) as i32) * i64::from(octaves)) >> 32) as i32;
        t.clamp(-(1 << 29), (1 << 29) - 1) << 2
    }

    /// The logarithm of the factor with its shared part (Q9.22), from its own normal (Q3.28).
    #[inline(always)]
    pub fn log(&self, z: i32, shared: i32) -> i32 {
        let t = self.distance(self.limit.wrapping_sub(shared));
        affine(self.scale, cut(z, t)).wrapping_add(shared).min(self.limit)
    }
}

/// z' with `Φ(z') = Φ(z)·Φ(t)`, in Q3.28.
#[inline(always)]
pub fn cut(z: i32, t: i32) -> i32 {
    let both = log_cdf(z).wrapping_add(log_cdf(t));
    let complement = log_sum(log_cdf(!z), log_cdf(z).wrapping_add(log_cdf(!t)));
    let below = both < -ONE;
    let x = upper(if below { both } else { complement });
    if below { x.wrapping_neg() } else { x }
}

/// [`Bound::log`] of every normal and the shared part of its draw.
#[inline(always)]
pub fn bounded_all(bound: &Bound, z: &[i32], shared: &[i32], out: &mut [i32]) {
    for ((out, &z), &shared) in out.iter_mut().zip(z).zip(shared) {
        *out = bound.log(z, shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::SQRT_2;

    fn cdf(x: f64) -> f64 {
        0.5 * libm::erfc(-x / SQRT_2)
    }

    /// z' by bisection on libm's erfc: on Φ below the median, on the complement above it.
    fn exact(z: f64, t: f64) -> f64 {
        let (p, q) = (cdf(z) * cdf(t), cdf(-z) + cdf(-t) * cdf(z));
        let (mut lo, mut hi) = (-12.0, 12.0);
        for _ in 0..70 {
            let x = 0.5 * (lo + hi);
            let short = if p < 0.5 { cdf(x) < p } else { cdf(-x) > q };
            if short { lo = x } else { hi = x }
        }
        0.5 * (lo + hi)
    }

    fn worst(f: impl Fn(i32, i32) -> i32) -> (f64, f64, f64) {
        let mut worst = (0.0, 0.0, 0.0);
        for i in -317..=317 {
            for k in -400..400 {
                let (z, t) = (f64::from(i) / 50.0 + 1e-3, f64::from(k) / 50.0 + 3e-3);
                let expected = exact(z, t);
                // Held at eight.
                if expected < -7.99 {
                    continue;
                }
                let fixed = |x: f64| libm::round(libm::ldexp(x, 28)) as i32;
                let error = (libm::ldexp(f64::from(f(fixed(z), fixed(t))), -28) - expected).abs();
                if error > worst.0 {
                    worst = (error, z, t);
                }
            }
        }
        worst
    }

    #[test]
    fn a_cut_normal_is_within_2_to_minus_18_of_the_exact_one() {
        let at = worst(cut);
        assert!(at.0 < libm::exp2(-18.0), "2^{} at {at:?}", libm::log2(at.0));
        // Negative controls: a bound 2^-14 off, and the formula for one half used for both.
        assert!(worst(|z, t| cut(z, t.saturating_add(1 << 14))).0 > libm::exp2(-18.0));
        let lower = |z: i32, t: i32| upper(log_cdf(z).wrapping_add(log_cdf(t))).wrapping_neg();
        assert!(worst(lower).0 > libm::exp2(-18.0));
    }

    #[test]
    fn distances_are_in_own_standard_deviations() {
        let mut worst = 0.0f64;
        for scale in [1 << 10, (1 << 20) + 77, 1 << 26, (1 << 26) - 1, 123_456_789, i32::MAX] {
            let bound = Bound::new(scale, 0);
            for k in -1000..=1000 {
                let octaves = libm::ldexp(f64::from(k) / 100.0 * f64::from(scale), -26 + 22);
                let fixed = libm::round(octaves) as i32;
                let expected = libm::ldexp(f64::from(fixed), 4) / f64::from(scale);
                let expected = expected.clamp(-8.0, 8.0);
                worst = worst.max((libm::ldexp(f64::from(bound.distance(fixed)), -28) - expected).abs());
            }
        }
        assert!(worst < libm::exp2(-20.0), "2^{}", libm::log2(worst));
    }

    #[test]
    fn nothing_passes_the_bound() {
        let mut at_bound = 0;
        for scale in [1, 1 << 16, 1 << 24, 1 << 26, 200_000_000] {
            for limit in [0, 1 << 20, 5 << 22] {
                let bound = Bound::new(scale, limit);
                for z in (-425..=425).map(|z| z * 4_000_000) {
                    for shared in (-60..=60).map(|s| s << 20) {
                        let y = bound.log(z, shared);
                        assert!(y <= limit, "{scale} {limit} {z} {shared}: {y}");
                        at_bound += u32::from(y == limit);
                    }
                }
            }
        }
        // Not because everything stands at it.
        assert!(at_bound > 0 && at_bound < 5 * 3 * 851 * 121 / 2, "{at_bound}");
        // Negative control: the own part cut before the shared part multiplies passes it.
        let bound = Bound::new(1 << 26, 1 << 22);
        assert!(bound.log(1 << 29, 0) + (1 << 22) > bound.limit);
    }

    #[test]
    fn far_from_the_bound_nothing_changes() {
        let bound = Bound::new(1 << 26, 30 << 22);
        for z in (-100..=100).map(|z| z << 24) {
            assert!((bound.log(z, 1 << 20) - affine(1 << 26, z) - (1 << 20)).abs() <= 1 << 4, "{z}");
        }
    }
}
