//! Integers to means, intervals and shares: what the draws say, with the error of every number.
//!
//! `intensity` forms ATCI and its decomposition, `trend` the growth over years, `concentration` says how few models
//! matter, `check` compares the run with the exact oracle and bounds what the integers cost. `grouping` says what a
//! portfolio is decomposed by, `sampled` takes in the draws for it, `ranked` has the shared effects, `rerun` the interval
//! that a disclosure would leave. The estimators, which know nothing of a portfolio, are in [`crate::engine::stats`];
//! what needs no draws is in [`crate::exact`].
//!
//! Floats first appear here, computed one output at a time in a fixed order and through `libm`: the same summary
//! gives the same bytes on every host and with any number of threads.

pub mod check;
pub mod concentration;
pub mod counts;
pub mod families;
pub mod grouping;
pub mod intensity;
pub mod joint;
pub mod ranked;
pub mod rerun;
pub mod sampled;
pub mod thresholds;
pub mod trend;

use rayon::prelude::*;

use crate::assess::{Assessment, OUTPUTS, Output, Tier};
use crate::compile::{self, Group};
use crate::engine::plan::Plan;
use crate::engine::{GroupSummary, ModelSummary, Reduce, Summary};

use crate::engine::stats::estimate;
pub use crate::engine::stats::estimate::{Estimate, Mcse, Scale};
use crate::engine::stats::order::Draws;
pub use crate::engine::stats::precision::Precision;
use crate::engine::stats::ratio::{Ratios, Side};
use crate::engine::stats::{ratio, single, tail};
pub use crate::exact::oracle::{Oracle, VarianceShare};
pub use check::{Discretisation, OracleCheck, Saturated, SdCheck};
pub use concentration::{Concentration, TierShare};

/// Emissions are drawn in t; carbon intensities are reported in kg.
const KG_PER_T: f64 = 1000.0;

/// What was asked for, and what the stages before know of their own error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Level of the credible intervals, in (0, 1).
    pub interval: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Largest relative error of one model's value by the engine's tables and fixed-point logarithms.
    pub discretisation_bound: f64,
}

/// Everything the report says in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Seed of the run.
    pub seed: u64,
    /// Number of draws.
    pub draws: u64,
    /// How precisely the total emissions' interval is known.
    pub precision: Precision,
    /// Level of all intervals.
    pub level: f64,
    /// The whole portfolio.
    pub total: Totals,
    /// Outputs that were asked for and are no part of the total.
    pub further: Vec<(Output, Estimate)>,
    /// Sorted by id, as in the assessment.
    pub models: Vec<ModelPosterior>,
    /// Sorted by (by, value).
    pub groups: Vec<GroupPosterior>,
    /// How few models decide the total.
    pub concentration: Concentration,
    /// The exact moments and variance shares of the total emissions.
    pub oracle: Oracle,
    /// The sampled analysis, where it was asked for.
    pub sampled: Option<sampled::Sampled>,
    /// The sampled total emissions compared with the exact ones.
    pub check: OracleCheck,
    /// k̂ of the upper tail of the total emissions; `None` where there is none to fit.
    pub pareto_k: Option<f64>,
    /// Bounds of the error that is not sampling error.
    pub discretisation: Discretisation,
    /// Draws at a ceiling.
    pub saturated: Saturated,
    /// Draws without any compute, which have no ATCI.
    pub draws_without_compute: u64,
    /// Number of warnings about the input.
    pub warnings: usize,
}

/// The whole portfolio.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Models that every output, energy and ATCI included, runs over.
    pub models: usize,
    /// Emissions, in t.
    pub emissions_t: Estimate,
    /// With every shared effect drawn separately for each model.
    pub independent_t: Estimate,
    /// Compute, in EFLOP.
    pub compute_eflop: Estimate,
    /// IT energy, in kWh.
    pub it_energy_kwh: Estimate,
    /// Facility energy, in kWh.
    pub energy_kwh: Estimate,
    /// ATCI, in kgCO2e/EFLOP: emissions over compute in every draw.
    pub atci_kg_per_eflop: Estimate,
    /// The three ratios whose product is ATCI, draw by draw.
    pub it_energy_kwh_per_eflop: Estimate,
    /// Facility energy over IT energy.
    pub energy_per_it_energy: Estimate,
    /// Emissions over facility energy, in kgCO2e/kWh.
    pub emissions_kg_per_kwh: Estimate,
}

