//! The PERT distribution: a beta on `[lo, hi]` with mean `(lo + 4 mode + hi)/6`, smoother than a triangle.
//!
//! ```text
//! beta with a = 1 + 4(mode − lo)/(hi − lo), b = 1 + 4(hi − mode)/(hi − lo)          pert(lo, mode, hi)
//! ```
//!
//! D. G. Malcolm, J. H. Roseboom, C. E. Clark, W. Fazar, Oper. Res. 7 (1959) 646–669, doi:10.1287/opre.7.5.646.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, moments::raw_moment};
//!
//! let d: Distribution = "pert(0, 1, 8)".parse()?;
//! assert_eq!(d, Distribution::Pert { lo: 0.0, mode: 1.0, hi: 8.0 });
//! assert!((raw_moment(&d, 1).unwrap() - 2.0).abs() < 1e-12);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::beta::Beta;
use super::check::moded;
use super::family::{Family, Numbers, Syntax};
use super::quantile::Prepared;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "pert",
    arguments: "lo, mode, hi",
    key: 6,
    parse: |arguments| {
        let n = arguments.numbers(&[3])?;
        Ok(Distribution::Pert { lo: n[0], mode: n[1], hi: n[2] })
    },
};

pub(super) struct Pert {
    pub(super) lo: f64,
    pub(super) mode: f64,
    pub(super) hi: f64,
}

impl Pert {
    fn beta(&self) -> Beta {
        let Pert { lo, mode, hi } = *self;
        let (a, b) = (1.0 + 4.0 * (mode - lo) / (hi - lo), 1.0 + 4.0 * (hi - mode) / (hi - lo));
        Beta { a, b, lo, hi }
    }
}

impl Family for Pert {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.lo, self.mode, self.hi])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        moded(self.lo, self.mode, self.hi)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        self.beta().prepared()
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Pert { lo: number(self.lo), mode: number(self.mode), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.hi)
    }

    fn ends(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }

    fn reaches_zero(&self) -> bool {
        self.lo == 0.0 && self.mode == 0.0
    }

    fn order_at_zero(&self) -> f64 {
        self.beta().order_at_zero()
    }

    fn closed_moment(&self, power: i32) -> Option<f64> {
        self.beta().closed_moment(power)
    }
}
