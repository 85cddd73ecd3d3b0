//! `⌊a·2^shift/b⌋` of two counts, draw by draw. Twin of `quotient.wgsl`.

use rayon::prelude::*;

use super::accumulate::CEILING;

/// Largest shift: a count of up to 2^53 stays below 2^128.
pub const MAX_SHIFT: u32 = 74;

/// A quotient held at 2^53, or that there is none (b = 0). One word, so that it comes off a device as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "gpu", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(transparent)]
pub struct Quotient(u64);

impl Quotient {
    /// Nothing is divided by zero. All bits are set, far above the ceiling.
    pub const NONE: Quotient = Quotient(u64::MAX);

    /// The quotient; `None` where the divisor is zero.
    pub fn get(self) -> Option<u64> {
        (self != Quotient::NONE).then_some(self.0)
    }
}

/// Of one draw: counts of at most 2^53, a shift of at most [`MAX_SHIFT`].
pub fn quotient(a: u64, b: u64, shift: u32) -> Quotient {
    match (u128::from(a) << shift).checked_div(u128::from(b)) {
        Some(q) => Quotient(q.min(u128::from(CEILING)) as u64),
        None => Quotient::NONE,
    }
}

/// Of all draws, on the threads of the current pool.
pub fn quotients(over: &[u64], under: &[u64], shift: u32) -> Vec<Quotient> {
    over.par_iter().zip(under).map(|(&a, &b)| quotient(a, b, shift)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_ceiling_and_nothing() {
        // ⌊7·8/3⌋ = ⌊56/3⌋ = 18; 2^53·2^74 = 2^127 over 2^53 + 0 is 2^74, held at 2^53; 1·2^74/2^53 = 2^21.
        for (a, b, shift, q) in [
            (7, 3, 3, Some(18)),
            (0, 5, 74, Some(0)),
            (5, 0, 0, None),
            (0, 0, 74, None),
            (CEILING, CEILING, 74, Some(CEILING)),
            (CEILING, 1, 0, Some(CEILING)),
            (CEILING - 1, 1, 0, Some(CEILING - 1)),
            (1, CEILING, 74, Some(1 << 21)),
            (1, CEILING, 52, Some(0)),
            (1, CEILING, 53, Some(1)),
        ] {
            assert_eq!(quotient(a, b, shift).get(), q, "{a}·2^{shift}/{b}");
        }
        assert_eq!(quotients(&[7, 1], &[3, 0], 3), [Quotient(18), Quotient::NONE]);
    }
}
