//! A portfolio by year of training, each year drawn with the draws it has in the whole, and the growth over the years.

use super::info::{Clock, RunInfo};
use super::{Progress, Request, RunError, Session, Settings};
use crate::assess::{Assessment, OUTPUTS};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::Summary;
use crate::engine::plan::Plan;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::precision::Precision;
use crate::posterior::trend::{Growths, LeftOut, Slopes, Sums, Year, by_year};

/// Words held per draw besides those of a run: two sums of each quantity, and what is sorted.
const KEPT: u64 = 6 + 2;

/// Which years are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// No year before.
    pub from: Option<i32>,
    /// No year after.
    pub to: Option<i32>,
    /// The year of the latest date counts as complete.
    pub latest_is_complete: bool,
}

impl Span {
    fn holds(self, year: i32) -> bool {
        self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to)
    }
}

/// A portfolio by year.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// What was drawn.
    pub settings: Settings,
    /// How precisely the emissions of the whole are known.
    pub precision: Precision,
    /// Which years were asked for.
    pub span: Span,
    /// Year of the latest date, of all models.
    pub latest: Option<i32>,
    /// The whole portfolio.
    pub total: Sums,
    /// Years in the span that have models, in order.
    pub years: Vec<Year>,
    /// Models without a year, if there are any.
    pub undated: Option<Sums>,
    /// Number of models of years outside the span.
    pub outside: usize,
    /// `None` with fewer than two years that are complete and never zero.
    pub growth: Option<Growths>,
    /// How it was drawn.
    pub info: RunInfo,
}

impl Session {
    /// Emissions, energy, compute and ATCI by year, and their growth.
    ///
    /// # Errors
    /// [`RunError::Plan`], and those of drawing.
    pub fn trend(
        &self,
        assessment: &Assessment,
        span: Span,
        request: impl Into<Request>,
        progress: &dyn Progress,
    ) -> Result<Trend, RunError> {
        let mut clock = Clock::start();
        let request = request.into();
        let parts = by_year(assessment);
        let inside = |year: &Option<i32>| year.is_none_or(|year| span.holds(year));
        let drawn: usize = parts.iter().filter(|(year, _)| inside(year)).map(|(_, part)| part.models.len()).sum();
        let models = (assessment.models.len() + drawn) as u64;
        // Years have the shapes of the whole.
        let mut tables = Tables::default();
        let mut compiled = |assessment: &Assessment| {
            compile_with(&Assessment { groups_by: vec![], ..assessment.clone() }, &mut tables)
        };
        let plan = compiled(assessment)?;
        let settings = self.settled(&request, &plan, progress)?;
        self.memory().holds(settings.draws, (OUTPUTS as u64) + KEPT, OUTPUTS as u64)?;
        let sampler = self.sampler(settings, settings.draws.saturating_mul(models), progress);
        let (reduce, level) = (sampler.reduce(), settings.level);
        let draw = |plan: Plan| -> Result<(Plan, Summary), RunError> {
            let summary = sampler.draw(&plan.clone().totals_only())?;
            Ok((plan, summary))
        };
        let (plan, summary) = draw(plan)?;
        let total = Sums::new(&plan, &summary, level, reduce, None);
        drop(summary);
        let latest = parts.keys().copied().flatten().max();
        let mut slopes = Slopes::default();
        let (mut years, mut undated) = (Vec::new(), None);
        for (year, part) in parts.iter().filter(|(year, _)| inside(year)) {
            let (plan, summary) = draw(compiled(part)?)?;
            let sums = Sums::new(&plan, &summary, level, reduce, total.emissions_t.mean);
            let Some(year) = *year else {
                undated = Some(sums);
                continue;
            };
            let incomplete = Some(year) == latest && !span.latest_is_complete;
            let left_out = if incomplete {
                Some(LeftOut::Incomplete)
            } else {
                (!slopes.add(year, &plan, &summary)).then_some(LeftOut::Zero)
            };
            years.push(Year { year, left_out, sums });
        }
        let growth = slopes.growths(level, reduce);
        clock.lap("draw_s");
        let info = RunInfo { plan_hash: plan_hash(&plan), backend: sampler.device(), timings: clock.laps };
        let outside = assessment.models.len() - drawn;
        let precision = Precision::reached(&total.emissions_t, settings.draws).asked(request.precision());
        Ok(Trend { settings, precision, span, latest, total, years, undated, outside, growth, info })
    }
}
