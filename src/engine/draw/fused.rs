//! [`exp2::fraction`](super::exp2::fraction) with one instruction for each step of Horner's scheme, where the processor
//! has it.
//!
//! AVX-512 IFMA multiplies 52 by 52 bits and adds the upper half of the product to a sum. As `((f << 20) · h) >> 52 = (f ·
//! h) >> 32`, and f and h have 32 bits, that is a step, to the last bit: 0.21 ns for each logarithm instead of 0.69 on
//! Intel's Sapphire Rapids. LLVM does not find it by itself.

pub use imp::Fused;

#[cfg(target_arch = "x86_64")]
mod imp {
    use std::arch::x86_64::*;

    use crate::engine::draw::exp2;
    use crate::engine::plan::LOG2_BITS;

    /// Logarithms in a register.
    const LANES: usize = 8;

    /// This processor has the instruction.
    #[derive(Debug, Clone, Copy)]
    pub struct Fused(());

    impl Fused {
        /// `None` on other processors.
        pub fn detected() -> Option<Fused> {
            let has = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512ifma");
            has.then_some(Fused(()))
        }

        /// The fraction of 2^y of every logarithm.
        pub fn exp2_all(self, y: &[i32], fractions: &mut [u32]) {
            // SAFETY: there is no `Fused` on a processor without these features.
            unsafe { exp2_all(y, fractions) }
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512ifma")]
    fn exp2_all(y: &[i32], fractions: &mut [u32]) {
        let [c1, c2, c3, c4, c5] = exp2::COEFFICIENTS.map(|c| _mm512_set1_epi64(i64::from(c)));
        let (y, rest) = y.as_chunks::<LANES>();
        let (fractions, fractions_rest) = fractions.as_chunks_mut::<LANES>();
        for (y, fractions) in y.iter().zip(fractions) {
            // SAFETY: eight numbers of four bytes lie there.
            let y = unsafe { _mm256_loadu_si256(y.as_ptr().cast()) };
            let f = _mm512_cvtepu32_epi64(_mm256_slli_epi32::<{ 32 - LOG2_BITS as i32 }>(y));
            let f = _mm512_slli_epi64::<20>(f);
            let h = _mm512_madd52hi_epu64(c4, f, c5);
            let h = _mm512_madd52hi_epu64(c3, f, h);
            let h = _mm512_madd52hi_epu64(c2, f, h);
            let h = _mm512_madd52hi_epu64(c1, f, h);
            let h = _mm512_cvtepi64_epi32(_mm512_madd52hi_epu64(_mm512_setzero_si512(), f, h));
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(fractions.as_mut_ptr().cast(), h) };
        }
        for (h, &y) in fractions_rest.iter_mut().zip(rest) {
            *h = exp2::fraction(y);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod imp {
    /// There is no such processor.
    #[derive(Debug, Clone, Copy)]
    pub enum Fused {}

    impl Fused {
        /// `None`.
        pub fn detected() -> Option<Fused> {
            None
        }

        /// Never called.
        pub fn exp2_all(self, _y: &[i32], _fractions: &mut [u32]) {
            match self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exp2;
    use super::*;

    #[test]
    fn every_fraction_is_that_of_the_scalar_definition() {
        let Some(fused) = Fused::detected() else { return println!("skipped: this processor has no AVX-512 IFMA") };
        // Every 97th fraction, and both ends; in lengths with and without a rest.
        let y: Vec<i32> = (0..1 << 22).step_by(97).chain([0, 1, (1 << 22) - 1, -1, i32::MIN, i32::MAX]).collect();
        let want: Vec<u32> = y.iter().map(|&y| exp2::fraction(y)).collect();
        for n in [y.len(), y.len() - 1, 8, 7, 1, 0] {
            let mut got = vec![0; n];
            fused.exp2_all(&y[..n], &mut got);
            assert_eq!(got, want[..n], "{n}");
        }
        let mut other = vec![0; 8];
        fused.exp2_all(&y[1..9], &mut other);
        assert_ne!(other, want[..8], "negative control");
    }
}
