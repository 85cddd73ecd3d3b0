//! Draws to exact integer summaries. Knows nothing of carbon.
//!
//! Integers from the first random bit to the last sum, so that every backend, thread count and chunk size gives the
//! same bytes (`docs/engine.md`). The numbers go `philox` → `inverse_normal` → `marginal` / `shared` / `one_plus` → `exp2` →
//! `accumulate` (totals per draw) and `summarise` (single models). `model_block` puts these together for one model and
//! a few hundred draws, `simd` compiles that for each instruction set, `cpu` spreads it over the cores. `scalar` is
//! the same computation written draw by draw: the definition that the others are tested against. `reduce` is what is done
//! with the kept draws afterwards, by `sort` and `quotient`, or on a device.

pub mod accumulate;
pub mod corner_block;
pub mod corners;
pub mod cpu;
mod cpu_corners;
pub mod exp2;
pub mod gpu;
pub mod inverse_normal;
pub mod log2;
pub mod marginal;
pub mod model_block;
pub mod one_plus;
pub mod packed;
pub mod philox;
pub mod quotient;
pub mod reduce;
pub mod scalar;
pub mod shared;
pub mod simd;
pub mod sort;
pub mod summarise;
pub mod summary;

use std::ops::Range;

pub use corner_block::Prepared;
pub use corners::Corners;
pub use cpu::Cpu;
pub use gpu::Gpu;
pub use reduce::{Host, Reduce};
pub use scalar::Scalar;
pub use simd::Simd;
pub use summary::{GroupSummary, ModelSummary, Moments, Summary};

use crate::plan::Plan;

/// Something that draws.
pub trait Backend {
    /// Draws `draws` of `plan` under `seed`; calls `progress` with the number of draws done, which may stop the run by
    /// returning false.
    fn run(
        &self,
        plan: &Plan,
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
