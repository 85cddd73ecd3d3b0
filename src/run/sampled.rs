//! Sensitivity indices by groups of inputs, from pick-freeze draws.
//!
//! A part of the portfolio is analysed as the portfolio of its models alone: keys of models and effects do not depend
//! on what else there is, so that its draws are those the models have in the whole.

use super::info::{Clock, RunInfo};
use super::{Progress, Request, RunError, Sampler, Session, Settings};
use crate::assess::Assessment;
use crate::compile::compile;
use crate::engine::Prepared;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::precision::Precision;
use crate::engine::stats::tail;
use crate::exact::oracle::oracle;
use crate::exact::shares::{Shares, shares};
use crate::exact::terms::Known;
use crate::posterior::grouping::{Exact, Grouping};
use crate::posterior::ranked::{self, EffectIndices};
use crate::posterior::sampled::{Analysis, Plain, Sampled};

/// The options of a sampled analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleOptions {
    /// What is drawn; `level` is that of the intervals for the numerical error. A precision is that of the emissions of
    /// the whole portfolio.
    pub request: Request,
    /// What the variance is decomposed by.
    pub grouping: Grouping,
    /// If given, what decides whether emissions exceed this many tonnes is analysed as well.
    pub threshold_t: Option<f64>,
    /// Only the models with this value in this column, each part analysed separately; empty: the whole portfolio.
    pub of: Vec<(String, String)>,
}

/// The sampled analysis of a portfolio or of parts of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// In the order of [`SampleOptions::of`]; the whole portfolio where that is empty.
    pub parts: Vec<SampledPart>,
    /// How precisely the emissions of the whole portfolio are known; not estimated where only parts were asked for.
    pub precision: Precision,
    /// What was drawn.
    pub settings: Settings,
    /// How it was drawn; the fingerprint is that of the whole portfolio's plan.
    pub info: RunInfo,
}

impl Samples {
    /// Warnings to read before using a figure, in sentences: a tail too heavy for its variance. `title` names an output.
    pub fn cautions(&self, title: impl Fn(crate::posterior::sampled::AnalysedOutput) -> &'static str) -> Vec<String> {
        let analysed = self.parts.iter().flat_map(|part| &part.sampled.outputs);
        let heavy = |k: &f64| *k > tail::LARGEST_K;
        analysed.filter_map(|a| a.pareto_k.filter(heavy).map(|k| tail::warning(title(a.output), k))).collect()
    }
}

/// The analysis of the whole portfolio or of the models with one value of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledPart {
    /// Column and value; `None` for the whole.
    pub of: Option<(String, String)>,
    /// The assessment of these models only.
    pub assessment: Assessment,
    /// How precisely the emissions are known.
    pub precision: Precision,
    /// The indices.
    pub sampled: Sampled,
    /// The exact decomposition of the emissions, or why there is none.
    pub exact: Result<Shares, String>,
    /// By group.
    pub exact_groups: Option<Vec<Exact>>,
    /// Exact kurtosis of the emissions, or that of the draws.
    pub kurtosis: Option<f64>,
    /// By shared effect of the assessment.
    pub ranked: Vec<EffectIndices>,
}

impl Session {
    /// Indices of emissions, their logarithm, ATCI, energy and the upper 5 %, by groups of inputs.
    ///
    /// # Errors
    /// [`RunError::Plan`], those of drawing, and [`RunError::Failed`] where the analysis cannot be done.
    pub fn sample(
        &self,
        assessment: &Assessment,
        options: &SampleOptions,
        progress: &dyn Progress,
    ) -> Result<Samples, RunError> {
        let mut clock = Clock::start();
        let whole = compile(assessment)?;
        let settings = self.settled(&options.request, &whole, progress)?;
        let of = |(column, value): &(String, String)| assessment.only(|m| m.labels.get(column) == Some(value));
        let parts: Vec<(Option<(String, String)>, Assessment)> = if options.of.is_empty() {
            vec![(None, assessment.clone())]
        } else {
            options.of.iter().map(|part| (Some(part.clone()), of(part))).collect()
        };
        // Plain draws, and those at the corners.
        let models: usize = parts.iter().map(|(_, part)| 2 * part.models.len()).sum();
        let sampler = self.sampler(settings, settings.draws.saturating_mul(models as u64), progress);
        let mut found = Vec::new();
        for (of, models) in parts {
            found.push(analyse(models, of, options, &sampler)?);
        }
        clock.lap("sample_s");
        let info = RunInfo { plan_hash: plan_hash(&whole), backend: sampler.device(), timings: clock.laps };
        let reached = found.iter().find(|part| part.of.is_none()).map(|part| part.precision).unwrap_or_default();
        let precision = reached.asked(options.request.precision());
        Ok(Samples { parts: found, precision, settings, info })
    }
}

/// The analysis of some of the models.
fn analyse(
    assessment: Assessment,
    of: Option<(String, String)>,
    options: &SampleOptions,
    sampler: &Sampler<'_>,
) -> Result<SampledPart, RunError> {
    let (n, level) = (sampler.draws, sampler.level);
    let plan = compile(&assessment)?;
    sampler.memory.fits(&plan, n)?;
    let by: Vec<String> = options.grouping.column().map(Into::into).into_iter().collect();
    let exact = shares(&assessment, &by, &mut Known::default());
    let (design, groups) = options.grouping.design(&assessment, &plan, exact.as_ref().ok());
    let prepared = Prepared::new(&plan, &design).map_err(|e| broken(&e))?;
    let plain_design = Plain::design(&design);
    let plain_prepared = Prepared::new(&plan, &plain_design).map_err(|e| broken(&e))?;
    let plain = Plain::of_corners(&plan, &sampler.corners(&plain_prepared, 0..n)?);
    let analysis = Analysis::new(&design, groups, &plain, options.threshold_t).map_err(|e| broken(&e))?;
    let sampled = first_draws(analysis, &prepared, n, sampler)?;
    Ok(SampledPart {
        of,
        exact_groups: exact.as_ref().ok().map(|shares| options.grouping.exact(&sampled.groups, shares)),
        ranked: ranked::by_effect(&plan, sampler.seed, &plain, level),
        kurtosis: oracle(&assessment).kurtosis.or_else(|| plain.kurtosis()),
        exact,
        precision: plain.precision(level, sampler.reduce()),
        sampled,
        assessment,
    })
}

/// The analysis of the first `n` draws.
pub(super) fn first_draws(
    mut analysis: Analysis,
    prepared: &Prepared<'_>,
    n: u64,
    sampler: &Sampler<'_>,
) -> Result<Sampled, RunError> {
    sampler.each_slab(prepared, n, |corners| analysis.add(&corners).map_err(|e| broken(&e)))?;
    Ok(analysis.finish(n, sampler.level))
}

pub(super) fn broken(e: &dyn std::fmt::Display) -> RunError {
    RunError::failed("the sensitivity analysis", e)
}
