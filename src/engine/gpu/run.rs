//! The work on one device: stretches of draws, tiles of models, dispatches of a tenth of a second.
//!
//! For each stretch the shared effects are drawn, then every tile of models is walked through in dispatches, then the
//! totals come back. Two submissions are in flight, so that the device has work while the host takes results in.

use std::collections::VecDeque;
use std::sync::Arc;

use super::budget::{Cut, WORKGROUP_DRAWS};
use super::buffers::{Buffers, bins_of};
use super::device::{Device, Readback};
use super::error::GpuError;
use super::gather::Gathered;
use super::layout::{self, GROUP_SUMS, MODEL_SUMS, Params, WINDOW, WINDOW_STRIDE, Window};
use super::pace::Pace;
use super::session::{Session, Traits};
use super::shader::{Kernel, LANES};
use crate::engine::plan::{BINS, Block, KEPT_GROUPS};

/// Why the work on a device ended early.
pub enum Halt {
    Interrupted,
    Failed(GpuError),
}

impl From<GpuError> for Halt {
    fn from(e: GpuError) -> Halt {
        Halt::Failed(e)
    }
}

/// Called with draws done since the last call; false stops the run.
pub type Report<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// One kernel with its buffers.
pub struct Bound {
    pub kernel: Kernel,
    pub pipeline: wgpu::ComputePipeline,
    pub group: wgpu::BindGroup,
}

/// Results on their way.
struct Pending {
    submission: wgpu::SubmissionIndex,
    readback: Readback,
    part: Part,
}

enum Part {
    /// Counters of so many models from `first` on.
    Models {
        first: usize,
        n: usize,
        draws: u64,
    },
    Totals {
        draws: u64,
    },
}

struct Work<'a> {
    device: &'a Device,
    plan: Block<'a>,
    cut: Cut,
    buffers: Buffers,
    shared: Option<[Bound; 2]>,
    model_block: Bound,
    /// By window of a tile, for `model_block`.
    windows: Vec<wgpu::BindGroup>,
    merge: Option<Bound>,
    bin_groups: Option<Bound>,
    /// Where each of the plan's tables begins.
    table_starts: Arc<[u32]>,
    /// Groups that are kept, and that are not.
    kept: usize,
    binned: usize,
    base: Params,
    pace: Pace,
    pending: VecDeque<Pending>,
    /// Staging buffers not in use: for models, for totals.
    staging: [Vec<wgpu::Buffer>; 2],
}

/// Draws what is not yet gathered.
pub fn run(
    session: &Session,
    plan: Block<'_>,
    seed: u64,
    cut: Cut,
    into: &mut Gathered,
    report: Report,
) -> Result<(), Halt> {
    let mut work = Work::new(session, plan, seed, cut)?;
    let end = into.draws().end;
    let mut first = into.next;
    while first < end {
        let n = if first == into.next && into.models_in > 0 { into.stretch } else { cut.stretch.min(end - first) };
        work.stretch(first, n, into, report)?;
        first += n;
    }
    while !work.pending.is_empty() {
        work.take(into)?;
    }
    work.device.check()?;
    Ok(())
}

