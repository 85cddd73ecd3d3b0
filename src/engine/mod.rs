//! A Monte Carlo engine for sums of products of random factors. Knows nothing of what the factors mean.
//!
//! Integers from the first random bit to the last sum, so that every backend, thread count and chunk size gives the
//! same bytes (`docs/engine.md`). [`plan`] holds the numbers to draw from, [`draw`] the arithmetic and the CPU backend, `gpu`
//! the same on a GPU, [`stats`] what is estimated from the draws.

pub mod draw;
pub mod gpu;
pub mod plan;
pub mod stats;

use std::ops::Range;

pub use draw::corner_block::Prepared;
pub use draw::corners::Corners;
pub use draw::cpu::Cpu;
pub use gpu::Gpu;
pub use draw::reduce::{Host, Reduce};
pub use draw::scalar::Scalar;
pub use draw::simd::Simd;
pub use draw::summary::{GroupSummary, ModelSummary, Moments, Summary};

use plan::Block;

/// Something that draws.
pub trait Backend {
    /// Draws `draws` of a plan's block of models under `seed`; calls `progress` with the number of draws done, which may stop the run by
    /// returning false.
    fn run(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped>;

    /// Draws the totals at the corners of a pick-freeze design; otherwise like [`Backend::run`].
    fn corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Corners, Stopped>;
}

/// Why a run did not come to its end. It leaves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// By its progress callback.
    #[error("interrupted")]
    Interrupted,
    /// The device failed, in the words of [`gpu::GpuError`], and nothing else was to finish the work.
    #[error("{0}")]
    Device(String),
}
