//! What is asked of a run: a number of draws, or a precision from which the number follows.

use super::{INTERVAL, Progress, RunError, SEED, Sampler, Session, Settings};
use crate::engine::Summary;
use crate::engine::plan::{Header, Plan};
use crate::engine::stats::estimate::{Estimate, Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::engine::stats::precision::{PILOT, draws_needed};
use crate::portfolio::Study;

/// Default precision of the median and of both ends of the interval: a quarter of a per cent.
pub const PRECISION: f64 = 0.0025;

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// So many draws, from 1 to 2,147,483,647.
    Draws(u64),
    /// As many draws as the headline needs for this precision, at most a million: see
    /// [`precision`](crate::engine::stats::precision).
    Precision(f64),
}

/// What is asked of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// How much is drawn.
    pub extent: Extent,
    /// Seed of the random stream.
    pub seed: u64,
    /// Level of the credible intervals, in (0, 1).
    pub level: f64,
}

impl Default for Request {
    fn default() -> Request {
        Request { extent: Extent::Precision(PRECISION), seed: SEED, level: INTERVAL }
    }
}

impl From<Settings> for Request {
    fn from(settings: Settings) -> Request {
        let Settings { draws, seed, level } = settings;
        Request { extent: Extent::Draws(draws), seed, level }
    }
}

impl Request {
    /// What is given goes before the study, the study before the defaults.
    pub fn new(extent: Option<Extent>, seed: Option<u64>, level: Option<f64>, study: &Study) -> Request {
        let of_study = study.draws.map(Extent::Draws).or(study.precision.map(Extent::Precision));
        let default = Request::default();
        Request {
            extent: extent.or(of_study).unwrap_or(default.extent),
            seed: seed.or(study.seed).unwrap_or(default.seed),
            level: level.or(study.interval).unwrap_or(default.level),
        }
    }

    /// The precision asked for.
    pub fn precision(&self) -> Option<f64> {
        match self.extent {
            Extent::Precision(asked) => Some(asked),
            Extent::Draws(_) => None,
        }
    }

    fn with_draws(&self, draws: u64) -> Settings {
        Settings { draws, seed: self.seed, level: self.level }
    }
}

impl Session {
    /// What is drawn of a plan for its headline, the total emissions, to be as precise as asked.
    pub(crate) fn settled(
        &self,
        request: &Request,
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<Settings, RunError> {
        self.settled_by(request, plan.models.len(), progress, |pilot| {
            let plan = plan.clone().dependent_only();
            Ok(headline_of(&plan, &pilot.draw(&plan)?, pilot))
        })
    }

    /// The same, with the pilot's draws as the first of the run where its models are one block.
    pub(super) fn begun(
        &self,
        request: &Request,
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<(Settings, Option<Summary>), RunError> {
        if plan.blocks().count() > 1 {
            return Ok((self.settled(request, plan, progress)?, None));
        }
        let mut first = None;
        let settings = self.settled_by(request, plan.models.len(), progress, |pilot| {
            let summary = pilot.draw(plan)?;
            let estimate = headline_of(plan, &summary, pilot);
            first = Some(summary);
            Ok(estimate)
        })?;
        Ok((settings, first))
    }

    /// The same for another headline, of so many models, which `estimate` draws.
    pub(super) fn settled_by(
        &self,
        request: &Request,
        models: usize,
        progress: &dyn Progress,
        estimate: impl FnOnce(&Sampler<'_>) -> Result<Estimate, RunError>,
    ) -> Result<Settings, RunError> {
        let asked = match request.extent {
            Extent::Draws(draws) => return Ok(request.with_draws(draws)),
            Extent::Precision(asked) => asked,
        };
        let sampler = self.sampler(request.with_draws(PILOT), PILOT * models as u64, progress);
        let pilot = estimate(&sampler)?;
        Ok(request.with_draws(draws_needed(&pilot, PILOT, asked)))
    }
}

/// The total of the headline in the draws of a pilot.
pub(super) fn headline_of(plan: &Header, summary: &Summary, sampler: &Sampler<'_>) -> Estimate {
    let counts = summary.totals[plan.headline].iter().copied();
    let draws = Draws::new(sampler.reduce(), (0..).zip(counts));
    of_draws(&draws, sampler.level, Scale::power_of_two(plan.unit(plan.headline)))
}
