//! The corners of a pick-freeze design on one device: stretches of draws, windows of a family's models, dispatches of a
//! tenth of a second. Twin of `src/engine/draw/cpu_corners.rs`.
//!
//! For each stretch the shared effects of both samples are drawn, then every family is walked through for as many of its
//! corners at a time as a dispatch takes, then the totals are put together and come back as one. So a stretch is in or
//! it is not, and a replay begins with the first that is not.

use std::sync::Arc;

use super::budget::{Cut, WORKGROUP_DRAWS};
use super::buffers::{At, CornerBuffers};
use super::corner_layout::{CORNER_WINDOW, CornerLayout, CornerWindow, MAX_BLOCKS};
use super::device::{Device, Readback};
use super::error::GpuError;
use super::gather::GatheredCorners;
use super::layout::{self, Params, WINDOW_STRIDE};
use super::pace::Pace;
use super::run::{Bound, Halt, Report, dispatch, dispatch_to, words};
use super::session::{CornerTraits, Session, Traits};
use super::shader::{Kernel, LANES};
use crate::engine::Prepared;

/// Some models of one family.
struct Place<'a> {
    family: usize,
    models: &'a [usize],
}

struct Work<'a> {
    device: &'a Device,
    prepared: &'a Prepared<'a>,
    layout: &'a CornerLayout,
    cut: Cut,
    buffers: CornerBuffers,
    /// Normals and sums of shared effects by sample.
    shared: Vec<[Bound; 2]>,
    corner_block: Bound,
    window_groups: Vec<wgpu::BindGroup>,
    merge: Bound,
    table_starts: Arc<[u32]>,
    places: Vec<Place<'a>>,
    /// The tile of places whose windows are on the device.
    there: Option<usize>,
    base: Params,
    pace: Pace,
    pending: Option<Pending>,
    staging: Vec<wgpu::Buffer>,
}

/// Totals on their way.
struct Pending {
    submission: wgpu::SubmissionIndex,
    readback: Readback,
    draws: u64,
}

/// Draws what is not yet gathered.
pub fn run(
    session: &Session,
    prepared: &Prepared,
    layout: &CornerLayout,
    seed: u64,
    cut: Cut,
    into: &mut GatheredCorners,
    report: Report,
) -> Result<(), Halt> {
    let mut work = Work::new(session, prepared, layout, seed, cut)?;
    let end = into.draws().end;
    let mut first = into.next;
    while first < end {
        let n = cut.stretch.min(end - first);
        work.stretch(first, n, into, report)?;
        first += n;
    }
    work.take(into)?;
    work.device.check()?;
    Ok(())
}