/// What the draws say of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPosterior {
    /// The model's id.
    pub id: String,
    /// How much of the chain its row states.
    pub tier: Tier,
    /// Emissions, in t.
    pub emissions_t: Estimate,
    /// ATCI, in kgCO2e/EFLOP.
    pub atci_kg_per_eflop: Estimate,
    /// Share of the mean total emissions; `None` where that is zero.
    pub share: Option<f64>,
}

/// What the draws say of the models with one value of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPosterior {
    /// The column.
    pub by: String,
    /// The value.
    pub value: String,
    /// Number of models.
    pub models: usize,
    /// Emissions, in t.
    pub emissions_t: Estimate,
    /// `None` for groups that were not kept draw by draw.
    pub compute_eflop: Option<Estimate>,
    /// ATCI, in kgCO2e/EFLOP; `None` for groups that were not kept draw by draw.
    pub atci_kg_per_eflop: Option<Estimate>,
    /// Share of the mean total emissions.
    pub share: Option<f64>,
}

/// What the draws say of single models: emissions in t and ATCI in kgCO2e/EFLOP, in the order of the plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Singles {
    estimates: Vec<(Estimate, Estimate)>,
    /// Draws of single models at a ceiling.
    saturated: u64,
}

impl Singles {
    /// Adds the next models of a plan, by the sums and bins of so many draws.
    pub fn add(&mut self, plan: &Plan, summaries: &[ModelSummary], draws: u64, level: f64) {
        let first = self.estimates.len();
        // Each model is computed on its own; `collect` keeps their order.
        let models = summaries.par_iter().zip(plan.models.get(first..).unwrap_or(&[]));
        self.estimates.par_extend(models.map(|(summary, plan)| {
            let emissions = single::of_moments(&summary.headline, plan.headline, draws, level, 1.0);
            let atci = single::of_moments(&summary.ratio, plan.ratio, draws, level, KG_PER_T);
            (emissions, atci)
        }));
        self.saturated += summaries.iter().map(|m| m.headline.saturated + m.ratio.saturated).sum::<u64>();
    }
}

/// The posterior of a run. `summary` is a run of `plan`, and `plan` was compiled from `assessment`, model by model
/// and group by group in the same order. `reduce` sorts and divides the kept draws.
pub fn posterior(
    assessment: &Assessment,
    plan: &Plan,
    summary: &Summary,
    oracle: &Oracle,
    options: &Options,
    reduce: &dyn Reduce,
) -> Posterior {
    let mut singles = Singles::default();
    let draws = summary.draws.end.saturating_sub(summary.draws.start);
    singles.add(plan, &summary.models, draws, options.interval);
    posterior_with(assessment, plan, summary, singles, oracle, options, reduce)
}

