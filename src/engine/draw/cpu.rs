//! The CPU backend: all cores, the widest instruction set found, constant memory.
//!
//! Draws are taken in chunks. For each chunk the shared effects are drawn once; then tiles of models are spread over
//! the threads, each of which adds to totals of its own for the chunk, which are summed at its end. A model belongs to
//! one tile, so its histogram has one writer. Nothing of size models × draws is held: per thread one chunk of totals,
//! per run the kept totals (8 bytes per draw and output) and 8 KiB of bins per model.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use super::accumulate::{self, CEILING};
use super::cpu_corners;
use super::fused::Fused;
use super::log2::log2_count;
use super::model_block::{BLOCK, Scratch, SharedLogs, Span, Totals};
use super::philox::Domain;
use super::simd::Available;
use crate::engine::plan::{self, Block, ModelPlan};
use crate::engine::{Backend, Corners, GroupSummary, ModelSummary, Moments, Prepared, Simd, Stopped, Summary};

/// Draws per chunk where the user does not say.
pub const DEFAULT_CHUNK: usize = 4096;
/// Chunks are at most this long, whatever the user says, so that memory stays bounded.
const MAX_CHUNK: usize = 1 << 20;
/// Words that one thread may hold for the groups' totals of a chunk.
const MAX_GROUP_WORDS: usize = 1 << 24;
/// Words of the shared effects of a chunk.
const MAX_SHARED_WORDS: usize = 1 << 24;
/// Models per tile at most.
const TILE: usize = 32;

/// The CPU backend.
pub struct Cpu {
    pool: rayon::ThreadPool,
    chunk: usize,
    simd: Available,
}

/// What one thread needs.
struct Worker {
    scratch: Box<Scratch>,
    totals: Totals,
}

impl Cpu {
    /// `threads` = 0 takes all cores, `chunk` = 0 the default. `simd` must be one of [`Simd::available`], else the
    /// baseline is taken.
    pub fn new(threads: usize, chunk: usize, simd: Simd) -> Result<Cpu, rayon::ThreadPoolBuildError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let chunk = if chunk == 0 { DEFAULT_CHUNK } else { chunk.min(MAX_CHUNK) };
        Ok(Cpu { pool, chunk, simd: Available::or_baseline(simd) })
    }

    /// How many threads draw.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The instruction set in use.
    pub fn simd(&self) -> Simd {
        self.simd.simd()
    }
}

impl Backend for Cpu {
    fn run_block(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        self.pool.install(|| self.run_chunks(plan, seed, draws, progress))
    }

    fn corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Corners, Stopped> {
        self.pool.install(|| cpu_corners::run(self.simd, prepared, seed, draws, progress))
    }
}

impl Cpu {
    fn run_chunks(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        let mut summary = Summary::empty(plan, draws.clone());
        let threads = self.threads();
        let shared_words = plan.effects.len() + plan.cells.len() + 1;
        let bounded = self.chunk.min(MAX_GROUP_WORDS / (plan.groups.len() + 1)).min(MAX_SHARED_WORDS / shared_words);
        let bounded = (bounded / BLOCK * BLOCK).max(BLOCK);
        let chunk = bounded.min((draws.end - draws.start) as usize).max(1);
        let workers: Vec<Mutex<Worker>> =
            (0..threads).map(|_| Mutex::new(Worker::new(plan, chunk, self.simd.fused()))).collect();
        let mut normals = vec![0; plan.effects.len() * chunk];
        let mut shared = vec![0; plan.cells.len() * chunk];
        let tile = plan.models.len().div_ceil(4 * threads).clamp(1, TILE);

        let mut first = draws.start;
        while first < draws.end {
            let n = chunk.min((draws.end - first) as usize);
            normals.par_chunks_mut(chunk).zip(&plan.effects).for_each(|(z, &key)| {
                self.simd.draw_effect(seed, Domain::Shared, key, first, &mut z[..n]);
            });
            shared.par_chunks_mut(chunk).zip(&plan.cells).for_each(|(logs, cell)| {
                self.simd.sum_cell(cell, &normals, chunk, &mut logs[..n]);
            });
            let shared_of = |offset| SharedLogs { logs: &shared, stride: chunk, offset };
            plan.models.par_chunks(tile).zip(summary.models.par_chunks_mut(tile)).for_each(|(models, own)| {
                let index = rayon::current_thread_index().unwrap_or(0);
                let mut worker = workers[index].lock().unwrap_or_else(|e| e.into_inner());
                self.run_tile(plan, models, own, seed, first, n, &shared_of, &mut worker);
            });
            let at = (first - draws.start) as usize;
            collect(plan, &workers, &mut summary, at, n);
            first += n as u64;
            if !progress(n as u64) {
                return Err(Stopped::Interrupted);
            }
        }
        summary.finish(plan);
        Ok(summary)
    }

