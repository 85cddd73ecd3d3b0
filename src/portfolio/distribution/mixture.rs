//! A mixture: one of several distributions, each with a probability ("either measured, or a default").
//!
//! ```text
//! P(X ≤ x) = Σ wᵢ Pᵢ(X ≤ x)          mixture(w: dist, w: dist, …)
//! ```
//!
//! G. J. McLachlan, D. Peel, Finite Mixture Models (Wiley, 2000), doi:10.1002/0471721182.
//!
//! Its quantiles have no closed form: see `inversion`.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "mixture(0.25: 0, 0.75: uniform(1, 2))".parse()?;
//! assert_eq!(quantile(&d, 0.2), 0.0);
//! assert!((quantile(&d, 0.625) - 1.5).abs() < 1e-12);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{fail, nested};
use super::family::{Family, Numbers, Style, Syntax, Words};
use super::inversion::Inverted;
use super::moments::{Power, order_at_zero, partial, raw_moment};
use super::quantile::Prepared;
use crate::portfolio::number::{Decimal, number};
use crate::portfolio::problem::{CellError, shorten};

const MAX_PARTS: usize = 1000;
/// Weights within this of 1 are taken for rounded and are normalised by the reader.
const WEIGHT_SLACK: f64 = 1e-6;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "mixture",
    arguments: "w: dist, …",
    key: 11,
    parse: |arguments| {
        let mut parts = Vec::with_capacity(arguments.items.len());
        for argument in &arguments.items {
            let Some((weight, part)) = argument.split_once(':') else {
                return Err(CellError::new(
                    format!("the part {} of a mixture has no weight", shorten(argument)),
                    "write mixture(0.7: dist, 0.3: dist)",
                ));
            };
            parts.push((number(weight)?, arguments.inner(part)?));
        }
        // Rounded weights (0.333, 0.333, 0.334 sum exactly; 1e-6 off is rounding) are brought to 1; sums that
        // differ by the rounding of f64 alone are left, so that what is written back reads as the same bits.
        let sum: f64 = parts.iter().map(|(w, _)| w).sum();
        let off = (sum - 1.0).abs();
        if off > 1e-12 && off <= WEIGHT_SLACK {
            parts.iter_mut().for_each(|(w, _)| *w /= sum);
        }
        Ok(Distribution::Mixture(parts))
    },
};

pub(super) struct Mixture<'d>(pub(super) &'d [(f64, Distribution)]);

impl Mixture<'_> {
    fn total(&self) -> f64 {
        self.0.iter().map(|(w, _)| w).sum()
    }
}

impl Family for Mixture<'_> {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        self.0.iter().map(|(w, _)| *w).collect()
    }

    fn check(&self, depth: usize) -> Result<(), CellError> {
        let parts = self.0;
        if parts.is_empty() {
            return fail("a mixture without parts", "write mixture(0.7: dist, 0.3: dist)");
        }
        if parts.len() > MAX_PARTS {
            return fail(
                format!("a mixture of {} parts", parts.len()),
                format!("at most {MAX_PARTS}; use empirical(file) for many values"),
            );
        }
        for (weight, part) in parts {
            if weight.is_nan() || *weight <= 0.0 || *weight > 1.0 + WEIGHT_SLACK {
                return fail(
                    format!("the weight {} is not between 0 and 1", Decimal(*weight)),
                    "weights are positive and sum to 1; leave out a part that cannot occur",
                );
            }
            nested(part, depth + 1)?;
        }
        let sum = self.total();
        if (sum - 1.0).abs() > WEIGHT_SLACK {
            let scaled: Vec<String> = parts.iter().map(|(w, _)| format!("{:.4}", w / sum)).collect();
            let scaled = if scaled.len() <= 6 {
                format!("in the same proportions: {}", scaled.join(", "))
            } else {
                String::new()
            };
            return fail(format!("the weights sum to {sum:.6}, not 1"), format!("make them sum to 1 {scaled}"));
        }
        Ok(())
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Inverted::new(self.0))
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Mixture(self.0.iter().map(|(w, d)| (*w, d.family(|f| f.mapped(number)))).collect())
    }

    fn scale(&self) -> Option<f64> {
        self.0.iter().find_map(|(_, part)| part.family(|f| f.scale()))
    }

    fn ends(&self) -> (f64, f64) {
        self.0
            .iter()
            .map(|(_, part)| part.ends())
            .fold((f64::INFINITY, 0.0), |(lo, hi), (from, to)| (f64::min(lo, from), f64::max(hi, to)))
    }

    fn reaches_zero(&self) -> bool {
        self.0.iter().any(|(_, part)| part.reaches_zero())
    }

    fn order_at_zero(&self) -> f64 {
        self.0.iter().map(|(_, part)| order_at_zero(part)).fold(f64::INFINITY, f64::min)
    }

    fn closed_moment(&self, power: i32) -> Option<f64> {
        let total = self.total();
        let mut sum = 0.0;
        for (weight, part) in self.0 {
            sum += weight / total * raw_moment(part, power)?;
        }
        Some(sum)
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        let total = self.total();
        self.0.iter().map(|(weight, part)| weight / total * partial(part, g, lo, hi)).sum()
    }

    fn visit_parts(&self, seen: &mut dyn FnMut(&Distribution)) {
        self.0.iter().for_each(|(_, part)| part.visit(seen));
    }

    fn written(&self, style: &Style) -> String {
        let part = |(weight, part): &(f64, Distribution)| {
            format!("{}: {}", (style.number)(*weight), part.family(|f| f.written(style)))
        };
        format!("{}({})", SYNTAX.name, self.0.iter().map(part).collect::<Vec<_>>().join(", "))
    }

    fn spell(&self, words: &mut Words) {
        words.extend([SYNTAX.key, self.0.len() as u64]);
        for (weight, part) in self.0 {
            words.push(weight.to_bits());
            part.family(|f| f.spell(words));
        }
    }
}
