//! The run compared with the exact oracle, and what the integers cost.
//!
//! z of the mean is (m̂ − μ)/(σ/√N), given where the variance is finite. z of the sd is (ŝ − σ)/(σ√((κ − 1)/4N))
//! by the delta method, given only where the kurtosis κ is finite and below N/100: beyond that the sampling
//! distribution of ŝ is so skewed that a correct sampler gives large |z| often. κ is the exact one; where the oracle
//! cannot follow, that of the draws, if their upper tail is light enough (`tail::kurtosis`).

use serde::Serialize;

use crate::engine::draw::accumulate::CEILING;
use crate::engine::{GroupSummary, Summary};

use super::{Oracle, Totals};
use crate::assess::Output;

/// z-scores of the sampled total emissions.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleCheck {
    /// `None` where the variance is not finite, or zero.
    pub z_mean: Option<f64>,
    /// Of the standard deviation.
    pub z_sd: SdCheck,
    /// The same for the mean with correlation ignored.
    pub z_independent_mean: Option<f64>,
}

/// The z-score of the standard deviation, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SdCheck {
    /// The z-score.
    Z(f64),
    /// The kurtosis is too large for this number of draws, or infinite: the oracle's sd is the one to use.
    NotEstimable,
    /// No exact sd to compare with, or no variance at all.
    Undefined,
}

impl SdCheck {
    /// What stands in place of a z-score.
    pub const NOT_ESTIMABLE: &'static str = "sd not estimable by sampling at this N";

    /// Whether the variance of an output with this exact kurtosis can be estimated from so many draws.
    pub fn estimable(kurtosis: f64, draws: u64) -> bool {
        kurtosis < KURTOSIS_PER_DRAW * draws as f64
    }
}

/// Largest kurtosis, as a fraction of the number of draws, at which the sd's z-score is given.
const KURTOSIS_PER_DRAW: f64 = 0.01;

/// Smallest kurtosis with which the sampling error of the sd, sd · √((κ − 1)/4n), is more than the integers' at any number
/// of draws.
const LEAST_KURTOSIS: f64 = 1.01;

/// Compares the total emissions of a run of `draws` draws with their exact moments; `kurtosis` is the exact one, or that
/// of the draws.
pub fn against_oracle(total: &Totals, oracle: &Oracle, kurtosis: Option<f64>, draws: u64) -> OracleCheck {
    let n = draws as f64;
    let positive = |sd: Option<f64>| sd.filter(|sd| *sd > 0.0 && sd.is_finite());
    let z_mean = |mean: Option<f64>, exact: f64, sd: Option<f64>| {
        let (mean, sd) = (mean?, positive(sd)?);
        Some((mean - exact) / (sd / n.sqrt()))
    };
    let z_sd = match (total.emissions_t.sd, positive(oracle.sd_t), kurtosis) {
        // Of two equally likely values the first-order error vanishes, and integer arithmetic is what is left.
        (Some(_), Some(_), Some(kurtosis)) if kurtosis < LEAST_KURTOSIS => SdCheck::Undefined,
        (Some(sampled), Some(sd), Some(kurtosis)) if SdCheck::estimable(kurtosis, draws) => {
            SdCheck::Z((sampled - sd) / (sd * ((kurtosis - 1.0) / (4.0 * n)).sqrt()))
        }
        (Some(_), Some(_), _) => SdCheck::NotEstimable,
        _ => SdCheck::Undefined,
    };
    OracleCheck {
        z_mean: z_mean(total.emissions_t.mean, oracle.mean_t, oracle.sd_t),
        z_sd,
        z_independent_mean: z_mean(total.independent_t.mean, oracle.independent_mean_t, oracle.independent_sd_t),
    }
}

/// Bounds of the relative error of the total emissions that is not sampling error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Discretisation {
    /// Each model's emissions are rounded once per draw to whole counts, half a count at most: so many models times
    /// half a count, relative to the mean total. `None` where the mean is zero.
    pub rounding: Option<f64>,
    /// Tables and fixed-point logarithms, relative, for every value: given by the engine's error budget.
    pub tables: f64,
    /// Their sum.
    pub bound: Option<f64>,
    /// The Monte Carlo standard error of the mean, relative: what the bound must stay far below.
    pub relative_mcse: Option<f64>,
}

/// The bounds for a run whose total emissions are counted in `2^unit`, of so many models that emit; `tables` is the engine's
/// own bound for one value.
pub fn discretisation(total: &Totals, drawn: usize, unit: i32, tables: f64) -> Discretisation {
    let mean = total.emissions_t.mean.filter(|m| *m > 0.0);
    let half_counts = libm::ldexp(drawn as f64, unit - 1);
    let rounding = mean.map(|mean| half_counts / mean);
    Discretisation {
        rounding,
        tables,
        bound: rounding.map(|r| r + tables),
        relative_mcse: mean.zip(total.emissions_t.mcse.mean).map(|(mean, mcse)| mcse / mean),
    }
}

