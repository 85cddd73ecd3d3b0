//! What lies on the device during a run: its buffers, sized once, and which kernel sees which of them.

use std::sync::Arc;

use super::budget::Cut;
use super::corner_layout::{CornerBlock, CornerLayout, MAX_BLOCKS};
use super::error::GpuError;
use super::layout::{self, GROUP_SUMS, MODEL_SUMS, Params, ProductRecord, RangeRecord, WINDOW, WINDOW_STRIDE};
use super::session::Session;
use crate::engine::Prepared;
use crate::engine::plan::{BINS, Block, KEPT_GROUPS, ModelPlan};

/// A buffer at its binding.
pub type At<'b> = (u32, &'b wgpu::Buffer);

/// Bytes of a row of logarithms, one per draw of a stretch, and of a row of totals.
fn rows(cut: &Cut) -> (u64, u64) {
    (4 * cut.stretch, 8 * cut.stretch)
}

/// Bins of each output of a single model.
pub fn bins_of(plan: Block<'_>) -> usize {
    if plan.binned { BINS } else { 0 }
}

/// The buffers of a run, as long as its device lives.
pub struct Buffers {
    pub params: wgpu::Buffer,
    pub tables: wgpu::Buffer,
    pub effects: wgpu::Buffer,
    pub logs: wgpu::Buffer,
    pub normals: wgpu::Buffer,
    pub models: wgpu::Buffer,
    pub memberships: wgpu::Buffer,
    pub more: wgpu::Buffer,
    pub totals: wgpu::Buffer,
    pub groups: wgpu::Buffer,
    pub sums: wgpu::Buffer,
    pub bins: wgpu::Buffer,
    pub group_ranges: wgpu::Buffer,
    pub group_sums: wgpu::Buffer,
    pub group_bins: wgpu::Buffer,
}

impl Buffers {
    /// With the tables, shared effects and ranges of groups in place. Also where each of the plan's tables begins.
    pub fn new(session: &Session, plan: Block<'_>, cut: &Cut) -> Result<(Buffers, Arc<[u32]>), GpuError> {
        let device = &session.device;
        let kept = plan.groups.len().min(KEPT_GROUPS);
        let binned = plan.groups.len() - kept;
        let group_rows = (plan.groups.len() + kept) as u64;
        let splits = u64::from(cut.splits);
        let (log_row, total_row) = rows(cut);
        let (tables, table_starts) = session.tables(&plan.tables)?;
        let effects = layout::effects(plan, &plan.cells);
        let memberships = plan.models.chunks(cut.tile).map(|t| t.iter().map(|m| m.groups.len()).sum::<usize>()).max();
        let of_tile = |t: &[ModelPlan]| t.iter().map(|m| m.products.len()).sum::<usize>();
        let more = plan.models.chunks(cut.tile).map(of_tile).max().unwrap_or(0);
        let tile = cut.tile as u64;
        let buffers = Buffers {
            params: device.uniform("parameters", size_of::<Params>() as u64)?,
            tables,
            effects: device.input("shared effects", 8 * effects.len() as u64)?,
            logs: device.storage("logarithms of shared effects", plan.cells.len() as u64 * log_row)?,
            normals: device.storage("normals of shared effects", plan.effects.len() as u64 * log_row)?,
            models: device.uniform("models", tile.div_ceil(WINDOW as u64) * WINDOW_STRIDE)?,
            memberships: device.input("group memberships", 16 * memberships.unwrap_or(0) as u64)?,
            more: device.input("products", (more * size_of::<ProductRecord>()) as u64)?,
            totals: device.storage("totals", splits * plan.columns() as u64 * total_row)?,
            groups: device.storage("totals of groups", splits * group_rows * total_row)?,
            sums: device.storage("sums by model", tile * 4 * MODEL_SUMS as u64)?,
            bins: device.storage("bins by model", tile * 8 * bins_of(plan) as u64)?,
            group_ranges: device.input("ranges of groups", (binned * size_of::<RangeRecord>()) as u64)?,
            group_sums: device.storage("sums by group", (binned * 4 * GROUP_SUMS) as u64)?,
            group_bins: device.storage("bins by group", (binned * 4 * BINS) as u64)?,
        };
        device.write(&buffers.effects, &effects);
        let ranges: Vec<RangeRecord> = plan.groups.iter().skip(kept).map(|g| (&g.headline).into()).collect();
        device.write(&buffers.group_ranges, &ranges);
        Ok((buffers, table_starts))
    }

