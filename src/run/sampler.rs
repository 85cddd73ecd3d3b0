//! A session's engine with a random stream: every draw of the program comes from here.

use std::ops::Range;

use super::drawing::Drawing;
use super::{Device, Memory, Progress, RunError, Session, Settings};
use crate::engine::plan::Plan;
use crate::engine::{Check, Corners, ModelSummary, Prepared, Reduce, Summary};

/// The device, the part of the random stream to draw, and the listener that follows.
pub struct Sampler<'s> {
    pub(super) engine: &'s dyn Drawing,
    pub(super) progress: &'s dyn Progress,
    pub(super) memory: Memory,
    /// The device, and why it was chosen, in words.
    pub device_line: String,
    /// Draws 0 to this are drawn.
    pub draws: u64,
    /// Seed of the random stream.
    pub seed: u64,
    /// Level of the credible intervals.
    pub level: f64,
}

impl Sampler<'_> {
    /// Draws a plan.
    ///
    /// # Errors
    /// [`RunError::Memory`], [`RunError::Interrupted`], [`RunError::Device`].
    pub fn draw(&self, plan: &Plan) -> Result<Summary, RunError> {
        self.draw_part(plan, self.seed, 0..self.draws)
    }

    /// The first draws alone.
    pub fn first(&self, draws: u64) -> Sampler<'_> {
        Sampler { draws, device_line: self.device_line.clone(), ..*self }
    }

    /// Draws another range of draws of a plan, possibly from another stream.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_part(&self, plan: &Plan, seed: u64, draws: Range<u64>) -> Result<Summary, RunError> {
        self.memory.fits(plan, draws.end.saturating_sub(draws.start))?;
        Ok(self.engine.backend().run(plan, seed, draws, &self.counting(plan.models.len()))?)
    }

    /// Draws a plan block by block: `take` is given the models of each block, in order.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_blocks(&self, plan: &Plan, take: &mut dyn FnMut(Vec<ModelSummary>)) -> Result<Summary, RunError> {
        self.memory.fits(plan, self.draws)?;
        let progress = self.counting(plan.models.len());
        Ok(self.engine.backend().run_blocks(plan, self.seed, 0..self.draws, &progress, take)?)
    }

    /// The same from where its first draws have been made.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_on(
        &self,
        plan: &Plan,
        first: Summary,
        take: &mut dyn FnMut(Vec<ModelSummary>),
    ) -> Result<Summary, RunError> {
        self.memory.fits(plan, self.draws)?;
        let progress = self.counting(plan.models.len());
        let mut summary = self.engine.backend().run_on(plan, self.seed, first, self.draws, &progress)?;
        take(std::mem::take(&mut summary.models));
        Ok(summary)
    }

    /// Totals at the corners of a pick-freeze design.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn corners(&self, prepared: &Prepared<'_>, draws: Range<u64>) -> Result<Corners, RunError> {
        Ok(self.engine.backend().corners(prepared, self.seed, draws, &self.counting(prepared.plan.models.len()))?)
    }

    /// The first `draws` draws at the corners of a design, in slabs that fill the device but not the memory. The length
    /// of a slab changes no result.
    ///
    /// # Errors
    /// As [`Sampler::draw`], and those of `take`.
    pub fn each_slab(
        &self,
        prepared: &Prepared<'_>,
        draws: u64,
        mut take: impl FnMut(Corners) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut first = 0;
        while first < draws {
            let slab = first..draws.min(first + self.engine.slab());
            first = slab.end;
            take(self.corners(prepared, slab)?)?;
        }
        Ok(())
    }

    /// What sorts and divides the draws: where they were drawn.
    pub fn reduce(&self) -> &dyn Reduce {
        self.engine.reduce()
    }

    /// Announces the next part of the work, by its title.
    pub fn part(&self, title: &str) {
        self.progress.part(title);
    }

    /// Counts work that was done without this sampler.
    ///
    /// # Errors
    /// [`RunError::Interrupted`].
    pub fn advance(&self, model_draws: u64) -> Result<(), RunError> {
        if self.progress.advance(model_draws) { Ok(()) } else { Err(RunError::Interrupted) }
    }

    /// The same draws on another session.
    pub fn on<'a>(&'a self, session: &'a Session) -> Sampler<'a> {
        session.silently(self.settings(), self.progress)
    }

    /// What is drawn.
    pub fn settings(&self) -> Settings {
        Settings { draws: self.draws, seed: self.seed, level: self.level }
    }

    /// What draws, for the result.
    pub fn device(&self) -> Device {
        self.engine.device()
    }

    /// Whether a GPU draws.
    pub fn is_gpu(&self) -> bool {
        self.engine.is_gpu()
    }

    /// Self-test of a GPU; `None` for a CPU.
    ///
    /// # Errors
    /// [`RunError::Device`] where the device does not answer.
    pub fn self_test(&self) -> Result<Option<Vec<Check>>, RunError> {
        self.engine.self_test()
    }

    /// The engine counts draws, who follows the work model-draws.
    fn counting(&self, models: usize) -> impl Fn(u64) -> bool + Sync {
        move |draws| self.progress.advance(draws.saturating_mul(models as u64))
    }
}
