//! What a total rests on, and what it leaves out: does the list represent what it stands for?
//!
//! `bands` sweeps a threshold over downloads, `two_lists` compares the list with another one that overlaps it, `top`
//! takes the largest models away, `tiers` says what each tier holds, `alternatives` computes the total under every
//! other structural choice, `sizes` under other sizes of the shared effects, `chosen` how much of the variance is due to
//! priors without a firm source, `predictive` whether the tiers below would have predicted what is published. `spreads`
//! widens and narrows priors, `drawn` reads estimates off draws, `matches_file` reads which rows of two lists are one
//! model.
//!
//! Draws of a model do not depend on what else is in a run, so a part of the list is drawn with the draws it has in
//! the whole: shares are formed draw by draw, and parts add up to the total exactly, integer by integer. Structural
//! choices lie outside the credible interval: each line of their table is a run of its own, under the same seed.

pub mod alternatives;
pub mod bands;
pub mod chosen;
pub mod drawn;
pub mod matches_file;
pub mod predictive;
pub mod sizes;
pub mod spreads;
pub mod tiers;
pub mod top;
pub mod two_lists;

use serde::Serialize;

use crate::assess::{Assessment, OUTPUTS, assess};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::Plan;
use crate::engine::stats::precision::{PILOT, Precision};
use crate::portfolio::Portfolio;
use crate::posterior::Estimate;
use crate::run::{self, Progress, Request, RunError, Sampler, Session};

use alternatives::Alternative;
use bands::Bands;
use chosen::Chosen;
use predictive::Predictive;
use sizes::Sizes;
use tiers::TierPart;
use top::Top;
use two_lists::{Other, TwoLists};

/// At most, for memory: tiers, and thresholds that nobody asked for.
const TIERS: usize = 8;
const THRESHOLDS: usize = 16;

/// What the analysis is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Downloads, ascending; empty: those that suit the list.
    pub thresholds: Vec<f64>,
    /// Number of largest models without which the total is reported as well.
    pub top: usize,
}

/// With a precision asked, an alternative has a quarter of the draws and is half as precise: with nearly thirty of them, all
/// draws would take most of the time for digits that nobody reads.
const FEWER: u64 = 4;

/// Everything that `haze coverage` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// What was drawn of the list as modelled.
    #[serde(skip)]
    pub drawn: run::Settings,
    /// Draws of every alternative and every size of the shared effects: the first of those of the list as modelled.
    pub draws_of_alternatives: u64,
    /// How precisely the emissions of the list as modelled are known.
    pub precision: Precision,
    /// Models in the list.
    pub models: usize,
    /// Emissions of the whole list, in t.
    pub emissions_t: Estimate,
    /// With every shared effect drawn separately for each model.
    pub independent_t: Estimate,
    /// `None`: no model states its downloads.
    pub thresholds: Option<Bands>,
    /// `None`: no other list was given or found.
    pub lists: Option<TwoLists>,
    /// The largest models, and the total without them.
    pub top: Top,
    /// By tier, for those that occur.
    pub tiers: Vec<TierPart>,
    /// The total as modelled, then under every other structural choice.
    pub alternatives: Vec<Alternative>,
    /// The total under other sizes of the shared effects; `None`: no default effect acts, or the variance is infinite.
    pub sizes: Option<Sizes>,
    /// `None`: there is no variance, or it is infinite.
    pub chosen: Option<Chosen>,
    /// `None`: no base model states its compute.
    pub predictive: Option<Predictive>,
}

