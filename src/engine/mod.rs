//! A Monte Carlo engine for sums of products of random factors. Knows nothing of what the factors mean.
//!
//! Integers from the first random bit to the last sum, so that every backend, thread count and chunk size gives the
//! same bytes (`docs/engine.md`). [`plan`] holds the numbers to draw from, [`draw`] the arithmetic and the CPU backend, `gpu`
//! the same on a GPU, [`stats`] what is estimated from the draws.
//!
//! `examples/engine_only.rs` draws something of its own with it from beginning to end. With a plan at hand:
//!
//! ```
//! use carbonhaze::engine::{Backend, Cpu, Scalar, Simd};
//! # use carbonhaze::engine::plan::{Header, Marginal, ModelPlan, OutputPlan, Plan, Product, Range, SLOTS};
//! # let range = Range { unit: -40, saturable: true, bins_lo: -20 << 22, bin_scale: 100_000 };
//! # let side = Marginal::Affine { scale: 1 << 23 };
//! # let mut field = ModelPlan {
//! #     key: 1,
//! #     marginals: [Marginal::None; SLOTS],
//! #     cells: [None; SLOTS],
//! #     products: vec![Product { output: 0, loc: 0, signs: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
//! #     independent_scale: 0,
//! #     independent_shifted_scale: 0,
//! #     independent_bounded_scale: 0,
//! #     independent_with_bounded: 0,
//! #     headline: range,
//! #     ratio: range,
//! #     groups: vec![],
//! #     zeros: 0,
//! # };
//! # (field.marginals[0], field.marginals[1]) = (side, side);
//! # let header = Header {
//! #     tables: vec![],
//! #     effects: vec![],
//! #     cells: vec![],
//! #     outputs: vec![OutputPlan { unit: -40, kept: true }],
//! #     headline: 0,
//! #     denominator: None,
//! #     has_independent: false,
//! #     saturable: true,
//! #     binned: true,
//! #     groups: vec![],
//! #     ratio_shift: 0,
//! # };
//! # let plan = Plan::new(header, vec![field]);
//!
//! let fast = Cpu::new(0, 0, Simd::detect())?.run(&plan, 42, 0..1000, &|_| true)?;
//! let slow = Scalar.run(&plan, 42, 0..1000, &|_| true)?;
//! assert_eq!(fast, slow);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
pub mod draw;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod plan;
pub mod stats;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

pub use check::Check;
pub use draw::corner_block::Prepared;
pub use draw::corners::Corners;
pub use draw::cpu::Cpu;
pub use draw::reduce::{Host, Reduce};
pub use draw::scalar::Scalar;
pub use draw::shard::{MergeError, Shard};
pub use draw::simd::Simd;
pub use draw::summary::{GroupSummary, ModelSummary, Moments, Summary};
pub use draw::summary_file::ReadError;
#[cfg(feature = "gpu")]
pub use gpu::Gpu;

use draw::summary;
use plan::{Block, Plan};

/// Something that draws.
pub trait Backend {
    /// Draws `draws` of a plan under `seed`; calls `progress` with the number of draws done, which may stop the run by
    /// returning false.
    fn run(
        &self,
        plan: &Plan,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        let mut models = Vec::with_capacity(plan.models.len());
        let mut summary = self.run_blocks(plan, seed, draws, progress, &mut |block| models.extend(block))?;
        summary.models = models;
        Ok(summary)
    }

    /// The same block by block: `take` is given the models of each block, in order. The summary has none. What is held does not grow with the models.
    fn run_blocks(
        &self,
        plan: &Plan,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
        take: &mut dyn FnMut(Vec<ModelSummary>),
    ) -> Result<Summary, Stopped> {
        let models = plan.models.len().max(1) as u64;
        let mut before = 0;
        let mut whole: Option<Summary> = None;
        for block in plan.blocks() {
            let of_block = block.len().max(1) as u64;
            let state = Mutex::new(0);
            // Draws of a block count by its share of the models.
            let of_all = |n: u64| {
                let mut done = state.lock().unwrap_or_else(PoisonError::into_inner);
                let at = |done: u64| (before + done * of_block) / models;
                let news = at(*done + n) - at(*done);
                *done += n;
                progress(news)
            };
            let mut part = match block.len() == plan.models.len() {
                true => self.run_block(plan.whole(), seed, draws.clone(), &of_all)?,
                false => self.run_block(plan.part(block).whole(), seed, draws.clone(), &of_all)?,
            };
            before += (draws.end - draws.start) * of_block;
            take(std::mem::take(&mut part.models));
            match &mut whole {
                None => whole = Some(part),
                Some(whole) => whole.add_block(part).map_err(Stopped::Blocks)?,
            }
        }
        Ok(whole.unwrap_or_else(|| Summary::empty(plan.whole(), draws)))
    }

    /// Draws on from a run of the first draws of the plan, up to draw `end`.
    fn run_on(
        &self,
        plan: &Plan,
        seed: u64,
        first: Summary,
        end: u64,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        if first.draws.end >= end {
            return Ok(first);
        }
        let rest = self.run(plan, seed, first.draws.end..end, progress)?;
        first.merge(rest).map_err(|_| Stopped::Blocks(summary::NotOneRun))
    }

    /// Draws `draws` of one block of models.
    fn run_block(
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
    /// The device failed, in its own words, and nothing else was to finish the work.
    #[error("{0}")]
    Device(String),
    /// The blocks of the plan cannot be put together.
    #[error(transparent)]
    Blocks(summary::NotOneRun),
}
