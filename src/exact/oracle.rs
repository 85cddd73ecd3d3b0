//! The exact counterpart of the sampled result: mean, variance and variance shares of total emissions in closed form.
//!
//! The first-order index of a group of factors is V_u / V, its total index 1 − V_{not u} / V, with V_u of
//! [`super::closed`] (Hoeffding's decomposition of a product; Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6).

use rayon::prelude::*;

use super::closed::{Closed, Inputs};
pub use super::oracle_sums::Moments;
use crate::assess::Assessment;
use crate::engine::stats::sensitivity::Components;
use crate::portfolio::{Factor, Run};

/// Exact moments of the total's emissions and the variance shares of the factors, without sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Oracle {
    /// Mean of the total's emissions, in t; NaN where a factor has no finite mean.
    pub mean_t: f64,
    /// `None`: the variance is infinite or unknown, with the reason below.
    pub sd_t: Option<f64>,
    /// Fourth central moment over the squared variance; `None` where infinite or unknown.
    pub kurtosis: Option<f64>,
    /// Mean and sd with every shared effect drawn separately for each model.
    pub independent_mean_t: f64,
    /// Standard deviation with every shared effect drawn separately for each model, in t; `None` where infinite or
    /// unknown.
    pub independent_sd_t: Option<f64>,
    /// Variance shares by factor, in the order they are reported; empty where there is no variance.
    pub groups: Vec<VarianceShare>,
    /// Why there is no standard deviation; `None` where there is one.
    pub reason: Option<String>,
}

/// Sobol' indices of one factor.
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceShare {
    /// Name of the factor.
    pub name: String,
    /// First-order index: the share that the factor explains alone.
    pub first_order: f64,
    /// Total index: the share that would remain if all other factors were known.
    pub total: f64,
    /// Shapley effect: its share with the interactions divided up.
    pub shapley: f64,
}

/// The factors in the order they are reported.
pub const FACTORS: [Factor; 7] = [
    Factor::Compute,
    Factor::Efficiency,
    Factor::Pue,
    Factor::Grid,
    Factor::Reporting,
    Factor::Lineage,
    Factor::Development,
];

/// Those of an assessment: the last is there only where the development is counted, as each doubles the number of sets.
pub fn factors(assessment: &Assessment) -> &'static [Factor] {
    match assessment.scope.run {
        Run::Development => &FACTORS,
        Run::Final => FACTORS.split_last().map_or(&[], |(_, others)| others),
    }
}

/// Why there is no variance to share.
pub const NO_SECOND_MOMENT: &str = "a factor's reciprocal or tail has no finite second moment";

/// V_u of the factors that `of` lets through, with the shared effects on them.
pub fn of_factors(closed: &Closed<'_>, assessment: &Assessment, of: &dyn Fn(Factor) -> bool) -> Option<f64> {
    let shared = |e: usize| assessment.shared.get(e).is_some_and(|e| of(e.factor));
    closed.variance(Inputs { shared: &shared, own: &|slot| of(slot.factor()) })
}

/// The parts of the variance that are owed to sets of factors, factor k with bit k; `None` where one is infinite.
pub fn components(closed: &Closed<'_>, assessment: &Assessment) -> Option<Components> {
    let factors = factors(assessment);
    let has = |union: usize, factor: Factor| factors.iter().zip(0..).any(|(f, k)| *f == factor && union >> k & 1 == 1);
    let number = |factor: Factor| factors.iter().position(|f| *f == factor);
    let at_once = closed.variances(&|effect| number(effect.factor), &|slot| number(slot.factor()), factors.len())?;
    if let Some(parts) = at_once {
        return Some(explained(factors.len(), parts));
    }
    // Each sum is formed in one order, whatever the number of threads.
    let unions = (0..1usize << factors.len()).into_par_iter();
    let parts = unions.map(|union| of_factors(closed, assessment, &|f| has(union, f))).collect::<Option<_>>()?;
    Some(explained(factors.len(), parts))
}

/// From what each union explains to what only the whole of it does (Möbius), one factor after another.
pub(super) fn explained(factors: usize, mut parts: Vec<f64>) -> Components {
    for k in 0..factors {
        for union in (0..parts.len()).filter(|union| union >> k & 1 == 1) {
            parts[union] -= parts[union ^ 1 << k];
        }
    }
    Components::new(factors, |union| parts[union])
}

/// Computes the oracle of an assessment.
pub fn oracle(assessment: &Assessment) -> Oracle {
    let mut moments = Moments::new(assessment);
    moments.add(&assessment.models);
    moments.finish(&|model| assessment.models.get(model).map_or(String::new(), |m| m.id.clone()))
}

/// A variance, or zero where it is only what is left of 1 − 1 in f64. Ratios of moments are good to some 1e-15, so a
/// relative sd below 1e-7 cannot be distinguished from none; the integer arithmetic cannot show it either.
pub fn resolved(variance: f64, mean_t: f64) -> f64 {
    if variance <= 1e-14 * mean_t * mean_t { 0.0 } else { variance }
}
