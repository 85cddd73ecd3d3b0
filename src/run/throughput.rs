//! How fast a plan is drawn.

use std::time::Instant;

use super::{Device, NoProgress, RunError, Session, Settings};
use crate::engine::plan::Plan;

/// A run of this many seconds is a measurement.
const LONG_ENOUGH_S: f64 = 0.5;
const FIRST_DRAWS: u64 = 1 << 12;
/// 40 bytes of totals each.
const MOST_DRAWS: u64 = 1 << 24;

/// One measurement: from the compiled plan to the merged summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Throughput {
    /// Models of the plan.
    pub models: usize,
    /// Draws of the run that was measured.
    pub draws: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Models times draws, by second.
    pub model_draws_per_s: f64,
    /// What drew.
    pub device: Device,
}

impl Session {
    /// The GPU, if this session would draw long runs on one; else why not, in words.
    pub fn long_runs_on_gpu(&self) -> Result<Device, String> {
        let sampler = self.sampler(Settings::default(), u64::MAX, &NoProgress);
        if sampler.is_gpu() { Ok(sampler.device()) } else { Err(sampler.device_line) }
    }

    /// Measures a plan with so many draws, or with as many as take half a second, on what a long run would be drawn on.
    ///
    /// # Errors
    /// Those of drawing.
    pub fn throughput(&self, plan: &Plan, draws: Option<u64>) -> Result<Throughput, RunError> {
        let sampler = self.sampler(Settings::default(), u64::MAX, &NoProgress);
        let time = |draws: u64| -> Result<f64, RunError> {
            let start = Instant::now();
            sampler.draw_part(plan, sampler.seed, 0..draws)?;
            Ok(start.elapsed().as_secs_f64())
        };
        // Opens the device, compiles, fills the caches.
        time(FIRST_DRAWS.min(draws.unwrap_or(u64::MAX)))?;
        let mut n = draws.unwrap_or(FIRST_DRAWS);
        let mut seconds = time(n)?;
        while draws.is_none() && seconds < LONG_ENOUGH_S && n < MOST_DRAWS {
            n *= if seconds < LONG_ENOUGH_S / 4.0 { 4 } else { 2 };
            seconds = time(n)?;
        }
        let models = plan.models.len();
        let model_draws_per_s = models as f64 * n as f64 / seconds;
        Ok(Throughput { models, draws: n, seconds, model_draws_per_s, device: sampler.device() })
    }
}
