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

use std::io;

use rayon::prelude::*;

use crate::assess::{Assessment, OUTPUTS, Output, Tier};
use crate::compile::{self, Group};
use crate::engine::plan::{Header, ModelPlan, Plan};
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
    estimates: Vec<Single>,
    /// Draws of single models at a ceiling.
    saturated: u64,
}

/// Emissions in t and ATCI in kgCO2e/EFLOP of one model.
pub type Single = (Estimate, Estimate);

/// The estimates of models, by the sums and bins of so many draws.
pub fn singles(plans: &[ModelPlan], summaries: &[ModelSummary], draws: u64, level: f64) -> Vec<Single> {
    // Each model is computed on its own; `collect` keeps their order.
    let models = summaries.par_iter().zip(plans).map(|(summary, plan)| {
        let emissions = single::of_moments(&summary.headline, plan.headline, draws, level, 1.0);
        let atci = single::of_moments(&summary.ratio, plan.ratio, draws, level, KG_PER_T);
        (emissions, atci)
    });
    models.collect()
}

/// Draws of single models at a ceiling.
pub fn saturated(summaries: &[ModelSummary]) -> u64 {
    summaries.iter().map(|m| m.headline.saturated + m.ratio.saturated).sum()
}

impl Singles {
    /// Adds the next models of a plan, by the sums and bins of so many draws.
    pub fn add(&mut self, plan: &Plan, summaries: &[ModelSummary], draws: u64, level: f64) {
        let first = self.estimates.len();
        self.estimates.extend(singles(plan.models.get(first..).unwrap_or(&[]), summaries, draws, level));
        self.saturated += saturated(summaries);
    }
}

/// What is known of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known {
    /// Its draws, in this place of [`Header::groups`] and [`Summary::groups`].
    Draws(usize),
    /// Its mean emissions alone, in t.
    Mean(f64),
}

/// A run but for its single models: what the totals and groups are read off with.
pub struct Frame<'a> {
    /// Of its models nothing is looked at.
    pub assessment: &'a Assessment,
    /// What the models of the plan have in common.
    pub header: &'a Header,
    /// What was drawn.
    pub summary: &'a Summary,
    /// Sorted, with the number of models in each and what is known of it.
    pub groups: Vec<(Group, usize, Known)>,
    /// Models whose emissions are not a true zero.
    pub drawn: usize,
    /// Mean emissions of every model.
    pub means: &'a [f64],
    /// Of every model.
    pub tiers: &'a [Tier],
    /// Draws of single models at a ceiling.
    pub saturated: u64,
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
    let mut members = vec![0; plan.groups.len()];
    plan.models.iter().flat_map(|m| &m.groups).for_each(|&group| members[group as usize] += 1);
    let emissions = Output::Emissions as usize;
    let means: Vec<f64> = singles.estimates.iter().map(|(e, _)| e.mean.unwrap_or(0.0)).collect();
    let tiers: Vec<Tier> = assessment.models.iter().map(|m| m.tier).collect();
    let frame = Frame {
        assessment,
        header: &plan.header,
        summary,
        groups: (compile::groups(assessment).into_iter().zip(members).enumerate())
            .map(|(place, (group, models))| (group, models, Known::Draws(place)))
            .collect(),
        drawn: plan.models.iter().filter(|m| !m.products_of(emissions).is_empty()).count(),
        means: &means,
        tiers: &tiers,
        saturated: singles.saturated,
    };
    let shares = concentration::shares(frame.means);
    let models = (assessment.models.iter().zip(singles.estimates).enumerate())
        .map(|(i, (model, single))| ModelPosterior::new(&model.id, model.tier, single, shares.get(i).copied()))
        .collect();
    Posterior { models, ..of_frame(&frame, oracle, options, reduce) }
}

/// Models that can be gone through, in the order of their ids, as often as needed.
pub trait EachModel {
    /// Gives each model to `take`, until that fails.
    ///
    /// # Errors
    /// Those of `take`, and of a file that the models are kept in.
    fn each(&self, take: &mut dyn FnMut(&ModelPosterior) -> io::Result<()>) -> io::Result<()>;
}

impl EachModel for Posterior {
    fn each(&self, take: &mut dyn FnMut(&ModelPosterior) -> io::Result<()>) -> io::Result<()> {
        self.models.iter().try_for_each(take)
    }
}

