//! The triangular distribution: two bounds and a most likely value.
//!
//! ```text
//! f(x) = 2(x − lo)/((hi − lo)(mode − lo)) up to the mode, 2(hi − x)/((hi − lo)(hi − mode)) above it
//!                                                              triangular(lo, mode, hi)
//! ```
//!
//! S. Kotz, J. R. van Dorp, Beyond Beta (World Scientific, 2004), chapter 1, doi:10.1142/5720.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "triangular(0, 1, 2)".parse()?;
//! assert_eq!(d, Distribution::Triangular { lo: 0.0, mode: 1.0, hi: 2.0 });
//! assert_eq!(quantile(&d, 0.125), 0.5);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::moded;
use super::family::{Family, Numbers, Syntax};
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "triangular",
    arguments: "lo, mode, hi",
    key: 5,
    parse: |arguments| {
        let n = arguments.numbers(&[3])?;
        Ok(Distribution::Triangular { lo: n[0], mode: n[1], hi: n[2] })
    },
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Triangular {
    pub(super) lo: f64,
    pub(super) mode: f64,
    pub(super) hi: f64,
}

impl Family for Triangular {
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
        Box::new(*self)
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Triangular { lo: number(self.lo), mode: number(self.mode), hi: number(self.hi) }
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
        match (self.lo == 0.0, self.mode == 0.0) {
            (true, true) => 1.0,
            (true, false) => 2.0,
            (false, _) => f64::INFINITY,
        }
    }
}

impl Prepared for Triangular {
    fn at(&self, level: Level) -> f64 {
        let Triangular { lo, mode, hi } = self;
        let rising = (mode - lo) / (hi - lo);
        if level.below < rising {
            lo + (level.below * (hi - lo) * (mode - lo)).sqrt()
        } else if level.below <= level.above {
            // 1 − √(1 − r) without cancellation, for modes at the lower end.
            let r = (level.below - rising) / (1.0 - rising);
            mode + (hi - mode) * r / (1.0 + (1.0 - r).sqrt())
        } else {
            hi - (level.above * (hi - lo) * (hi - mode)).sqrt()
        }
    }

    fn cdf(&self, x: f64) -> Level {
        let Triangular { lo, mode, hi } = self;
        if x <= 0.0 || x <= *lo {
            Level::BOTTOM
        } else if x >= *hi {
            Level::TOP
        } else if x <= *mode {
            let scale = 1.0 / ((hi - lo) * (mode - lo));
            Level {
                below: (x - lo) * (x - lo) * scale,
                above: (hi - mode) / (hi - lo) + (mode - x) * (mode - lo + x - lo) * scale,
            }
        } else {
            let scale = 1.0 / ((hi - lo) * (hi - mode));
            Level {
                below: (mode - lo) / (hi - lo) + (x - mode) * (hi - mode + hi - x) * scale,
                above: (hi - x) * (hi - x) * scale,
            }
        }
    }

    fn density(&self, x: f64) -> f64 {
        let Triangular { lo, mode, hi } = self;
        if x <= *lo || x >= *hi {
            0.0
        } else if x <= *mode {
            2.0 * x * (x - lo) / ((hi - lo) * (mode - lo))
        } else {
            2.0 * x * (hi - x) / ((hi - lo) * (hi - mode))
        }
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend([self.lo, self.mode, self.hi]);
    }
}