impl<'a> Work<'a> {
    fn new(
        session: &'a Session,
        prepared: &'a Prepared,
        layout: &'a CornerLayout,
        seed: u64,
        cut: Cut,
    ) -> Result<Work<'a>, GpuError> {
        let (device, plan) = (&session.device, prepared.plan);
        let places: Vec<Place> = layout
            .families
            .iter()
            .enumerate()
            .flat_map(|(family, f)| f.models.chunks(CORNER_WINDOW).map(move |models| Place { family, models }))
            .collect();
        let cut = Cut { tile: cut.tile.min(places.len()).max(1), ..cut };
        let (buffers, table_starts) = CornerBuffers::new(session, prepared, layout, &cut)?;
        let traits = Traits { corners: layout.traits, ..Traits::of(plan) };
        let bound = |kernel: Kernel, traits: &Traits, with: &[At<'_>]| {
            let pipeline = session.pipeline(kernel, traits)?;
            let group = device.bind(kernel.entry(), &pipeline, with)?;
            Ok::<_, GpuError>(Bound { kernel, pipeline, group })
        };
        let b = &buffers;
        let mut shared = vec![];
        for (second, logs) in [false, true].into_iter().zip(&b.logs).take(if traits.shared { 2 } else { 0 }) {
            let traits = Traits { corners: CornerTraits { second, ..layout.traits }, ..traits };
            let normals = [(0, &b.params), (1, &b.tables), (2, &b.effects), (4, &b.normals)];
            shared.push([
                bound(Kernel::SharedNormals, &traits, &normals)?,
                bound(Kernel::SharedLogs, &traits, &[(0, &b.params), (2, &b.effects), (3, logs), (4, &b.normals)])?,
            ]);
        }
        let corner_block = bound(Kernel::CornerBlock, &traits, &b.of_corner_block(traits.sums))?;
        let merge_buffers = [(0, &b.params), (2, &b.sources), (4, &b.totals), (5, &b.merged)];
        let merge = bound(Kernel::CornerMerge, &traits, &merge_buffers)?;
        let bytes = size_of::<CornerWindow>() as u64;
        let window = |w: usize| {
            device.bind_part("window of models", &corner_block.pipeline, &b.windows, w as u64 * WINDOW_STRIDE, bytes)
        };
        let window_groups = (0..cut.tile).map(window).collect::<Result<Vec<_>, _>>()?;
        let base = Params {
            seed: words(seed),
            stride: (cut.stretch / u64::from(LANES)) as u32,
            splits: cut.splits,
            effects: plan.effects.len() as u32,
            cells: prepared.parts.len() as u32,
            groups: layout.rows as u32,
            kept_groups: layout.distinct as u32,
            ..Params::default()
        };
        Ok(Work {
            device,
            prepared,
            layout,
            cut,
            buffers,
            shared,
            corner_block,
            window_groups,
            merge,
            table_starts,
            places,
            there: None,
            base,
            pace: Pace::new(),
            pending: None,
            staging: vec![],
        })
    }

    /// All families over the draws `first .. first + n`.
    fn stretch(&mut self, first: u64, n: u64, into: &mut GatheredCorners, report: Report) -> Result<(), Halt> {
        let base = Params { first: words(first), draws: n as u32, ..self.base };
        let workgroups = n.div_ceil(WORKGROUP_DRAWS) as u32;
        let mut encoder = self.device.encoder("begin of a stretch");
        encoder.clear_buffer(&self.buffers.totals, 0, None);
        for [normals, logs] in &self.shared {
            dispatch(&mut encoder, normals, workgroups, self.base.effects);
            dispatch(&mut encoder, logs, workgroups, self.base.cells);
        }
        self.device.write(&self.buffers.params, &[base]);
        self.pace.submit(self.device, encoder, 0.0)?;

        let families = &self.layout.families;
        // What is to be done in a stretch, in models drawn, some several times.
        let times = |family: usize| families[family].blocks.len().div_ceil(MAX_BLOCKS);
        let whole: usize = self.places.iter().map(|place| place.models.len() * times(place.family)).sum();
        let mut drawn = 0;
        let tiles = self.places.len().div_ceil(self.cut.tile);
        for tile in 0..tiles {
            let from = tile * self.cut.tile;
            let to = (from + self.cut.tile).min(self.places.len());
            self.bring(tile, from..to)?;
            let mut at = from;
            while at < to {
                let family = self.places[at].family;
                let end = (at..to).find(|&w| self.places[w].family != family).unwrap_or(to);
                for blocks in families[family].blocks.chunks(MAX_BLOCKS) {
                    self.device.write(&self.buffers.blocks, blocks);
                    let base = Params { blocks: blocks.len() as u32, ..base };
                    self.models(at..end, from, n, base, &mut |models| {
                        drawn += models;
                        let done = (drawn as f64 / whole as f64 * n as f64) as u64;
                        into.report(first + done, report)
                    })?;
                }
                at = end;
            }
        }
        self.send(n, base, workgroups, into)?;
        if !into.report(first + n, report) {
            return Err(Halt::Interrupted);
        }
        Ok(())
    }

    /// Brings the windows of a tile onto the device, unless they are there.
    fn bring(&mut self, tile: usize, places: std::ops::Range<usize>) -> Result<(), GpuError> {
        if self.there == Some(tile) {
            return Ok(());
        }
        let mut bytes = vec![];
        for place in &self.places[places] {
            let records = self.layout.records(self.prepared, place.models, &self.table_starts)?;
            bytes.extend(layout::windows(&records, CORNER_WINDOW));
        }
        self.device.write(&self.buffers.windows, &bytes);
        self.there = Some(tile);
        Ok(())
    }

    /// The models of one family in some windows, for the blocks that were written: dispatches of the right size.
    fn models(
        &mut self,
        places: std::ops::Range<usize>,
        tile: usize,
        n: u64,
        base: Params,
        report: &mut dyn FnMut(usize) -> bool,
    ) -> Result<(), Halt> {
        let workgroups = n.div_ceil(WORKGROUP_DRAWS) as u32;
        let (mut at, mut skip) = (places.start, 0);
        while at < places.end {
            // Some models of a window, or some whole windows.
            let wanted = ((self.pace.size() / n as f64) as usize).max(1);
            let here = self.places[at].models.len();
            let mut end = at + 1;
            let mut models = wanted.min(here - skip);
            if skip == 0 && models == here {
                while end < places.end && models + self.places[end].models.len() <= wanted {
                    models += self.places[end].models.len();
                    end += 1;
                }
            }
            self.device.write(&self.buffers.params, &[Params { skip: skip as u32, take: models as u32, ..base }]);
            let mut encoder = self.device.encoder("models at corners");
            for w in at..end {
                let window = Some(&self.window_groups[w - tile]);
                dispatch_to(&mut encoder, &self.corner_block, window, workgroups, self.cut.splits);
            }
            self.pace.submit(self.device, encoder, models as f64 * n as f64)?;
            skip += models;
            if skip >= here {
                (at, skip) = (end, 0);
            }
            if !report(models) {
                return Err(Halt::Interrupted);
            }
        }
        Ok(())
    }

    /// Puts the totals together and sends them on their way; takes in those of the stretch before.
    fn send(&mut self, draws: u64, base: Params, workgroups: u32, into: &mut GatheredCorners) -> Result<(), GpuError> {
        let bytes = self.layout.distinct as u64 * 8 * self.cut.stretch;
        let mut encoder = self.device.encoder("totals at corners");
        if self.layout.distinct > 0 {
            dispatch(&mut encoder, &self.merge, workgroups, self.layout.distinct as u32);
        }
        let staging = match self.staging.pop() {
            Some(buffer) => buffer,
            None => self.device.staging("totals at corners, coming back", bytes)?,
        };
        if bytes > 0 {
            encoder.copy_buffer_to_buffer(&self.buffers.merged, 0, &staging, 0, bytes);
        }
        self.device.write(&self.buffers.params, &[base]);
        let (submission, readback) = self.device.submit_readback(encoder, staging);
        self.take(into)?;
        self.pending = Some(Pending { submission, readback, draws });
        Ok(())
    }

    /// Takes in the totals on their way.
    fn take(&mut self, into: &mut GatheredCorners) -> Result<(), GpuError> {
        let Some(Pending { submission, readback, draws }) = self.pending.take() else { return Ok(()) };
        self.device.wait(&submission)?;
        let stretch = self.cut.stretch as usize;
        let ((), buffer) = self.device.read(readback, |words| into.take(draws, stretch, words))?;
        self.staging.push(buffer);
        Ok(())
    }
}
