//! Sums of floats without rounding: any order of the terms gives the same bits.
//!
//! A finite `f64` is an integer of 53 bits times a power of two from 2^-1074 up. The accumulator holds the whole range
//! as 32-bit digits in 64-bit limbs; a term is added to three of them, and digits are carried after 2^29 terms, long
//! before a limb could overflow. Rounding happens once, when the sum is read. So sums of slabs merge to the sum of
//! all draws, bit for bit, however the draws were divided.
//!
//! Reference: the small superaccumulator of R. M. Neal, "Fast exact summation using small and large
//! superaccumulators", arXiv:1505.05571 (2015).

/// Digits for 2^-1074 to 2^1023 and for the carries of 2^64 terms.
const LIMBS: usize = 68;
const DIGIT_BITS: u32 = 32;
const DIGIT: i64 = (1 << DIGIT_BITS) - 1;
/// A limb grows by less than 2^32 for each term.
const TERMS_BETWEEN_CARRIES: u32 = 1 << 29;

/// The exact sum of any number of `f64`.
#[derive(Debug, Clone)]
pub struct ExactSum {
    limbs: [i64; LIMBS],
    terms: u32,
    not_finite: bool,
}

impl Default for ExactSum {
    fn default() -> ExactSum {
        ExactSum { limbs: [0; LIMBS], terms: 0, not_finite: false }
    }
}

impl ExactSum {
    /// One more term, without rounding.
    pub fn add(&mut self, x: f64) {
        if !x.is_finite() {
            self.not_finite = true;
            return;
        }
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let implicit = u128::from(exponent > 0) << 52;
        let mantissa = u128::from(bits & ((1 << 52) - 1)) | implicit;
        // In units of 2^-1074: a subnormal has the position of the smallest normal.
        let position = exponent.max(1) - 1;
        let digits = mantissa << (position % DIGIT_BITS as usize);
        let sign = if x.is_sign_negative() { -1 } else { 1 };
        // The highest position is 2045, hence the highest limb 63 + 2.
        let at = position / DIGIT_BITS as usize;
        for (i, limb) in self.limbs[at..at + 3].iter_mut().enumerate() {
            *limb += sign * ((digits >> (DIGIT_BITS as usize * i)) as i64 & DIGIT);
        }
        self.terms += 1;
        if self.terms >= TERMS_BETWEEN_CARRIES {
            self.carry();
        }
    }

    /// The sum of both.
    pub fn merge(&mut self, other: &ExactSum) {
        let mut other = other.clone();
        self.carry();
        other.carry();
        for (limb, more) in self.limbs.iter_mut().zip(other.limbs) {
            *limb += more;
        }
        self.terms += other.terms;
        self.not_finite |= other.not_finite;
    }

    /// The sum, rounded once to the nearest `f64`; NaN where a term was not finite.
    pub fn value(&self) -> f64 {
        if self.not_finite {
            return f64::NAN;
        }
        let mut sum = self.clone();
        sum.carry();
        // All digits but the last are positive: the last one's sign is the sum's.
        let negative = sum.limbs[LIMBS - 1] < 0;
        if negative {
            sum.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            sum.carry();
        }
        let Some(top) = sum.limbs.iter().rposition(|&limb| limb != 0) else { return 0.0 };
        // Three digits hold at least 65 significant bits; what lies below only breaks ties.
        let lowest = top.saturating_sub(2);
        let leading = sum.limbs[lowest..=top].iter().rev().fold(0u128, |a, &d| a << DIGIT_BITS | d as u128);
        let rest = sum.limbs[..lowest].iter().any(|&limb| limb != 0);
        let magnitude = libm::ldexp((leading | u128::from(rest)) as f64, (DIGIT_BITS as usize * lowest) as i32 - 1074);
        if negative { -magnitude } else { magnitude }
    }

    /// Brings all limbs but the last into 0..2^32.
    fn carry(&mut self) {
        let mut carried = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let sum = *limb + carried;
            *limb = sum & DIGIT;
            carried = sum >> DIGIT_BITS;
        }
        self.limbs[LIMBS - 1] += carried;
        self.terms = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::cases;
    use proptest::prelude::*;

    fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
        let mut sum = ExactSum::default();
        terms.into_iter().for_each(|x| sum.add(x));
        sum.value()
    }

    #[test]
    fn nothing_is_lost() {
        // Plain arithmetic: (1e300 + 1) - 1e300 is 0 in doubles.
        assert_eq!(sum([1e300, 1.0, -1e300]), 1.0);
        assert_eq!([1e300, 1.0, -1e300].iter().sum::<f64>(), 0.0);
        assert_eq!(sum([f64::MAX, 5e-324, -f64::MAX]), 5e-324);
        assert_eq!(sum([-0.1, -0.2]), -0.300_000_000_000_000_04); // the double nearest to the exact sum
        // Python: math.fsum([0.1] * 10) == 1.0, while a loop gives 0.9999999999999999.
        assert_eq!(sum([0.1; 10]), 1.0);
        // A tie (2^53 + 1) goes to the even neighbour, unless anything lies below.
        let tie = 9_007_199_254_740_992.0;
        assert_eq!(sum([tie, 1.0]), tie);
        assert_eq!(sum([tie, 1.0, 1e-300]), tie + 2.0);
        assert_eq!(sum([]), 0.0);
    }

    #[test]
    fn not_a_number_stays() {
        assert!(sum([1.0, f64::NAN]).is_nan() && sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(sum([f64::MAX, f64::MAX]), f64::INFINITY);
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn any_order_and_any_split(
            terms in prop::collection::vec((any::<i64>(), -300i32..300), 1..60), cut in 0usize..60, step in 1usize..50
        ) {
            let terms: Vec<f64> = terms.iter().map(|&(m, e)| libm::ldexp(m as f64, e)).collect();
            let cut = cut.min(terms.len());
            let (mut left, mut right) = (ExactSum::default(), ExactSum::default());
            terms[..cut].iter().for_each(|&x| left.add(x));
            terms[cut..].iter().rev().for_each(|&x| right.add(x));
            right.merge(&left);
            prop_assert_eq!(right.value(), sum(terms.iter().copied()));
            // The sum less all terms but one is that one.
            let one = step % terms.len();
            let rest = terms.iter().enumerate().filter(|(i, _)| *i != one).map(|(_, x)| -x);
            prop_assert_eq!(sum(terms.iter().copied().chain(rest)), terms[one]);
        }
    }
}
