//! `2^y` of a fixed-point logarithm, as an integer count of a power-of-two unit, rounded once.
//!
//! With `y = e + f` (f the 22 fraction bits), `2^f = 1 + h` and `h` is a polynomial of degree 5 with a zero at 0,
//! minimax in relative error (2^-23.5), evaluated by Horner's scheme in Q0.32 with 32×32→64 products, each rounded
//! down. The count is `(2^53 + h·2^21) >> s` rounded to nearest, `s = 53 + unit − e`: exactly what fits, once.

use crate::engine::plan::LOG2_BITS;

/// Minimax coefficients of `2^f − 1` on [0, 1), Q0.32, degree 1 to 5. Their sum stays below 2^32.
/// Made by a Remez exchange in mpmath on the relative error of `1 + Σ c_k f^k`: 2^-23.535.
pub const COEFFICIENTS: [u32; 5] = [2_977_062_215, 1_031_498_459, 239_658_801, 38_727_851, 8_019_262];

/// `2^f − 1` in Q0.32 of the fraction bits of `y`.
#[inline(always)]
pub fn fraction(y: i32) -> u32 {
    // No sum reaches 2^32, so the mask changes nothing; it tells the compiler that 32×32-bit products will do.
    const LOW: u64 = 0xffff_ffff;
    let f = u64::from((y as u32) << (32 - LOG2_BITS));
    let [c1, c2, c3, c4, c5] = COEFFICIENTS.map(u64::from);
    let h = c4 + ((f * c5) >> 32);
    let h = c3 + ((f * (h & LOW)) >> 32);
    let h = c2 + ((f * (h & LOW)) >> 32);
    let h = c1 + ((f * (h & LOW)) >> 32);
    ((f * (h & LOW)) >> 32) as u32
}

/// The count of units `2^unit` in `2^(y/2^22)`, to nearest, where it is below 2^54; `h` is [`fraction`]`(y)`.
/// Larger values come out wrong: the plan keeps them away or the caller clamps `y` first.
#[inline(always)]
pub fn count(h: u32, y: i32, unit: i32) -> u64 {
    let s = ((53 + unit) - (y >> LOG2_BITS)).clamp(0, 63) as u32;
    let m = (1 << 53) + (u64::from(h) << 21);
    (m + ((1u64 << s) >> 1)) >> s
}
