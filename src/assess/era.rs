//! Periods with a tokens prior of their own, and the largest compute that is imputed in each.

use super::acts::Acts;
use super::exposure::Exposure;
use super::lognormal::LogNormal;
use super::priors::names::{self, Fraction, Loadings, Lognormal, Number, Signed};
use super::stated::{active_parameters, flop_per_parameter_and_token};
use super::when;
use crate::portfolio::Distribution;

/// A period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    To2020,
    In2021And2022,
    In2023,
    In2024,
    From2025,
}

/// The priors of training length in an era.
#[derive(Debug, Clone, Copy)]
pub struct TokensPriors {
    /// Tokens at 10 B active parameters.
    pub tokens: Lognormal,
    /// What the uncertainty of their logarithm loads on.
    pub tokens_loadings: Loadings,
    /// Power of the active parameters.
    pub exponent: Signed,
    /// What its uncertainty loads on.
    pub exponent_loadings: Loadings,
    pub bound: Number,
    /// Share among undated models.
    pub weight: Fraction,
}

impl Era {
    pub const ALL: [Era; 5] = [Era::To2020, Era::In2021And2022, Era::In2023, Era::In2024, Era::From2025];

    pub fn of(year: i32) -> Era {
        match year {
            ..=2020 => Era::To2020,
            2021..=2022 => Era::In2021And2022,
            2023 => Era::In2023,
            2024 => Era::In2024,
            2025.. => Era::From2025,
        }
    }

    /// The year in the middle of its models.
    pub fn middle(self) -> f64 {
        match self {
            Era::To2020 => 2020.0,
            Era::In2021And2022 => 2022.0,
            Era::In2023 => 2023.5,
            Era::In2024 => 2024.5,
            Era::From2025 => 2025.75,
        }
    }

    pub fn priors(self) -> TokensPriors {
        use names::tokens::*;
        match self {
            Era::To2020 => TokensPriors {
                tokens: TO_2020,
                tokens_loadings: TO_2020_LOADINGS,
                exponent: TO_2020_EXPONENT,
                exponent_loadings: TO_2020_EXPONENT_LOADINGS,
                bound: TO_2020_BOUND,
                weight: WEIGHT_TO_2020,
            },
            Era::In2021And2022 => TokensPriors {
                tokens: IN_2021_2022,
                tokens_loadings: IN_2021_2022_LOADINGS,
                exponent: IN_2021_2022_EXPONENT,
                exponent_loadings: IN_2021_2022_EXPONENT_LOADINGS,
                bound: IN_2021_2022_BOUND,
                weight: WEIGHT_IN_2021_2022,
            },
            Era::In2023 => TokensPriors {
                tokens: IN_2023,
                tokens_loadings: IN_2023_LOADINGS,
                exponent: IN_2023_EXPONENT,
                exponent_loadings: IN_2023_EXPONENT_LOADINGS,
                bound: IN_2023_BOUND,
                weight: WEIGHT_IN_2023,
            },
            Era::In2024 => TokensPriors {
                tokens: IN_2024,
                tokens_loadings: IN_2024_LOADINGS,
                exponent: IN_2024_EXPONENT,
                exponent_loadings: IN_2024_EXPONENT_LOADINGS,
                bound: IN_2024_BOUND,
                weight: WEIGHT_IN_2024,
            },
            Era::From2025 => TokensPriors {
                tokens: FROM_2025,
                tokens_loadings: FROM_2025_LOADINGS,
                exponent: FROM_2025_EXPONENT,
                exponent_loadings: FROM_2025_EXPONENT_LOADINGS,
                bound: FROM_2025_BOUND,
                weight: WEIGHT_FROM_2025,
            },
        }
    }
}

/// Largest imputed compute: 6·N·D_bound of the era (by default that of the row's year), and the largest disclosed for an
/// open-weight model.
pub fn bound(exposure: Exposure<'_>, era: Option<Era>) -> f64 {
    let priors = exposure.priors;
    let overall = priors.number(names::compute::BOUND_FLOP);
    let era = era.or_else(|| when::year(exposure.model).map(Era::of));
    match (active_parameters(exposure.model), era) {
        (Some(n), Some(era)) => {
            let tokens = priors.number(era.priors().bound);
            overall.min(flop_per_parameter_and_token(exposure.model) * LogNormal::of(n).median * tokens)
        }
        _ => overall,
    }
}

/// A lognormal whose product with shared effects stays below `hi`. A number without a spread stands as it is.
pub fn below(d: Distribution, hi: f64) -> (Distribution, Acts) {
    match d {
        // A median above the bound would leave only a far tail.
        Distribution::LogNormal { median, gsd } => {
            (Distribution::LogNormal { median: median.min(hi), gsd }, Acts::Below { hi })
        }
        d => (d, Acts::Multiply),
    }
}

/// A lognormal cut at `hi` before shared effects multiply it: a part of a mixture whose parts have a bound each.
pub fn truncated(d: Distribution, hi: f64) -> Distribution {
    let (d, acts) = below(d, hi);
    acts.alone(&d).into_owned()
}