/// Draws at a ceiling. All zero in a run that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Saturated {
    /// Draws of total compute.
    pub compute: u64,
    /// Draws of total IT energy.
    pub it_energy: u64,
    /// Draws of total facility energy.
    pub energy: u64,
    /// Draws of total emissions.
    pub emissions: u64,
    /// Draws of total emissions with every shared effect drawn separately for each model.
    pub independent: u64,
    /// Ratios of sums, of the portfolio and of groups.
    pub atci: u64,
    /// Draws of single models' emissions and ATCI, over all models.
    pub models: u64,
    /// Draws of groups that were not kept draw by draw.
    pub groups: u64,
}

impl Saturated {
    /// Whether any draw is at a ceiling.
    pub fn any(&self) -> bool {
        let Saturated { compute, it_energy, energy, emissions, independent, atci, models, groups } = *self;
        [compute, it_energy, energy, emissions, independent, atci, models, groups].iter().any(|&n| n > 0)
    }
}

/// Counts the draws at a ceiling; `ratios` is the number of those of ATCI, which a summary does not hold.
pub fn saturated(summary: &Summary, ratios: u64, models: u64) -> Saturated {
    let totals = &summary.saturated;
    Saturated {
        compute: totals[Output::Compute as usize],
        it_energy: totals[Output::ItEnergy as usize],
        energy: totals[Output::Energy as usize],
        emissions: totals[Output::Emissions as usize],
        independent: summary.independent_saturated(),
        atci: ratios,
        models,
        groups: summary
            .groups
            .iter()
            .map(|g| match g {
                GroupSummary::Kept { headline: emissions, denominator: compute } => {
                    emissions.iter().chain(compute).filter(|&&count| count >= CEILING).count() as u64
                }
                GroupSummary::Binned { headline: emissions } => emissions.saturated,
            })
            .sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;

    use super::*;
    use crate::engine::Host;

    fn checked(mean: f64, sd: f64, oracle: Oracle, draws: u64) -> OracleCheck {
        let (assessment, plan, summary, _) = example::proportional(64);
        let mut total = super::super::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host).total;
        total.emissions_t.mean = Some(mean);
        total.emissions_t.sd = Some(sd);
        against_oracle(&total, &oracle, oracle.kurtosis, draws)
    }

    fn oracle(sd_t: Option<f64>, kurtosis: Option<f64>) -> Oracle {
        Oracle { mean_t: 100.0, sd_t, kurtosis, ..example::oracle() }
    }

    #[test]
    fn z_scores_by_hand() {
        // N = 10,000, σ = 20: se of the mean 0.2, so 100.5 is z = 2.5. κ = 5: se of the sd 20·√(4/40,000) = 0.2, so
        // 20.3 is z = 1.5.
        let z = checked(100.5, 20.3, oracle(Some(20.0), Some(5.0)), 10_000);
        assert!((z.z_mean.unwrap() - 2.5).abs() < 1e-9, "{z:?}");
        let SdCheck::Z(z_sd) = z.z_sd else { panic!("{z:?}") };
        assert!((z_sd - 1.5).abs() < 1e-9);
    }

    #[test]
    fn two_equally_likely_values_have_no_z() {
        assert_eq!(checked(15.0, 5.0, oracle(Some(5.0), Some(1.0)), 10_000).z_sd, SdCheck::Undefined);
        assert!(matches!(checked(15.0, 5.0, oracle(Some(5.0), Some(1.2)), 10_000).z_sd, SdCheck::Z(_)));
    }

    #[test]
    fn the_condition_on_the_kurtosis() {
        // Given below N/100 = 100 only.
        let at = |kurtosis| checked(100.0, 20.0, oracle(Some(20.0), kurtosis), 10_000).z_sd;
        assert!(matches!(at(Some(99.0)), SdCheck::Z(_)));
        assert_eq!(at(Some(100.0)), SdCheck::NotEstimable);
        assert_eq!(at(None), SdCheck::NotEstimable);
        let infinite = checked(100.0, 20.0, oracle(None, None), 10_000);
        assert_eq!((infinite.z_mean, infinite.z_sd), (None, SdCheck::Undefined));
    }

    #[test]
    fn rounding_is_half_a_count_per_model() {
        let (assessment, plan, summary, oracle) = example::proportional(64);
        let p = super::super::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let d = p.discretisation;
        let count = libm::ldexp(1.0, plan.unit(Output::Emissions as usize));
        let want = plan.models.len() as f64 * count / 2.0 / p.total.emissions_t.mean.unwrap();
        assert!((d.rounding.unwrap() / want - 1.0).abs() < 1e-12);
        assert_eq!(d.bound, Some(d.rounding.unwrap() + example::OPTIONS.discretisation_bound));
    }

    #[test]
    fn saturation_is_told() {
        let (_, _, mut summary, _) = example::proportional(64);
        assert!(!saturated(&summary, 0, 0).any());
        *summary.saturated.last_mut().unwrap() = 2;
        let s = saturated(&summary, 1, 3);
        assert_eq!((s.independent, s.models, s.atci, s.any()), (2, 3, 1, true));
    }
}
