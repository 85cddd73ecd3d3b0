//! The exact answer beside the sampled one: mean, variance and variance shares of total emissions in closed form.
//!
//! The first-order index of a group of factors is V_u / V, its total index 1 − V_{not u} / V, with V_u of
//! [`super::closed`] (Hoeffding's decomposition of a product; Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6).

use super::closed::{Closed, Inputs};
use super::kurtosis::kurtosis;
use super::terms::{Known, products};
use super::{Oracle, VarianceShare};
use crate::assess::Assessment;
use crate::portfolio::Factor;

/// The factors in the order they are told.
pub const FACTORS: [Factor; 6] =
    [Factor::Compute, Factor::Efficiency, Factor::Pue, Factor::Grid, Factor::Reporting, Factor::Lineage];

/// Why there is no variance to share.
pub const NO_SECOND_MOMENT: &str = "a factor's reciprocal or tail has no finite second moment";

/// V_u of the factors that `of` lets through, with the shared effects on them.
pub fn of_factors(closed: &Closed<'_>, assessment: &Assessment, of: &dyn Fn(Factor) -> bool) -> Option<f64> {
    let shared = |e: usize| assessment.shared.get(e).is_some_and(|e| of(e.factor));
    closed.variance(Inputs { shared: &shared, own: &|slot| of(slot.factor()) })
}

/// Computes the oracle of an assessment.
pub fn oracle(assessment: &Assessment) -> Oracle {
    let products = match products(assessment, &mut Known::default()) {
        Ok(products) => products,
        Err(reason) => {
            return Oracle {
                mean_t: f64::NAN,
                sd_t: None,
                kurtosis: None,
                independent_mean_t: f64::NAN,
                independent_sd_t: None,
                groups: vec![],
                reason: Some(reason),
            };
        }
    };
    // From a positive zero: `sum` of nothing is −0.
    let mean_t = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let closed = Closed::new(&assessment.shared, &products);
    let variance = closed.variance(Inputs::ALL).map(|v| told(v, mean_t));
    let reason = variance.is_none().then(|| NO_SECOND_MOMENT.to_string());
    let shares = |variance: f64| -> Vec<VarianceShare> {
        if variance <= 0.0 {
            return vec![];
        }
        let share = |factor: Factor| {
            let alone = of_factors(&closed, assessment, &|f| f == factor)?;
            let others = of_factors(&closed, assessment, &|f| f != factor)?;
            Some(VarianceShare {
                name: factor.name().to_string(),
                first_order: alone / variance,
                total: 1.0 - others / variance,
            })
        };
        let shares: Option<Vec<VarianceShare>> = FACTORS.into_iter().map(share).collect();
        shares.unwrap_or_default()
    };
    Oracle {
        mean_t,
        sd_t: variance.map(libm::sqrt),
        kurtosis: variance.filter(|v| *v > 0.0).and_then(|_| kurtosis(assessment, &products)),
        independent_mean_t: mean_t,
        independent_sd_t: closed.independent_variance().map(|v| libm::sqrt(told(v, mean_t))),
        groups: variance.map_or(vec![], shares),
        reason,
    }
}

/// A variance, or zero where it is only what is left of 1 − 1 in f64. Ratios of moments are good to some 1e-15, so a
/// relative sd below 1e-7 cannot be told from none; the integer arithmetic cannot show it either.
pub fn told(variance: f64, mean_t: f64) -> f64 {
    if variance <= 1e-14 * mean_t * mean_t { 0.0 } else { variance }
}
