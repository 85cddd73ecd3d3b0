//! A run in parts: each draws some of the draws, and all together are the run.

use std::ops::Range;

use super::headline::{Drawn, Outcome, completed};
use super::info::Clock;
use super::{Progress, Request, RunError, Session, Settings};
use crate::assess::{Assessment, with_outputs};
use crate::compile::compile;
use crate::engine::Shard;
use crate::portfolio::Portfolio;
use crate::posterior::Singles;

impl Session {
    /// What a run draws, before it is divided: the number of draws that was asked for, or that which the precision needs,
    /// found by the pilot of [`Session::run_assessed`].
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn settings_of(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        request: &Request,
        progress: &dyn Progress,
    ) -> Result<Settings, RunError> {
        let plan = compile(&with_outputs(portfolio, assessment)?)?;
        self.settled(request, &plan, progress)
    }

    /// Draws a part of a run.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn part(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        settings: Settings,
        draws: Range<u64>,
        progress: &dyn Progress,
    ) -> Result<Shard, RunError> {
        let plan = compile(&with_outputs(portfolio, assessment)?)?;
        let here = draws.end.saturating_sub(draws.start);
        let sampler = self.sampler(settings, here.saturating_mul(plan.models.len() as u64), progress);
        let summary = sampler.draw_part(&plan, settings.seed, draws)?;
        Shard::new(&plan, settings.seed, summary).map_err(|e| RunError::failed("the part", &e))
    }

    /// The run that parts make, given in the order of their draws: what [`Session::run_assessed`] gives. No more than two
    /// parts are held at a time, and what is merged.
    ///
    /// # Errors
    /// That of a part; [`RunError::Usage`] where parts are not of this portfolio, or do not make the whole.
    pub fn merged(
        &self,
        portfolio: &Portfolio,
        assessment: Assessment,
        settings: Settings,
        parts: impl Iterator<Item = Result<Shard, RunError>>,
    ) -> Result<Outcome, RunError> {
        let mut clock = Clock::start();
        let (whole, base) = completed(portfolio, assessment)?;
        let plan = compile(&whole)?;
        clock.lap("plan_s");
        self.memory().fits(&plan, settings.draws)?;
        let unlike = |e: &dyn std::fmt::Display| RunError::Usage(format!("the parts make no run of this input: {e}"));
        let mut merged: Option<Shard> = None;
        for part in parts {
            let part = part?;
            merged = Some(match merged {
                None => part,
                Some(before) => before.merge(part).map_err(|e| unlike(&e))?,
            });
        }
        let merged = merged.ok_or_else(|| unlike(&"there are none"))?;
        if merged.draws() != (0..settings.draws) {
            return Err(unlike(&format!("they hold draws {:?} of {}", merged.draws(), settings.draws)));
        }
        let summary = merged.into_summary(&plan).map_err(|e| unlike(&e))?;
        clock.lap("merge_s");
        let sampler = self.silently(settings, &super::NoProgress);
        let mut singles = Singles::default();
        singles.add(&plan, &summary.models, settings.draws, settings.level);
        let drawn = Drawn { assessment: whole, plan, summary, settings };
        Ok(drawn.outcome(base, singles, &Request::from(settings), &sampler, clock))
    }
}