    /// For the kernel of models; `sums`: some output is a sum of several products.
    pub fn of_model_block(&self, sums: bool) -> Vec<At<'_>> {
        let mut buffers = vec![
            (0, &self.params),
            (1, &self.tables),
            (3, &self.logs),
            (4, &self.totals),
            (5, &self.groups),
            (6, &self.sums),
            (7, &self.bins),
            (8, &self.memberships),
        ];
        if sums {
            buffers.push((9, &self.more));
        }
        buffers
    }

    /// For the kernel that bins groups.
    pub fn of_bin_groups(&self) -> [At<'_>; 6] {
        [
            (0, &self.params),
            (1, &self.tables),
            (2, &self.group_ranges),
            (5, &self.groups),
            (6, &self.group_sums),
            (7, &self.group_bins),
        ]
    }
}

/// The buffers of a run at corners.
pub struct CornerBuffers {
    pub params: wgpu::Buffer,
    pub tables: wgpu::Buffer,
    pub effects: wgpu::Buffer,
    /// By sample.
    pub logs: [wgpu::Buffer; 2],
    pub normals: wgpu::Buffer,
    pub windows: wgpu::Buffer,
    pub blocks: wgpu::Buffer,
    pub extras: wgpu::Buffer,
    pub more: wgpu::Buffer,
    pub totals: wgpu::Buffer,
    pub merged: wgpu::Buffer,
    pub sources: wgpu::Buffer,
}

impl CornerBuffers {
    /// With what does not change in place. Also where each of the plan's tables begins.
    pub fn new(
        session: &Session,
        prepared: &Prepared,
        layout: &CornerLayout,
        cut: &Cut,
    ) -> Result<(CornerBuffers, Arc<[u32]>), GpuError> {
        let (device, plan) = (&session.device, prepared.plan);
        let (log_row, total_row) = rows(cut);
        let (tables, table_starts) = session.tables(&plan.tables)?;
        let effects = layout::effects(plan, &prepared.parts);
        let logs = |what| device.storage(what, prepared.parts.len() as u64 * log_row);
        let buffers = CornerBuffers {
            params: device.uniform("parameters", size_of::<Params>() as u64)?,
            tables,
            effects: device.input("shared effects", 8 * effects.len() as u64)?,
            logs: [logs("logarithms of shared effects, sample A")?, logs("logarithms of shared effects, sample B")?],
            normals: device.storage("normals of shared effects", plan.effects.len() as u64 * log_row)?,
            windows: device.uniform("models", cut.tile as u64 * WINDOW_STRIDE)?,
            blocks: device.uniform("blocks of corners", size_of::<[CornerBlock; MAX_BLOCKS]>() as u64)?,
            extras: device.input("shared effects of other groups", 8 * layout.extras.len() as u64)?,
            more: device.input("products", size_of_val(&layout.more[..]) as u64)?,
            totals: device.storage("totals", u64::from(cut.splits) * layout.rows as u64 * total_row)?,
            merged: device.storage("totals at corners", layout.distinct as u64 * total_row)?,
            sources: device.input("rows of corners", 8 * layout.sources.len() as u64)?,
        };
        device.write(&buffers.effects, &effects);
        device.write(&buffers.extras, &layout.extras);
        device.write(&buffers.more, &layout.more);
        device.write(&buffers.sources, &layout.sources);
        Ok((buffers, table_starts))
    }

    /// For the kernel of corners; `sums`: some output is a sum of several products.
    pub fn of_corner_block(&self, sums: bool) -> Vec<At<'_>> {
        let mut buffers = vec![
            (0, &self.params),
            (1, &self.tables),
            (2, &self.blocks),
            (3, &self.logs[0]),
            (4, &self.totals),
            (6, &self.logs[1]),
            (8, &self.extras),
        ];
        if sums {
            buffers.push((9, &self.more));
        }
        buffers
    }
}
