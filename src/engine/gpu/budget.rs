//! How much goes onto a device at once: draws per stretch, models per tile, splits of the models.
//!
//! A *stretch* of draws has its totals on the device; a *tile* of models has its counters and bins there; where a
//! stretch has too few draws to fill the device, the models of a dispatch are *split* between workgroups that each
//! have totals of their own. Runs and designs of corners are cut alike; they differ in what lies in their buffers. Everything is sized before anything is allocated, since some drivers promise memory that
//! they do not have.

use super::adapter::{Kind, WORKGROUP};
use super::corner_layout::{CORNER_WINDOW, CornerLayout};
use super::error::GpuError;
use super::layout::{self, GROUP_SUMS, MODEL_SUMS, WINDOW, WINDOW_STRIDE};
use super::shader::LANES;
use crate::engine::Prepared;
use crate::engine::plan::{BINS, Block, KEPT_GROUPS};

/// Draws in a workgroup; stretches are whole multiples.
pub const WORKGROUP_DRAWS: u64 = (LANES * WORKGROUP) as u64;

/// What a kind of device is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Largest buffer.
    pub binding_bytes: u64,
    /// Draws per stretch at most.
    pub stretch: u64,
    /// Workgroups that should be at work together.
    pub workgroups: u64,
}

impl Budget {
    pub fn of(kind: Kind) -> Budget {
        match kind {
            // Totals stay in the cache; a few workgroups fill the cores.
            Kind::Cpu => Budget { binding_bytes: 128 << 20, stretch: 32 << 10, workgroups: 1 },
            _ => Budget { binding_bytes: 1 << 30, stretch: 512 << 10, workgroups: 4096 },
        }
    }

    /// A quarter, after an allocation failed.
    pub fn smaller(self) -> Budget {
        let stretch = (self.stretch / 4).max(WORKGROUP_DRAWS);
        Budget { binding_bytes: (self.binding_bytes / 4).max(16 << 20), stretch, ..self }
    }
}

/// How a plan is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Draws per stretch, a whole number of workgroups.
    pub stretch: u64,
    /// Models per tile.
    pub tile: usize,
    /// Parts of a dispatch's models.
    pub splits: u32,
}

/// Splits at most: beyond, the totals of the splits cost more than they bring.
const MAX_SPLITS: u64 = 64;

/// Windows of a design that lie on the device at once: 16 MiB.
const CORNER_WINDOWS: u64 = 256;

/// What a device has room for, and what of a run is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub budget: Budget,
    /// Largest binding in bytes.
    pub binding: u64,
    /// In one dimension of a dispatch.
    pub max_workgroups: u32,
    /// Length of the run.
    pub draws: u64,
    /// Draws per stretch that were asked for; 0: none were.
    pub chunk: u64,
    /// Splits that were asked for; 0: none were.
    pub splits: u32,
}

/// Bytes per draw of the buffers whose rows are as long as a stretch.
pub struct PerDraw {
    /// Of the totals, in a split.
    pub totals: u64,
    /// Of the widest buffer.
    pub widest: u64,
}

