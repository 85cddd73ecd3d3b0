//! How much goes onto a device at once: draws per stretch, models per tile, splits of the models.
//!
//! A *stretch* of draws has its totals on the device; a *tile* of models has its counters and bins there; where a
//! stretch has too few draws to fill the device, the models of a dispatch are *split* between workgroups that each
//! have totals of their own. Everything is sized before anything is allocated, since some drivers promise memory that
//! they do not have.

use super::adapter::{Kind, WORKGROUP};
use super::error::GpuError;
use super::layout::{self, GROUP_SUMS, MODEL_SUMS, WINDOW, WINDOW_STRIDE};
use super::shader::LANES;
use crate::plan::{BINS, KEPT_GROUPS, Plan, TOTALS};

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
pub const MAX_SPLITS: u64 = 64;

impl Cut {
    /// For bindings of `binding` bytes; `draws` is the length of the run, `chunk` what the user asked for (0: nothing).
    pub fn of(
        plan: &Plan,
        draws: u64,
        chunk: u64,
        budget: Budget,
        binding: u64,
        max_workgroups: u32,
    ) -> Result<Cut, GpuError> {
        let tables = 8 * layout::table_entries(plan.tables.iter().map(|t| &**t));
        let effects = 8 * layout::effects(plan, &plan.cells).len() as u64;
        for (what, needed) in [("tables", tables), ("shared effects", effects)] {
            if needed > binding {
                return Err(GpuError::TooLarge { what, needed, limit: binding });
            }
        }
        // One workgroup row of a dispatch for each.
        let rows = plan.effects.len().max(plan.cells.len()) as u64;
        if rows > u64::from(max_workgroups) {
            return Err(GpuError::TooMany { what: "shared effects", found: rows, limit: max_workgroups.into() });
        }
        let kept = plan.groups.len().min(KEPT_GROUPS) as u64;
        let binned = plan.groups.len() as u64 - kept;
        let group_bytes = binned * 4 * (BINS + GROUP_SUMS) as u64;
        let bins = if plan.binned { 2 * BINS } else { 0 };
        let counters = 4 * (bins + MODEL_SUMS) as u64;
        let groups = plan.models.iter().map(|m| m.groups.len()).max().unwrap_or(0) as u64;
        let per_model = counters.max(WINDOW_STRIDE / WINDOW as u64 + 1).max(16 * groups);
        if group_bytes > binding / 2 || per_model > binding || binned > u64::from(max_workgroups) {
            return Err(GpuError::TooLarge { what: "groups", needed: 2 * group_bytes, limit: binding });
        }
        let tile = (binding / per_model).min(plan.models.len() as u64).max(1) as usize;
        let tile = if tile > WINDOW { tile / WINDOW * WINDOW } else { tile };

        // Bytes per draw in each buffer whose rows are as long as a stretch, and in what comes back.
        let total_rows = 8 * (TOTALS as u64).max(binned + 2 * kept);
        let coming_back = 8 * (TOTALS as u64 + 2 * kept);
        let log_rows = 4 * plan.cells.len().max(plan.effects.len()) as u64;
        let widest = total_rows.max(coming_back).max(log_rows);
        let fits = (binding - group_bytes) / widest / WORKGROUP_DRAWS * WORKGROUP_DRAWS;
        if fits == 0 {
            let needed = widest * WORKGROUP_DRAWS;
            return Err(GpuError::TooLarge { what: "totals of a few draws", needed, limit: binding });
        }
        let wanted = if chunk == 0 { budget.stretch } else { chunk };
        let whole = wanted.min(draws).max(1).next_multiple_of(WORKGROUP_DRAWS);
        let stretch = whole.min(fits).min(u64::from(max_workgroups) * WORKGROUP_DRAWS);

        let workgroups = stretch / WORKGROUP_DRAWS;
        let room = binding / (total_rows * stretch);
        let splits = budget.workgroups.div_ceil(workgroups).min(room).min(MAX_SPLITS).min(tile as u64 / 8).max(1);
        Ok(Cut { stretch, tile, splits: splits as u32 })
    }
}
