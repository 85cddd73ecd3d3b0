//! The standard normal distribution in `f64`, the same bits on every host.
//!
//! A probability is always held as a [`Level`]: both the part below and the part above, each with its own relative
//! accuracy, so that neither tail is lost to `1 − p`.
//!
//! Source of the inverse: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution",
//! Applied Statistics 37 (1988) 477–484, doi:10.2307/2347330 (routine PPND16, about 1 part in 10^16).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A cumulative probability, held from both ends: `below + above = 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Probability below.
    pub below: f64,
    /// Probability above.
    pub above: f64,
}

impl Level {
    /// Nothing below.
    pub const BOTTOM: Level = Level { below: 0.0, above: 1.0 };
    /// Nothing above.
    pub const TOP: Level = Level { below: 1.0, above: 0.0 };

    /// `Φ(z)` and `1 − Φ(z)`: the smaller by `erfc`, whose complement is then exact to the last bit.
    pub fn at_z(z: f64) -> Level {
        let tail = 0.5 * libm::erfc(z.abs() * FRAC_1_SQRT_2);
        if z < 0.0 { Level { below: tail, above: 1.0 - tail } } else { Level { below: 1.0 - tail, above: tail } }
    }

    /// `p` below; the upper tail has only the absolute accuracy of `1 − p`.
    pub fn below(p: f64) -> Level {
        Level { below: p, above: 1.0 - p }
    }

    /// `Φ⁻¹`; infinite at the ends.
    pub fn z(self) -> f64 {
        if self.below <= self.above { lower_z(self.below) } else { -lower_z(self.above) }
    }

    /// Whether this level is at or below `other`, decided in the tail where the two differ most clearly.
    pub fn at_most(self, other: Level) -> bool {
        if self.below <= self.above { self.below <= other.below } else { self.above >= other.above }
    }
}

/// The density `φ(z)`.
pub fn density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt()
}

/// `Φ⁻¹(p)` for p ≤ ½.
fn lower_z(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let q = p - 0.5;
    if q >= -0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&A, r) / polynomial(&B, r);
    }
    let r = (-libm::log(p)).sqrt();
    if r <= 5.0 {
        let r = r - 1.6;
        -polynomial(&C, r) / polynomial(&D, r)
    } else {
        let r = r - 5.0;
        -polynomial(&E, r) / polynomial(&F, r)
    }
}

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

// Coefficients of PPND16, lowest power first, shortest decimals of the same `f64`.
const A: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const B: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const F: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];