impl Session {
    /// What the total of a portfolio rests on and leaves out, compared with another list if there is one. Of the two
    /// portfolios the first has the rows as they are stated, which is what the predictive check sees; `assessment` is that
    /// of the second.
    ///
    /// # Errors
    /// Thresholds without downloads, an alternative or the other list that cannot be assessed or compiled, and those of
    /// drawing.
    pub fn coverage(
        &self,
        [stated, portfolio]: [&Portfolio; 2],
        assessment: &Assessment,
        other: Option<&Other>,
        settings: &Settings,
        request: impl Into<Request>,
        progress: &dyn Progress,
    ) -> Result<Coverage, RunError> {
        let request = request.into();
        let downloads: Vec<Option<f64>> = bands::downloads(portfolio, assessment);
        if !settings.thresholds.is_empty() && downloads.iter().all(Option::is_none) {
            let message = "thresholds need a column downloads with a number in at least one row; there is none";
            return Err(RunError::Usage(message.to_string()));
        }
        let mut by_tier = assessment.clone();
        by_tier.groups_by = vec!["tier".to_string()];
        // Most alternatives have most shapes in common with the list as modelled.
        let mut tables = Tables::default();
        let plan = compile_with(&by_tier, &mut tables)?.headline_only();
        let stream = self.settled(&request, &plan, progress)?;
        // The totals and tiers of a run twice (drawn and summed up), two sums for each threshold, and what is sorted.
        let thresholds = settings.thresholds.len().max(THRESHOLDS);
        let kept = 2 * (OUTPUTS + 1) + 4 * TIERS + 2 * thresholds + 6;
        self.memory().holds(stream.draws, kept as u64, (OUTPUTS + 1) as u64)?;
        let draws_of_alternatives = match request.precision() {
            Some(_) => (stream.draws / FEWER).next_multiple_of(PILOT).min(stream.draws),
            None => stream.draws,
        };
        let work = stream.draws.saturating_mul(models_drawn(portfolio, other, settings));
        let work = work.saturating_add(draws_of_alternatives.saturating_mul(models_of_alternatives(portfolio)));
        let list = List { portfolios: [stated, portfolio], assessment: &by_tier, plan: &plan, downloads: &downloads };
        let mut found =
            list.coverage(other, settings, draws_of_alternatives, &mut tables, &self.sampler(stream, work, progress))?;
        found.precision = found.precision.asked(request.precision());
        Ok(found)
    }
}

/// The list, compiled.
struct List<'a> {
    /// As it is stated, and completed.
    portfolios: [&'a Portfolio; 2],
    /// With groups by tier.
    assessment: &'a Assessment,
    plan: &'a Plan,
    /// By model.
    downloads: &'a [Option<f64>],
}

impl List<'_> {
    fn coverage(
        &self,
        other: Option<&Other>,
        settings: &Settings,
        draws_of_alternatives: u64,
        tables: &mut Tables,
        sampler: &Sampler<'_>,
    ) -> Result<Coverage, RunError> {
        let List { portfolios: [stated, portfolio], assessment, plan, downloads } = *self;
        let thresholds = bands::thresholds(downloads, &settings.thresholds);
        let swept = bands::sweep(plan, downloads, &thresholds, sampler)?;
        let lists = match other {
            None => None,
            Some(other) => Some(two_lists::compared(portfolio, assessment, other, tables, sampler)?),
        };
        let top = top::top(assessment, plan, &swept, settings.top, sampler)?;
        let emissions_t = sampler.estimate(&swept.total);
        let fewer = sampler.first(draws_of_alternatives);
        let modelled = Modelled { emissions_t, of_fewer_t: fewer.estimate(&swept.total.first(draws_of_alternatives)) };
        let alternatives = alternatives::alternatives([stated, portfolio], assessment, &modelled, tables, &fewer)?;
        let sizes = sizes::sizes(portfolio, assessment, &modelled, tables, &fewer)?;
        Ok(Coverage {
            drawn: sampler.settings(),
            draws_of_alternatives,
            precision: Precision::reached(&emissions_t, sampler.draws),
            models: assessment.models.len(),
            emissions_t,
            independent_t: sampler.estimate(&swept.independent),
            tiers: tiers::tiers(assessment, &swept, sampler),
            thresholds: swept.summarised(downloads, &thresholds, sampler),
            lists,
            top,
            alternatives,
            sizes,
            chosen: chosen::chosen(assessment),
            predictive: predictive::predictive(stated)?,
        })
    }
}

/// The emissions of the list as modelled, in t: what the alternatives are compared with.
pub struct Modelled {
    /// From all draws.
    pub emissions_t: Estimate,
    /// From the draws that the alternatives have, so that a ratio compares like with like.
    pub of_fewer_t: Estimate,
}

/// Model-draws per draw of the list as modelled, for progress: the whole list once in parts, the largest models and the
/// other list.
fn models_drawn(portfolio: &Portfolio, other: Option<&Other>, settings: &Settings) -> u64 {
    let n = portfolio.models.len();
    let others = other.map_or(0, |o| n + 2 * o.models.len());
    (n + settings.top.min(n) + others) as u64
}

/// Model-draws per draw of the alternatives and sizes.
fn models_of_alternatives(portfolio: &Portfolio) -> u64 {
    (portfolio.models.len() * (alternatives::choices(portfolio).len() + sizes::lines(portfolio))) as u64
}

/// The assessment of a changed portfolio.
fn assessed(portfolio: &Portfolio) -> Result<Assessment, RunError> {
    Ok(assess(portfolio)?)
}