impl<'a> Work<'a> {
    fn new(session: &'a Session, plan: Block<'a>, seed: u64, cut: Cut) -> Result<Work<'a>, GpuError> {
        let device = &session.device;
        let kept = plan.groups.len().min(KEPT_GROUPS);
        let binned = plan.groups.len() - kept;
        let (buffers, table_starts) = Buffers::new(session, plan, &cut)?;
        let traits = Traits::of(plan);
        let bound = |kernel: Kernel, with: &[(u32, &wgpu::Buffer)]| {
            let pipeline = session.pipeline(kernel, &traits)?;
            let group = device.bind(kernel.entry(), &pipeline, with)?;
            Ok::<_, GpuError>(Bound { kernel, pipeline, group })
        };
        let b = &buffers;
        let shared = match traits.shared {
            false => None,
            true => Some([
                bound(Kernel::SharedNormals, &[(0, &b.params), (1, &b.tables), (2, &b.effects), (4, &b.normals)])?,
                bound(Kernel::SharedLogs, &[(0, &b.params), (2, &b.effects), (3, &b.logs), (4, &b.normals)])?,
            ]),
        };
        let merge_buffers = [(0, &b.params), (4, &b.totals), (5, &b.groups)];
        let base = Params {
            seed: words(seed),
            stride: (cut.stretch / u64::from(LANES)) as u32,
            splits: cut.splits,
            effects: plan.effects.len() as u32,
            cells: plan.cells.len() as u32,
            groups: plan.groups.len() as u32,
            kept_groups: kept as u32,
            units: layout::units(plan),
            ..Params::default()
        };
        let model_block = bound(Kernel::ModelBlock, &b.of_model_block(traits.sums))?;
        let windows = (0..cut.tile.div_ceil(WINDOW) as u64).map(|w| {
            let bytes = size_of::<Window>() as u64;
            device.bind_part("window of models", &model_block.pipeline, &b.models, w * WINDOW_STRIDE, bytes)
        });
        let windows = windows.collect::<Result<Vec<_>, _>>()?;
        Ok(Work {
            device,
            plan,
            cut,
            model_block,
            windows,
            merge: if cut.splits > 1 { Some(bound(Kernel::Merge, &merge_buffers)?) } else { None },
            bin_groups: if binned > 0 { Some(bound(Kernel::BinGroups, &b.of_bin_groups())?) } else { None },
            shared,
            buffers,
            table_starts,
            kept,
            binned,
            base,
            pace: Pace::new(),
            pending: VecDeque::new(),
            staging: [vec![], vec![]],
        })
    }

    /// All models over the draws `first .. first + n`.
    fn stretch(&mut self, first: u64, n: u64, into: &mut Gathered, report: Report) -> Result<(), Halt> {
        let plan = self.plan;
        let base = Params { first: words(first), draws: n as u32, ..self.base };
        let workgroups = n.div_ceil(WORKGROUP_DRAWS) as u32;
        let mut encoder = self.device.encoder("begin of a stretch");
        encoder.clear_buffer(&self.buffers.totals, 0, None);
        encoder.clear_buffer(&self.buffers.groups, 0, None);
        if let Some([normals, logs]) = &self.shared {
            dispatch(&mut encoder, normals, workgroups, plan.effects.len() as u32);
            dispatch(&mut encoder, logs, workgroups, plan.cells.len() as u32);
        }
        self.device.write(&self.buffers.params, &[base]);
        self.pace.submit(self.device, encoder, 0.0)?;

        let done_before = first - into.draws().start;
        let tiles = plan.models.chunks(self.cut.tile).enumerate();
        for (t, tile) in tiles {
            let first_model = t * self.cut.tile;
            let records = layout::models(plan, tile, &self.table_starts)?;
            self.device.write(&self.buffers.models, &layout::windows(&records.models, WINDOW));
            self.device.write(&self.buffers.memberships, &records.memberships);
            self.device.write(&self.buffers.more, &records.more);
            let mut encoder = self.device.encoder("begin of a tile");
            encoder.clear_buffer(&self.buffers.sums, 0, None);
            encoder.clear_buffer(&self.buffers.bins, 0, None);
            self.pace.submit(self.device, encoder, 0.0)?;
            let mut at = 0;
            while at < tile.len() {
                // Some models of a window, or some whole windows.
                let wanted = (self.pace.size() / n as f64) as usize;
                let (window, skip) = (at / WINDOW, at % WINDOW);
                let here = (tile.len() - at).min(WINDOW - skip);
                let whole = skip == 0 && wanted >= WINDOW;
                let models =
                    if whole { (wanted / WINDOW * WINDOW).min(tile.len() - at) } else { wanted.clamp(1, here) };
                let take = if whole { WINDOW } else { models };
                self.device.write(&self.buffers.params, &[Params { skip: skip as u32, take: take as u32, ..base }]);
                let mut encoder = self.device.encoder("models");
                for w in window..window + models.div_ceil(WINDOW) {
                    dispatch_to(&mut encoder, &self.model_block, Some(&self.windows[w]), workgroups, self.cut.splits);
                }
                self.pace.submit(self.device, encoder, models as f64 * n as f64)?;
                at += models;
                let share = (first_model + at) as f64 / plan.models.len() as f64;
                let done = done_before + (share * n as f64) as u64;
                if !into.report(done, report) {
                    return Err(Halt::Interrupted);
                }
                // What came back while the device was at work.
                while self.pending.len() > 1 {
                    self.take(into)?;
                }
            }
            self.send_models(first_model, tile.len(), n)?;
        }
        self.send_totals(n, base, workgroups)?;
        // A plan without models has reported nothing yet.
        if plan.models.is_empty() && !into.report(done_before + n, report) {
            return Err(Halt::Interrupted);
        }
        Ok(())
    }

    /// Sends the counters of a tile on their way.
    fn send_models(&mut self, first: usize, n: usize, draws: u64) -> Result<(), GpuError> {
        let per_model = bins_of(self.plan);
        let (sums, bins) = ((n * 4 * MODEL_SUMS) as u64, (n * 8 * per_model) as u64);
        let mut encoder = self.device.encoder("counters of a tile");
        let room = (self.cut.tile * (4 * MODEL_SUMS + 8 * per_model)) as u64;
        let staging = self.staging(0, "counters of a tile, coming back", room)?;
        encoder.copy_buffer_to_buffer(&self.buffers.sums, 0, &staging, 0, sums);
        if bins > 0 {
            encoder.copy_buffer_to_buffer(&self.buffers.bins, 0, &staging, sums, bins);
        }
        self.send(encoder, staging, Part::Models { first, n, draws })
    }

    /// Puts the splits together, bins the groups, and sends the totals on their way.
    fn send_totals(&mut self, draws: u64, base: Params, workgroups: u32) -> Result<(), GpuError> {
        let row = 8 * self.cut.stretch;
        let (kept, groups) = (self.kept as u64, self.plan.groups.len() as u64);
        let binned = self.binned as u64;
        let mut encoder = self.device.encoder("totals of a stretch");
        if let Some(merge) = &self.merge {
            dispatch(
                &mut encoder,
                merge,
                workgroups,
                (self.plan.columns() + self.plan.groups.len() + self.kept) as u32,
            );
        }
        if let Some(bin_groups) = &self.bin_groups {
            encoder.clear_buffer(&self.buffers.group_sums, 0, None);
            encoder.clear_buffer(&self.buffers.group_bins, 0, None);
            dispatch(&mut encoder, bin_groups, workgroups, self.binned as u32);
        }
        let (group_sums, group_bins) = (binned * 4 * GROUP_SUMS as u64, binned * 4 * BINS as u64);
        let columns = self.plan.columns() as u64;
        let room = (columns + 2 * kept) * row + group_sums + group_bins;
        let staging = self.staging(1, "totals, coming back", room)?;
        let parts = [
            (&self.buffers.totals, 0, columns * row),
            (&self.buffers.groups, 0, kept * row),
            (&self.buffers.groups, groups * row, kept * row),
            (&self.buffers.group_sums, 0, group_sums),
            (&self.buffers.group_bins, 0, group_bins),
        ];
        let mut at = 0;
        for (buffer, from, bytes) in parts {
            if bytes > 0 {
                encoder.copy_buffer_to_buffer(buffer, from, &staging, at, bytes);
            }
            at += bytes;
        }
        self.device.write(&self.buffers.params, &[base]);
        self.send(encoder, staging, Part::Totals { draws })
    }

    fn staging(&mut self, pool: usize, what: &str, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        match self.staging[pool].pop() {
            Some(buffer) => Ok(buffer),
            None => self.device.staging(what, bytes),
        }
    }

    fn send(&mut self, encoder: wgpu::CommandEncoder, staging: wgpu::Buffer, part: Part) -> Result<(), GpuError> {
        let (submission, readback) = self.device.submit_readback(encoder, staging);
        self.pending.push_back(Pending { submission, readback, part });
        Ok(())
    }

    /// Takes in the oldest results on their way.
    fn take(&mut self, into: &mut Gathered) -> Result<(), GpuError> {
        let Some(Pending { submission, readback, part }) = self.pending.pop_front() else { return Ok(()) };
        self.device.wait(&submission)?;
        let (plan, stretch) = (self.plan, self.cut.stretch as usize);
        let (kept, binned) = (self.kept, self.binned);
        let pool = usize::from(matches!(part, Part::Totals { .. }));
        let ((), buffer) = self.device.read(readback, |words| match part {
            Part::Models { first, n, draws } => {
                let (sums, rest) = words.split_at(n * MODEL_SUMS);
                into.take_models(plan, first, draws, sums, &rest[..n * 2 * bins_of(plan)]);
            }
            Part::Totals { draws } => {
                let row = 2 * stretch;
                let (totals, rest) = words.split_at(plan.columns() * row);
                let (headline, rest) = rest.split_at(kept * row);
                let (denominator, rest) = rest.split_at(kept * row);
                let (sums, bins) = rest.split_at(binned * GROUP_SUMS);
                into.take_totals(draws, stretch, totals, headline, denominator, sums, &bins[..binned * BINS]);
            }
        })?;
        self.staging[pool].push(buffer);
        Ok(())
    }
}

pub fn dispatch(encoder: &mut wgpu::CommandEncoder, bound: &Bound, x: u32, y: u32) {
    dispatch_to(encoder, bound, None, x, y);
}

/// With a second group of buffers.
pub fn dispatch_to(
    encoder: &mut wgpu::CommandEncoder,
    bound: &Bound,
    second: Option<&wgpu::BindGroup>,
    x: u32,
    y: u32,
) {
    let descriptor = wgpu::ComputePassDescriptor { label: Some(bound.kernel.entry()), timestamp_writes: None };
    let mut pass = encoder.begin_compute_pass(&descriptor);
    pass.set_pipeline(&bound.pipeline);
    pass.set_bind_group(0, &bound.group, &[]);
    if second.is_some() {
        pass.set_bind_group(1, second, &[]);
    }
    pass.dispatch_workgroups(x, y, 1);
}

pub fn words(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}