impl Room {
    /// Whether buffers that are never divided can be bound.
    pub fn holds(&self, buffers: &[(&'static str, u64)]) -> Result<(), GpuError> {
        match buffers.iter().find(|(_, needed)| *needed > self.binding) {
            None => Ok(()),
            Some(&(what, needed)) => Err(GpuError::TooLarge { what, needed, limit: self.binding }),
        }
    }

    /// Whether a dispatch can have so many rows of workgroups.
    pub fn has_rows(&self, what: &'static str, found: usize) -> Result<(), GpuError> {
        match found as u64 {
            found if found <= self.max_workgroups.into() => Ok(()),
            found => Err(GpuError::TooMany { what, found, limit: self.max_workgroups.into() }),
        }
    }

    /// Cuts the draws, and `models` that are dispatched together; the widest buffer has `other` bytes of other things.
    pub fn cut(
        &self,
        what: &'static str,
        bytes: PerDraw,
        other: u64,
        models: usize,
        tile: usize,
    ) -> Result<Cut, GpuError> {
        let fits = (self.binding - other) / bytes.widest / WORKGROUP_DRAWS * WORKGROUP_DRAWS;
        if fits == 0 {
            return Err(GpuError::TooLarge { what, needed: bytes.widest * WORKGROUP_DRAWS, limit: self.binding });
        }
        let wanted = if self.chunk == 0 { self.budget.stretch } else { self.chunk };
        let whole = wanted.min(self.draws).max(1).next_multiple_of(WORKGROUP_DRAWS);
        let stretch = whole.min(fits).min(u64::from(self.max_workgroups) * WORKGROUP_DRAWS);

        let wanted = self.budget.workgroups.div_ceil(stretch / WORKGROUP_DRAWS);
        let fits = self.binding / (bytes.totals * stretch);
        let splits = wanted.min(fits).min(MAX_SPLITS).min(models as u64 / 8).max(1) as u32;
        Ok(Cut { stretch, tile, splits: if self.splits > 0 { self.splits } else { splits } })
    }
}

impl Cut {
    /// Of a run of a plan.
    pub fn of(plan: Block<'_>, room: &Room) -> Result<Cut, GpuError> {
        let tables = 8 * layout::table_entries(plan.tables.iter().map(|t| &**t));
        let effects = 8 * layout::effects(plan, &plan.cells).len() as u64;
        room.holds(&[("tables", tables), ("shared effects", effects)])?;
        room.has_rows("shared effects", plan.effects.len().max(plan.cells.len()))?;
        let binding = room.binding;
        let kept = plan.groups.len().min(KEPT_GROUPS) as u64;
        let binned = plan.groups.len() as u64 - kept;
        let group_bytes = binned * 4 * (BINS + GROUP_SUMS) as u64;
        let bins = if plan.binned { 2 * BINS } else { 0 };
        let counters = 4 * (bins + MODEL_SUMS) as u64;
        let groups = plan.models.iter().map(|m| m.groups.len()).max().unwrap_or(0) as u64;
        let per_model = counters.max(WINDOW_STRIDE / WINDOW as u64 + 1).max(16 * groups);
        if group_bytes > binding / 2 || per_model > binding || binned > u64::from(room.max_workgroups) {
            return Err(GpuError::TooLarge { what: "groups", needed: 2 * group_bytes, limit: binding });
        }
        let tile = (binding / per_model).min(plan.models.len() as u64).max(1) as usize;
        let tile = if tile > WINDOW { tile / WINDOW * WINDOW } else { tile };

        let columns = plan.columns() as u64;
        let totals = 8 * columns.max(binned + 2 * kept);
        let coming_back = 8 * (columns + 2 * kept);
        let logs = 4 * plan.cells.len().max(plan.effects.len()) as u64;
        let bytes = PerDraw { totals, widest: totals.max(coming_back).max(logs) };
        room.cut("totals of a few draws", bytes, group_bytes, tile, tile)
    }

    /// Of a pick-freeze design; `tile` is in windows.
    pub fn of_corners(prepared: &Prepared, layout: &CornerLayout, room: &Room) -> Result<Cut, GpuError> {
        let (plan, parts) = (prepared.plan, &prepared.parts);
        room.holds(&[
            ("tables", 8 * layout::table_entries(plan.tables.iter().map(|t| &**t))),
            ("shared effects", 8 * layout::effects(plan, parts).len() as u64),
            ("corners", 8 * layout.sources.len() as u64),
            ("shared effects by group", 8 * layout.extras.len() as u64),
        ])?;
        room.has_rows("corners or shared effects", plan.effects.len().max(parts.len()).max(layout.distinct))?;
        let totals = 8 * layout.rows.max(layout.distinct) as u64;
        let logs = 4 * parts.len().max(plan.effects.len()) as u64;
        let largest = layout.families.iter().map(|f| f.models.len()).max().unwrap_or(0).min(CORNER_WINDOW);
        let tile = (room.binding / WINDOW_STRIDE).clamp(1, CORNER_WINDOWS) as usize;
        let bytes = PerDraw { totals, widest: totals.max(logs) };
        room.cut("totals at the corners of a few draws", bytes, 0, largest, tile)
    }
}
