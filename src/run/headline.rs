//! The main job: from a portfolio to its emissions, compute, energy and ATCI, with credible intervals.

use super::info::{Clock, RunInfo};
use super::request::{Extent, Request};
use super::sampled::{broken, first_draws};
use super::{Progress, RunError, Sampler, Session, Settings};
use crate::assess::{Assessment, OUTPUTS, Output, assess, with_outputs};
use crate::compile::compile;
use crate::engine::plan::hash::plan_hash;
use crate::engine::plan::{self, BLOCK_MODELS, Plan};
use crate::engine::stats::tail;
use crate::engine::{ModelSummary, Prepared, Reduce, Summary};
use crate::exact::oracle::oracle;
use crate::portfolio::{Portfolio, Study};
use crate::posterior::counts::TotalDraws;
use crate::posterior::grouping::by_factor;
use crate::posterior::sampled::{self, Analysis, Plain};
use crate::posterior::{self, Estimate, Options, Oracle, Posterior, Singles};

/// The options of a run. What is `None` is taken from the study, else from the defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunOptions {
    /// Number of draws, from 1 to 2,147,483,647; by default as many as the precision needs.
    pub draws: Option<u64>,
    /// Precision of the median and of both ends of the total emissions' interval, where no number of draws is given;
    /// 0.0025 by default.
    pub precision: Option<f64>,
    /// Seed of the random stream; 42 by default.
    pub seed: Option<u64>,
    /// Level of the credible intervals, in (0, 1); 0.95 by default.
    pub level: Option<f64>,
    /// Whether emissions, ATCI, energy and the upper tail are also decomposed by factor, from pick-freeze draws.
    pub sensitivity: bool,
}

impl From<Request> for RunOptions {
    fn from(request: Request) -> RunOptions {
        let (draws, precision) = match request.extent {
            Extent::Draws(draws) => (Some(draws), None),
            Extent::Precision(precision) => (None, Some(precision)),
        };
        let (seed, level) = (Some(request.seed), Some(request.level));
        RunOptions { draws, precision, seed, level, sensitivity: false }
    }
}

impl RunOptions {
    /// The options override the study, and the study overrides the defaults.
    pub fn request(&self, study: &Study) -> Request {
        let extent = self.draws.map(Extent::Draws).or(self.precision.map(Extent::Precision));
        Request::new(extent, self.seed, self.level, study)
    }
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What the portfolio implied: tiers, distributions and their provenance, warnings.
    pub assessment: Assessment,
    /// Estimates from the draws.
    pub posterior: Posterior,
    /// The totals by draw.
    pub draws: TotalDraws,
    /// What was drawn.
    pub settings: Settings,
    /// How it was drawn.
    pub info: RunInfo,
}

impl Outcome {
    /// An output of the whole portfolio: emissions in t, compute in EFLOP, energy in kWh, water in m³.
    /// [`Estimate::NONE`] for one that the study did not ask for.
    pub fn total(&self, output: Output) -> &Estimate {
        let (total, further) = (&self.posterior.total, &self.posterior.further);
        let asked = match output {
            Output::Compute => Some(&total.compute_eflop),
            Output::ItEnergy => Some(&total.it_energy_kwh),
            Output::Energy => Some(&total.energy_kwh),
            Output::Emissions => Some(&total.emissions_t),
            other => further.iter().find(|(output, _)| *output == other).map(|(_, estimate)| estimate),
        };
        asked.unwrap_or(&Estimate::NONE)
    }

    /// Warnings to read before using a figure, in sentences: a tail too heavy for its mean.
    pub fn cautions(&self) -> Vec<String> {
        let heavy = self.posterior.pareto_k.filter(|k| *k > tail::LARGEST_K);
        heavy.map(|k| tail::warning("the total emissions", k)).into_iter().collect()
    }
}

/// The assessment with the further outputs of the study; and without them, where there are any.
///
/// # Errors
/// Problems of what they are computed from.
pub(super) fn completed(
    portfolio: &Portfolio,
    assessment: Assessment,
) -> Result<(Assessment, Option<Assessment>), RunError> {
    if portfolio.study.outputs.iter().next().is_none() {
        return Ok((assessment, None));
    }
    Ok((with_outputs(portfolio, &assessment)?, Some(assessment)))
}

/// An assessment, compiled and drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// What was compiled.
    pub assessment: Assessment,
    /// Compiled from the assessment.
    pub plan: Plan,
    /// Drawn from the plan.
    pub summary: Summary,
    /// What was drawn.
    pub settings: Settings,
}

impl Drawn {
    /// Estimates from the draws, with credible intervals at `level`. `reduce` sorts and divides the draws.
    pub fn posterior(&self, level: f64, reduce: &dyn Reduce) -> Posterior {
        let mut singles = Singles::default();
        singles.add(&self.plan, &self.summary.models, self.settings.draws, level);
        self.compared_with(&oracle(&self.assessment), singles, level, reduce)
    }

