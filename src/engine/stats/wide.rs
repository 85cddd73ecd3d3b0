//! Exact sums of integers and of their squares.
//!
//! A count stays below 2^54 and a run below 2^31 draws, so Σx fits 128 bits, Σx² needs 139, and the numerator of the
//! variance, `n·Σx² − (Σx)²`, 170. [`Wide`] holds 256. Nothing is rounded before [`Wide::to_f64`], so the mean and
//! the standard deviation do not depend on the order of the draws, and there is no cancellation however small the
//! spread is compared with the mean.

/// An unsigned integer of 256 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    // The order of the fields gives the derived order its meaning.
    hi: u128,
    lo: u128,
}

impl Wide {
    /// `a · b`, always exact.
    pub fn product(a: u128, b: u128) -> Wide {
        const LOW: u128 = u64::MAX as u128;
        let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
        let low = a0 * b0;
        let mid = a1 * b0 + (low >> 64);
        let mid2 = a0 * b1 + (mid & LOW);
        Wide { hi: a1 * b1 + (mid >> 64) + (mid2 >> 64), lo: (mid2 << 64) | (low & LOW) }
    }

    /// The sum modulo 2^256 (sums of squares stay far below).
    pub fn plus(self, other: Wide) -> Wide {
        let (lo, carry) = self.lo.overflowing_add(other.lo);
        Wide { hi: self.hi.wrapping_add(other.hi).wrapping_add(carry as u128), lo }
    }

    /// `self − other`, or zero where that is negative.
    pub fn minus(self, other: Wide) -> Wide {
        if self < other {
            return Wide::default();
        }
        let (lo, borrow) = self.lo.overflowing_sub(other.lo);
        Wide { hi: self.hi - other.hi - borrow as u128, lo }
    }

    /// `self · k` modulo 2^256.
    pub fn times(self, k: u64) -> Wide {
        let low = Wide::product(self.lo, k as u128);
        Wide { hi: low.hi.wrapping_add(self.hi.wrapping_mul(k as u128)), lo: low.lo }
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.hi == 0 && self.lo == 0
    }

    /// The nearest f64, ties to even.
    pub fn to_f64(self) -> f64 {
        if self.hi == 0 {
            return self.lo as f64;
        }
        // The top 128 bits, with the last bit set if any lower one was: that rounds like the whole number.
        let shift = 128 - self.hi.leading_zeros();
        let (top, rest) = match shift {
            128 => (self.hi, self.lo),
            s => ((self.hi << (128 - s)) | (self.lo >> s), self.lo << (128 - s)),
        };
        libm::ldexp((top | (rest != 0) as u128) as f64, shift as i32)
    }
}

impl From<u128> for Wide {
    fn from(lo: u128) -> Wide {
        Wide { hi: 0, lo }
    }
}

/// How many, Σx and Σx².
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub n: u64,
    /// Σx.
    pub sum: u128,
    /// Σx².
    pub sum_sq: Wide,
}

impl Sums {
    /// One more.
    pub fn add(&mut self, x: u64) {
        self.n += 1;
        self.sum += x as u128;
        self.sum_sq = self.sum_sq.plus(Wide::from(x as u128 * x as u128));
    }

    /// Both together.
    pub fn plus(&self, other: &Sums) -> Sums {
        Sums { n: self.n + other.n, sum: self.sum + other.sum, sum_sq: self.sum_sq.plus(other.sum_sq) }
    }

    /// What is left of `self` without `part`, which must be a part of it.
    pub fn without(&self, part: &Sums) -> Sums {
        Sums {
            n: self.n.saturating_sub(part.n),
            sum: self.sum.saturating_sub(part.sum),
            sum_sq: self.sum_sq.minus(part.sum_sq),
        }
    }

    /// `None` without a value.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum as f64 / self.n as f64)
    }

    /// Sample standard deviation (divisor n − 1); `None` with fewer than two values.
    pub fn sd(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.spread().to_f64() / (self.n as f64 * (self.n - 1) as f64)).sqrt())
    }

    /// Are all values the same?
    pub fn is_constant(&self) -> bool {
        self.spread().is_zero()
    }

    /// `n·Σx² − (Σx)²`
    fn spread(&self) -> Wide {
        self.sum_sq.times(self.n).minus(Wide::product(self.sum, self.sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(hi: u128, lo: u128) -> Wide {
        Wide { hi, lo }
    }

    #[test]
    fn products_of_128_bits() {
        // Python: hex((2**128 - 1)**2) = 0xff…fe 00…01
        assert_eq!(Wide::product(u128::MAX, u128::MAX), wide(u128::MAX - 1, 1));
        // Python: divmod(0x123456789abcdef0fedcba9876543210 * 0xfedcba9876543210123456789abcdef0, 2**128)
        let (a, b) = (0x123456789abcdef0fedcba9876543210, 0xfedcba9876543210123456789abcdef0);
        let expected = wide(0x121fa00ad77d74232273b07252ebd6a9, 0x96ee15736e6cd622236d88fe5618cf00);
        assert_eq!(Wide::product(a, b), expected);
        assert_ne!(Wide::product(a, b + 1), expected);
    }

    #[test]
    fn carries_and_borrows() {
        let x = wide(1, 0).minus(wide(0, 1));
        assert_eq!(x, wide(0, u128::MAX));
        assert_eq!(x.plus(wide(0, 1)), wide(1, 0));
        assert_eq!(wide(0, u128::MAX).times(3), wide(2, u128::MAX - 2));
        assert_eq!(wide(0, 1).minus(wide(1, 0)), Wide::default());
    }

    #[test]
    fn rounds_to_nearest_even() {
        // 2^200 + 2^147 is half-way between two doubles (spacing 2^148 at 2^200): to even is down; one more goes up.
        let half = wide(1 << 72 | 1 << 19, 0);
        assert_eq!(half.to_f64(), libm::ldexp(1.0, 200));
        assert_eq!(half.plus(wide(0, 1)).to_f64(), libm::ldexp(1.0, 200) + libm::ldexp(1.0, 148));
        assert_eq!(wide(u128::MAX, u128::MAX).to_f64(), libm::ldexp(1.0, 256));
        assert_eq!(wide(0, 12345).to_f64(), 12345.0);
    }

    #[test]
    fn sd_without_cancellation() {
        // {b, b + 1, b + 2} has mean b + 1 and sample sd 1 whatever b; in f64, Σx² − n·mean² would be lost at 2^52.
        let mut sums = Sums::default();
        for x in 0..3 {
            sums.add((1 << 52) + x);
        }
        assert_eq!((sums.mean(), sums.sd()), (Some(libm::ldexp(1.0, 52) + 1.0), Some(1.0)));
        let mut other = Sums::default();
        other.add((1 << 52) + 2);
        assert_eq!(sums.without(&other).sd(), Some(0.5f64.sqrt()));
        assert_eq!(sums.without(&other).plus(&other), sums);
        assert!(other.is_constant() && !sums.is_constant());
        assert_eq!((other.sd(), Sums::default().mean()), (None, None));
    }
}
