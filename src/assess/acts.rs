//! How shared effects act on a factor: they multiply it, with or without a bound that the product may not pass, or they
//! move it along its own distribution.
//!
//! A bound on a quantity holds for the quantity: for the own part times the shared effects, not for the own part before
//! the effects multiply it. So [`Acts::Below`] cuts the own part at the bound over the shared part of the same draw. The
//! shared effects themselves keep their distribution: a bound defines each model's conditional prior and says nothing of
//! what models have in common.

use std::borrow::Cow;

use crate::portfolio::Distribution;

/// How shared effects act on a factor of distribution X. `S` is the sum of weight · ln GSD · (standard normal) over the
/// effects.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Acts {
    /// They multiply: `X · exp(S)`.
    #[default]
    Multiply,
    /// They multiply, and the product stays below `hi` (in the unit of X): given `S`, X is cut at `hi / exp(S)`. X is
    /// the lognormal without the bound.
    Below {
        /// Above 0.
        hi: f64,
    },
    /// They act on the standard normal that X is drawn by: `z = sqrt(1 − a²) · own + S` with `a² = Var S`, at most 1.
    /// X keeps its distribution and any two such factors have a Gaussian copula.
    Rank,
}

impl Acts {
    /// The distribution of a factor that no shared effect acts on.
    pub fn alone(self, own: &Distribution) -> Cow<'_, Distribution> {
        match (self, own) {
            (Acts::Below { hi }, Distribution::LogNormal { .. }) => {
                Cow::Owned(Distribution::Truncated { inner: Box::new(own.clone()), lo: 0.0, hi })
            }
            _ => Cow::Borrowed(own),
        }
    }
}