    #[allow(clippy::too_many_arguments)]
    fn run_tile<'a>(
        &self,
        plan: Block<'_>,
        models: &[ModelPlan],
        own: &mut [ModelSummary],
        seed: u64,
        first: u64,
        n: usize,
        shared_of: &impl Fn(usize) -> SharedLogs<'a>,
        worker: &mut Worker,
    ) {
        let Worker { scratch, totals } = worker;
        for (model, own) in models.iter().zip(own) {
            // All blocks of one model together: its tables and bins stay in cache.
            for at in (0..n).step_by(BLOCK) {
                let span = Span { seed, first: first + at as u64, n: BLOCK.min(n - at), at };
                self.simd.add_model(plan, model, &span, shared_of(at), scratch, totals, own);
            }
        }
    }
}

impl Worker {
    fn new(plan: Block<'_>, chunk: usize, fused: Option<Fused>) -> Worker {
        let totals = Totals {
            totals: (0..plan.columns()).map(|c| vec![0; if plan.keeps(c) { chunk } else { 0 }]).collect(),
            groups: (0..plan.groups.len())
                .map(|g| [vec![0; chunk], vec![0; if g < plan::KEPT_GROUPS { chunk } else { 0 }]])
                .collect(),
        };
        Worker { scratch: Scratch::new(fused), totals }
    }
}

/// Moves the threads' totals of a chunk into the summary and clears them.
fn collect(plan: Block<'_>, workers: &[Mutex<Worker>], summary: &mut Summary, at: usize, n: usize) {
    for worker in workers {
        let mut worker = worker.lock().unwrap_or_else(|e| e.into_inner());
        let Totals { totals, groups } = &mut worker.totals;
        for (into, from) in summary.totals.iter_mut().zip(totals).filter(|(into, _)| !into.is_empty()) {
            accumulate::merge(&mut into[at..at + n], &from[..n]);
            from[..n].fill(0);
        }
        for (into, from) in summary.groups.iter_mut().zip(groups.iter_mut()) {
            if let GroupSummary::Kept { headline, denominator } = into {
                accumulate::merge(&mut headline[at..at + n], &from[0][..n]);
                accumulate::merge(&mut denominator[at..at + n], &from[1][..n]);
                from.iter_mut().for_each(|f| f[..n].fill(0));
            }
        }
    }
    bin_groups(plan, workers, summary, n);
}

/// Adds the chunk's totals of the groups that are not kept to their histograms.
fn bin_groups(plan: Block<'_>, workers: &[Mutex<Worker>], summary: &mut Summary, n: usize) {
    let kept = summary.groups.len().min(plan::KEPT_GROUPS);
    if summary.groups.len() == kept {
        return;
    }
    let mut guards: Vec<_> = workers.iter().map(|w| w.lock().unwrap_or_else(|e| e.into_inner())).collect();
    for (g, group) in summary.groups.iter_mut().enumerate().skip(kept) {
        let GroupSummary::Binned { headline } = group else { continue };
        for i in 0..n {
            let count = guards.iter().fold(0, |sum: u64, w| (sum + w.totals.groups[g][0][i]).min(CEILING));
            headline.add_count(count, &plan.groups[g].headline);
        }
        for w in &mut guards {
            w.totals.groups[g][0][..n].fill(0);
        }
    }
}

impl Moments {
    /// Adds one total of a group, a count in the group's unit.
    pub fn add_count(&mut self, count: u64, range: &plan::Range) {
        if count == 0 {
            self.zeros += 1;
            return;
        }
        let ceiling = 1 << plan::MODEL_BITS;
        self.saturated += u64::from(count > ceiling);
        let count = count.min(ceiling);
        self.sum += u128::from(count);
        self.sum_sq += u128::from(count) * u128::from(count);
        let y = log2_count(count).wrapping_add(range.unit << plan::LOG2_BITS);
        self.bins[range.bin(y) as usize] += 1;
    }
}
