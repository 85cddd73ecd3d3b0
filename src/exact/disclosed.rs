//! The interval that a disclosure leaves, as [`Disclosure`](super::disclosure::Disclosure) holds it once it was drawn.

use serde::Serialize;

/// The interval of the total's emissions that a disclosure leaves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disclosed {
    /// Equal-tailed, in t: without the disclosure, from the same draws.
    pub now_t: [f64; 2],
    /// Mean of each end over the values.
    pub expected_t: [f64; 2],
    /// Monte Carlo standard error of each mean.
    pub mcse_t: [f64; 2],
    /// With the figure at its median.
    pub at_median_t: [f64; 2],
    /// The fall of the variance with the figure at its median, over the variance.
    pub share_at_median: f64,
    /// One for each value of the figure that the run was repeated at.
    pub values: Vec<AtValue>,
}

/// One value of the figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtValue {
    /// Probability.
    pub share: f64,
    /// The model's expected emissions with this figure over those without it.
    pub relative: f64,
    /// Equal-tailed, in t.
    pub interval_t: [f64; 2],
}