/// The same where the single models have been taken out of the summary.
pub fn posterior_with(
    assessment: &Assessment,
    plan: &Plan,
    summary: &Summary,
    singles: Singles,
    oracle: &Oracle,
    options: &Options,
    reduce: &dyn Reduce,
) -> Posterior {
    let level = options.interval;
    let first = summary.draws.start;
    let draws = summary.draws.end.saturating_sub(first);

    // One sorted copy at a time: 8 bytes per draw each.
    let side = |output: usize| Side { counts: &summary.totals[output], unit: plan.unit(output) };
    let kept = |output: usize| of_side(reduce, side(output), first, level);
    let [compute, it_energy, energy, emissions] = Output::ALL.map(|o| o as usize);
    let (carbon, counted) = intensity::intensity(intensity::Chain::of(plan, summary), level, reduce);
    let total = Totals {
        models: assessment.models.len(),
        emissions_t: kept(emissions),
        independent_t: kept(plan.independent()),
        compute_eflop: kept(compute),
        it_energy_kwh: kept(it_energy),
        energy_kwh: kept(energy),
        atci_kg_per_eflop: carbon.atci_kg_per_eflop,
        it_energy_kwh_per_eflop: carbon.it_energy_kwh_per_eflop,
        energy_per_it_energy: carbon.energy_per_it_energy,
        emissions_kg_per_kwh: carbon.emissions_kg_per_kwh,
    };

    let outputs = assessment.outputs().enumerate().skip(OUTPUTS);
    let further = outputs.map(|(index, output)| (output, kept(index))).collect();
    let (groups, saturated_in_groups) = groups(assessment, plan, summary, level, total.emissions_t.mean, reduce);
    let saturated_models = singles.saturated;
    let (models, concentration) = models(assessment, singles);

    let drawn = summary.totals[emissions].iter().map(|&y| y as f64);
    let kurtosis = oracle.kurtosis.or_else(|| tail::kurtosis(drawn.clone()));

    Posterior {
        seed: options.seed,
        draws,
        precision: Precision::reached(&total.emissions_t, draws),
        level,
        models,
        groups,
        concentration,
        check: check::against_oracle(&total, oracle, kurtosis, draws),
        pareto_k: tail::pareto_k(drawn.clone(), drawn.len()),
        oracle: oracle.clone(),
        sampled: None,
        further,
        discretisation: check::discretisation(&total, plan, options.discretisation_bound),
        saturated: check::saturated(summary, counted.saturated + saturated_in_groups, saturated_models),
        draws_without_compute: counted.without_compute,
        warnings: assessment.warnings.iter().filter(|w| !w.is_note()).count(),
        total,
    }
}

/// The groups, and the ratios among them that reached their ceiling.
fn groups(
    assessment: &Assessment,
    plan: &Plan,
    summary: &Summary,
    level: f64,
    mean_t: Option<f64>,
    reduce: &dyn Reduce,
) -> (Vec<GroupPosterior>, u64) {
    let first = summary.draws.start;
    let draws = summary.draws.end.saturating_sub(first);
    let mut members = vec![0; plan.groups.len()];
    for &group in plan.models.iter().flat_map(|m| &m.groups) {
        if let Some(members) = members.get_mut(group as usize) {
            *members += 1;
        }
    }
    let (mut groups, mut saturated) = (Vec::new(), 0);
    let named = compile::groups(assessment).into_iter().zip(members);
    for ((Group { by, value }, models), (group_plan, group)) in named.zip(plan.groups.iter().zip(&summary.groups)) {
        let (emissions_t, compute_eflop, atci_kg_per_eflop) = match group {
            GroupSummary::Kept { headline: emissions, denominator: compute } => {
                let over = Side { counts: emissions, unit: group_plan.headline.unit };
                let under = Side { counts: compute, unit: group_plan.denominator.unit };
                let atci = ratio::ratios(reduce, over, under, group_plan.ratio_shift, first);
                saturated += atci.saturated;
                let atci = of_ratios(atci, level, KG_PER_T);
                (of_side(reduce, over, first, level), Some(of_side(reduce, under, first, level)), Some(atci))
            }
            GroupSummary::Binned { headline: emissions } => {
                (single::of_moments(emissions, group_plan.headline, draws, level, 1.0), None, None)
            }
        };
        let share = concentration::ratio(emissions_t.mean, mean_t);
        groups.push(GroupPosterior { by, value, models, emissions_t, compute_eflop, atci_kg_per_eflop, share });
    }
    (groups, saturated)
}

