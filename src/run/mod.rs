//! The one place that draws.
//!
//! A [`Session`] holds what draws (the CPU, a GPU, or whichever suits the work) and is asked for a [`Sampler`]: the
//! session's engine with a seed, a number of draws, a level for the intervals and a listener that follows the work
//! ([`Progress`]). Every command draws through it, and so do validation, coverage, the known answers and the tests, so
//! that the check of memory, progress, interruption, falling back to the CPU and errors ([`RunError`]) are the same
//! everywhere. Nothing here opens a file or knows a terminal.

mod disclosures;
mod drawing;
mod error;
mod framed;
#[cfg_attr(not(feature = "gpu"), path = "no_gpu.rs")]
mod gpu;
pub mod headline;
pub mod info;
pub mod intensity;
pub mod kept;
pub mod large;
pub mod lineage;
mod memory;
mod merged;
pub mod one_model;
pub mod part;
mod parts;
mod progress;
pub mod request;
pub mod sampled;
mod sampler;
mod session;
pub mod shown;
pub mod spool;
mod thresholds;
pub mod throughput;
pub mod trend;

pub use error::RunError;
pub use headline::{Drawn, Outcome, RunOptions};
pub use info::{Clock, Device, RunInfo, Timings};
pub use memory::Memory;
pub use one_model::OneModel;
pub use progress::{NoProgress, Progress};
pub use request::{Extent, PRECISION, Request};
pub use sampler::Sampler;
pub use session::{Backend, Builder, Session};

use serde::Serialize;

/// Draws of [`Settings::default`], and of a run to a precision at most.
pub const DRAWS: u64 = 1_000_000;
/// Default seed of the random stream.
pub const SEED: u64 = 42;
/// Default level of the credible intervals.
pub const INTERVAL: f64 = 0.95;

/// What a run draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    /// Draws 0 to this are drawn.
    pub draws: u64,
    /// Seed of the random stream.
    pub seed: u64,
    /// Level of the credible intervals, in (0, 1).
    pub level: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { draws: DRAWS, seed: SEED, level: INTERVAL }
    }
}
