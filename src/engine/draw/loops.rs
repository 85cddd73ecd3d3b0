//! Loops over the draws of a block, which the compiler vectorises for the caller's instruction set; and the walk from one
//! product of factors to another. `exp2_all` is written by hand for processors with AVX-512 IFMA (`fused`).

use super::fused::Fused;
use super::inverse_normal::inverse_normal;
use super::model_block::BLOCK;
use super::{exp2, one_plus};
use crate::engine::plan::{Product, SLOTS};

/// Walks `y` from the product it holds to another one.
#[inline(always)]
pub fn step(y: &mut [i32], at: &mut Product, to: &Product, logs: &[[i32; BLOCK]; SLOTS]) {
    let mut loc = to.loc.wrapping_sub(at.loc);
    for (s, log) in logs.iter().enumerate() {
        let (from, to) = (at.signs[s], to.signs[s]);
        for _ in from..to {
            shift_add(y, log, loc);
            loc = 0;
        }
        for _ in to..from {
            shift_sub(y, log, loc);
            loc = 0;
        }
    }
    if loc != 0 {
        for y in y {
            *y = y.wrapping_add(loc);
        }
    }
    *at = *to;
}

/// A standard normal of every word.
#[inline(always)]
pub fn normals(words: &[u32], z: &mut [i32]) {
    for (z, &w) in z.iter_mut().zip(words) {
        *z = inverse_normal(w);
    }
}

/// The fraction of 2^y of every logarithm.
#[inline(always)]
pub fn exp2_all(fused: Option<Fused>, y: &[i32], fractions: &mut [u32]) {
    if let Some(fused) = fused {
        return fused.exp2_all(y, fractions);
    }
    for (h, &y) in fractions.iter_mut().zip(y) {
        *h = exp2::fraction(y);
    }
}

/// log2(1 + 2^y) of every logarithm.
#[inline(always)]
pub fn one_plus_all(y: &[i32], out: &mut [i32]) {
    for (out, &y) in out.iter_mut().zip(y) {
        *out = one_plus::one_plus(y);
    }
}

/// log2(1 + 2^(a + b)) of every pair.
#[inline(always)]
pub fn one_plus_sum(a: &[i32], b: &[i32], out: &mut [i32]) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = one_plus::one_plus(a.wrapping_add(b));
    }
}

/// [`one_plus::log_sum`] of every pair, in the first.
#[inline(always)]
pub fn log_sum_all(sum: &mut [i32], y: &[i32]) {
    for (sum, &y) in sum.iter_mut().zip(y) {
        *sum = one_plus::log_sum(*sum, y);
    }
}

/// Adds to every logarithm.
#[inline(always)]
pub fn add_all(y: &mut [i32], x: &[i32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_add(x);
    }
}

/// Subtracts from every logarithm.
#[inline(always)]
pub fn sub_all(y: &mut [i32], x: &[i32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_sub(x);
    }
}

#[inline(always)]
fn shift_add(y: &mut [i32], x: &[i32], loc: i32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_add(x).wrapping_add(loc);
    }
}

#[inline(always)]
fn shift_sub(y: &mut [i32], x: &[i32], loc: i32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_sub(x).wrapping_add(loc);
    }
}