impl ModelPosterior {
    /// `share`: of the mean total.
    pub fn new(id: &str, tier: Tier, (emissions_t, atci_kg_per_eflop): Single, share: Option<f64>) -> ModelPosterior {
        ModelPosterior { id: id.to_string(), tier, emissions_t, atci_kg_per_eflop, share }
    }
}

/// The posterior of a run without its single models.
pub fn of_frame(frame: &Frame<'_>, oracle: &Oracle, options: &Options, reduce: &dyn Reduce) -> Posterior {
    let Frame { assessment, header, summary, .. } = frame;
    let level = options.interval;
    let first = summary.draws.start;
    let draws = summary.draws.end.saturating_sub(first);

    // One sorted copy at a time: 8 bytes per draw each.
    let side = |output: usize| Side { counts: &summary.totals[output], unit: header.unit(output) };
    let kept = |output: usize| of_side(reduce, side(output), first, level);
    let [compute, it_energy, energy, emissions] = Output::ALL.map(|o| o as usize);
    let (carbon, counted) = intensity::intensity(intensity::Chain::of(header, summary), level, reduce);
    let total = Totals {
        models: frame.means.len(),
        emissions_t: kept(emissions),
        independent_t: kept(header.independent()),
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
    let (groups, saturated_in_groups) = groups(frame, level, total.emissions_t.mean, reduce);

    let drawn = summary.totals[emissions].iter().map(|&y| y as f64);
    let kurtosis = oracle.kurtosis.or_else(|| tail::kurtosis(drawn.clone()));
    let tables = options.discretisation_bound;

    Posterior {
        seed: options.seed,
        draws,
        precision: Precision::reached(&total.emissions_t, draws),
        level,
        models: vec![],
        groups,
        concentration: concentration::concentration(&concentration::shares(frame.means), frame.tiers),
        check: check::against_oracle(&total, oracle, kurtosis, draws),
        pareto_k: tail::pareto_k(drawn.clone(), drawn.len()),
        oracle: oracle.clone(),
        sampled: None,
        further,
        discretisation: check::discretisation(&total, frame.drawn, header.unit(emissions), tables),
        saturated: check::saturated(summary, counted.saturated + saturated_in_groups, frame.saturated),
        draws_without_compute: counted.without_compute,
        warnings: assessment.warnings.iter().filter(|w| !w.is_note()).count(),
        total,
    }
}

/// The groups, and the ratios among them that reached their ceiling.
fn groups(frame: &Frame<'_>, level: f64, mean_t: Option<f64>, reduce: &dyn Reduce) -> (Vec<GroupPosterior>, u64) {
    let Frame { header, summary, .. } = frame;
    let first = summary.draws.start;
    let draws = summary.draws.end.saturating_sub(first);
    let (mut groups, mut saturated) = (Vec::new(), 0);
    for (Group { by, value }, models, known) in &frame.groups {
        let drawn = |place: usize| header.groups.get(place).zip(summary.groups.get(place));
        let known = match *known {
            Known::Draws(place) => drawn(place).ok_or(None),
            Known::Mean(mean) => Err(Some(mean)),
        };
        let (emissions_t, compute_eflop, atci_kg_per_eflop) = match known {
            Err(mean) => (Estimate { mean, ..Estimate::NONE }, None, None),
            Ok((plan, GroupSummary::Kept { headline: emissions, denominator: compute })) => {
                let over = Side { counts: emissions, unit: plan.headline.unit };
                let under = Side { counts: compute, unit: plan.denominator.unit };
                let atci = ratio::ratios(reduce, over, under, plan.ratio_shift, first);
                saturated += atci.saturated;
                let atci = of_ratios(atci, level, KG_PER_T);
                (of_side(reduce, over, first, level), Some(of_side(reduce, under, first, level)), Some(atci))
            }
            Ok((plan, GroupSummary::Binned { headline: emissions })) => {
                (single::of_moments(emissions, plan.headline, draws, level, 1.0), None, None)
            }
        };
        let share = concentration::ratio(emissions_t.mean, mean_t);
        let (by, value, models) = (by.clone(), value.clone(), *models);
        groups.push(GroupPosterior { by, value, models, emissions_t, compute_eflop, atci_kg_per_eflop, share });
    }
    (groups, saturated)
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