/// The models, and how few of them matter.
fn models(assessment: &Assessment, Singles { estimates, .. }: Singles) -> (Vec<ModelPosterior>, Concentration) {
    let means: Vec<f64> = estimates.iter().map(|(e, _)| e.mean.unwrap_or(0.0)).collect();
    let tiers: Vec<Tier> = assessment.models.iter().map(|m| m.tier).collect();
    let shares = concentration::shares(&means);
    let models = assessment
        .models
        .iter()
        .zip(estimates)
        .zip(shares.iter().copied().map(Some).chain(std::iter::repeat(None)))
        .map(|((model, (emissions_t, atci_kg_per_eflop)), share)| ModelPosterior {
            id: model.id.clone(),
            tier: model.tier,
            emissions_t,
            atci_kg_per_eflop,
            share,
        })
        .collect();
    (models, concentration::concentration(&shares, &tiers))
}

fn of_side(reduce: &dyn Reduce, side: Side, first: u64, level: f64) -> Estimate {
    let draws = Draws::new(reduce, (first..).zip(side.counts.iter().copied()));
    estimate::of_draws(&draws, level, Scale::power_of_two(side.unit))
}

/// The estimates of ratios, times a factor.
pub(crate) fn of_ratios(ratios: Ratios, level: f64, factor: f64) -> Estimate {
    estimate::of_draws(&ratios.draws, level, Scale { exponent: ratios.exponent, factor })
}

#[cfg(test)]
pub(crate) mod example;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;

    fn close(got: Option<f64>, want: f64, relative: f64) -> bool {
        (got.unwrap() / want - 1.0).abs() < relative
    }

    #[test]
    fn units_and_ratios() {
        // Every draw of the example has E_IT = C·0.4 kWh/EFLOP, E = E_IT·1.25, G = E·0.5 kg/kWh, so that
        // ATCI = 0.4·1.25·0.5 = 0.25 kg/EFLOP, whatever the compute.
        let (assessment, plan, summary, oracle) = example::proportional(5_000);
        let p = posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let t = &p.total;
        for (estimate, want) in [
            (&t.atci_kg_per_eflop, 0.25),
            (&t.it_energy_kwh_per_eflop, 0.4),
            (&t.energy_per_it_energy, 1.25),
            (&t.emissions_kg_per_kwh, 0.5),
        ] {
            assert!(close(estimate.mean, want, 1e-6) && close(estimate.median, want, 1e-6), "{want}: {estimate:?}");
            assert!(!close(estimate.mean, want * 1.001, 1e-6));
        }
        assert!(close(t.energy_kwh.mean, 1.25 * t.it_energy_kwh.mean.unwrap(), 1e-6));
        assert!(close(t.emissions_t.mean, 0.0005 * t.energy_kwh.mean.unwrap(), 1e-6));
    }

    #[test]
    fn threads_do_not_matter() {
        let (assessment, plan, summary, oracle) = example::lognormal(20, 4_000);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host))
        };
        let (one, three) = (on(1), on(3));
        assert_eq!(one, three);
        let mut other = summary.clone();
        other.totals[3][17] += 1;
        assert_ne!(one, posterior(&assessment, &plan, &other, &oracle, &example::OPTIONS, &Host));
    }

    #[test]
    fn kept_and_binned_groups_agree() {
        let (assessment, plan, summary, oracle) = example::lognormal(20, 20_000);
        let kept = posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let binned_summary = example::binned(&plan, &summary);
        let binned = posterior(&assessment, &plan, &binned_summary, &oracle, &example::OPTIONS, &Host);
        assert!(!kept.groups.is_empty());
        for (a, b) in kept.groups.iter().zip(&binned.groups) {
            let members = assessment.models.iter().filter(|m| m.labels[&a.by] == a.value).count();
            assert_eq!((a.models, b.models), (members, members));
            assert_eq!((&a.by, &a.value, a.emissions_t.mean), (&b.by, &b.value, b.emissions_t.mean));
            assert!(close(a.emissions_t.median, b.emissions_t.median.unwrap(), 3e-3), "{a:?} {b:?}");
            assert!(!close(a.emissions_t.median, b.emissions_t.median.unwrap() * 1.01, 3e-3));
            assert!(a.compute_eflop.is_some() && b.compute_eflop.is_none());
        }
    }
}