    /// The result of a run. `base` is the assessment without further outputs, where there are any.
    pub(super) fn outcome(
        self,
        base: Option<Assessment>,
        singles: Singles,
        request: &Request,
        sampler: &Sampler<'_>,
        mut clock: Clock,
    ) -> Outcome {
        let oracle = oracle(base.as_ref().unwrap_or(&self.assessment));
        clock.lap("oracle_s");
        let mut posterior = self.compared_with(&oracle, singles, request.level, sampler.reduce());
        posterior.precision = posterior.precision.asked(request.precision());
        clock.lap("posterior_s");
        let info = RunInfo { plan_hash: plan_hash(&self.plan), backend: sampler.device(), timings: clock.laps };
        let draws = TotalDraws::of(self.assessment.outputs(), &self.plan, self.summary);
        Outcome { assessment: base.unwrap_or(self.assessment), posterior, draws, settings: self.settings, info }
    }

    fn compared_with(&self, oracle: &Oracle, singles: Singles, level: f64, reduce: &dyn Reduce) -> Posterior {
        let discretisation_bound = plan::error::relative_bound(&self.plan, OUTPUTS);
        let options = Options { interval: level, seed: self.settings.seed, discretisation_bound };
        posterior::posterior_with(&self.assessment, &self.plan, &self.summary, singles, oracle, &options, reduce)
    }
}

impl Session {
    /// Assesses a portfolio, draws it and reads the results off the draws.
    ///
    /// # Errors
    /// [`RunError::Input`] where the portfolio cannot be assessed, [`RunError::Plan`] where it cannot be compiled, and
    /// those of drawing: [`RunError::Memory`], [`RunError::Interrupted`], [`RunError::Device`].
    pub fn run(
        &self,
        portfolio: &Portfolio,
        options: &RunOptions,
        progress: &dyn Progress,
    ) -> Result<Outcome, RunError> {
        self.run_assessed(portfolio, assess(portfolio)?, options, progress)
    }

    /// The same for a portfolio that has already been assessed.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_assessed(
        &self,
        portfolio: &Portfolio,
        assessment: Assessment,
        options: &RunOptions,
        progress: &dyn Progress,
    ) -> Result<Outcome, RunError> {
        let mut clock = Clock::start();
        let request = options.request(&portfolio.study);
        let (whole, base) = completed(portfolio, assessment)?;
        let mut plan = compile(&whole)?;
        plan.block = BLOCK_MODELS;
        clock.lap("plan_s");
        let (settings, first) = self.begun(&request, &plan, progress)?;
        clock.lap("pilot_s");
        self.memory.fits(&plan, settings.draws)?;
        let analysed = if options.sensitivity { settings.draws.min(sampled::DRAWS) } else { 0 };
        let made = first.as_ref().map_or(0, |first| first.draws.end);
        let draws = settings.draws.saturating_sub(made).saturating_add(analysed);
        let sampler = self.sampler(settings, draws.saturating_mul(plan.models.len() as u64), progress);
        let mut singles = Singles::default();
        let mut finish = |models: Vec<ModelSummary>| singles.add(&plan, &models, settings.draws, settings.level);
        let summary = match first {
            Some(first) => sampler.draw_on(&plan, first, &mut finish)?,
            None => sampler.draw_blocks(&plan, &mut finish)?,
        };
        clock.lap("draw_s");
        let drawn = Drawn { assessment: whole, plan, summary, settings };
        let mut sampled = None;
        if options.sensitivity && !oracle(base.as_ref().unwrap_or(&drawn.assessment)).groups.is_empty() {
            let (design, groups) = by_factor(&drawn.assessment, &drawn.plan);
            let prepared = Prepared::new(&drawn.plan, &design).map_err(|e| broken(&e))?;
            let plain = Plain::of_run(&drawn.plan, &drawn.summary, analysed);
            let analysis = Analysis::new(&design, groups, &plain, None).map_err(|e| broken(&e))?;
            sampled = Some(first_draws(analysis, &prepared, analysed, &sampler)?);
            clock.lap("sensitivity_s");
        }
        let mut outcome = drawn.outcome(base, singles, &request, &sampler, clock);
        outcome.posterior.sampled = sampled;
        Ok(outcome)
    }

    /// Compiles and draws an assessment, and keeps the draws.
    ///
    /// # Errors
    /// [`RunError::Plan`], and those of drawing.
    pub fn draw_assessed(
        &self,
        assessment: Assessment,
        settings: Settings,
        progress: &dyn Progress,
    ) -> Result<Drawn, RunError> {
        let plan = compile(&assessment)?;
        let summary = self.draw(&plan, settings, progress)?;
        Ok(Drawn { assessment, plan, summary, settings })
    }
}
