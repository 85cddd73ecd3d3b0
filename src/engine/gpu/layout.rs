//! How a plan lies in the device's memory: records that mirror the structures of `shaders/`, and what comes back.
//!
//! The tests compare sizes and field offsets with the shaders by reflection.

use bytemuck::{Pod, Zeroable};

use super::error::GpuError;
use crate::assess::{OUTPUTS, SLOTS};
use crate::engine::{ModelSummary, Moments, inverse_normal, log2, one_plus};
use crate::plan::table::Table;
use crate::plan::{self, Cell, KEPT_GROUPS, MODEL_BITS, Marginal, ModelPlan, OUTPUT_COMPUTE, OUTPUT_EMISSIONS, Plan};

/// `Params` of `params.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Params {
    pub seed: [u32; 2],
    pub first: [u32; 2],
    pub draws: u32,
    pub stride: u32,
    pub skip: u32,
    pub take: u32,
    pub splits: u32,
    pub effects: u32,
    pub cells: u32,
    pub groups: u32,
    pub kept_groups: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub padding_2: u32,
    pub units: [i32; OUTPUTS],
    pub independent_unit: [i32; 4],
}

/// `SortParams` of `sort.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct SortParams {
    pub words: u32,
    pub tiles: u32,
    pub span: u32,
    pub digit: u32,
}

/// `QuotientParams` of `quotient.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct QuotientParams {
    pub draws: u32,
    pub shift: u32,
    pub padding_0: u32,
    pub padding_1: u32,
}

/// `Range` of `summarise.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct RangeRecord {
    pub unit: i32,
    pub bins_lo: i32,
    pub bin_scale: u32,
    pub padding: u32,
}

impl From<&plan::Range> for RangeRecord {
    fn from(range: &plan::Range) -> Self {
        RangeRecord { unit: range.unit, bins_lo: range.bins_lo, bin_scale: range.bin_scale, padding: 0 }
    }
}

/// `SlotRecord` of `factor.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct SlotRecord {
    pub kind: u32,
    pub parameter: u32,
    pub loc: i32,
    pub cell: u32,
}

/// `ModelRecord` of `model_block.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct ModelRecord {
    pub key: [u32; 2],
    pub flags: u32,
    pub zeros: u32,
    pub slots: [SlotRecord; SLOTS],
    pub locs: [i32; OUTPUTS],
    pub signs: [u32; OUTPUTS],
    pub atci_loc: i32,
    pub atci_signs: u32,
    pub independent_scale: i32,
    pub independent_pue_scale: i32,
    pub emissions: RangeRecord,
    pub atci: RangeRecord,
    pub emissions_zeros: u32,
    pub compute_zeros: u32,
    pub atci_zeros: u32,
    pub first_group: u32,
    pub groups: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub padding_2: u32,
}

/// Models in a [`Window`].
pub const WINDOW: usize = 292;

/// `Window` of `model_block.wgsl`: what fits a uniform buffer of 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Window {
    pub first: u32,
    pub count: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub models: [ModelRecord; WINDOW],
}

/// `SelfTestParams` of `self_test.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct SelfTestParams {
    pub seed: [u32; 2],
    pub table: u32,
    pub table_bits: u32,
    pub scale: i32,
    pub unit: i32,
    pub count: u32,
    pub padding: u32,
}

/// Rows of answers of the self-test's kernel (`ANSWERS` of `self_test.wgsl`).
pub const ANSWERS: usize = 12;

/// Bytes from one window to the next.
pub const WINDOW_STRIDE: u64 = 1 << 16;
const _: () = assert!(size_of::<Window>() as u64 <= WINDOW_STRIDE);

/// The windows of a tile, [`WINDOW_STRIDE`] apart, each of so many records.
pub fn windows<R: Pod>(records: &[R], per_window: usize) -> Vec<u8> {
    let stride = WINDOW_STRIDE as usize;
    let mut bytes = vec![0; records.len().div_ceil(per_window) * stride];
    for (w, (window, place)) in records.chunks(per_window).zip(bytes.chunks_exact_mut(stride)).enumerate() {
        let header = [(w * per_window) as u32, window.len() as u32, 0, 0];
        let (head, rest) = place.split_at_mut(16);
        head.copy_from_slice(bytemuck::bytes_of(&header));
        let records: &[u8] = bytemuck::cast_slice(window);
        rest[..records.len()].copy_from_slice(records);
    }
    bytes
}

const HAS_ATCI: u32 = 1 << OUTPUTS;
const SHARES: u32 = 1 << (OUTPUTS + 1);

/// Kinds of marginals in `factor.wgsl`.
pub const AFFINE: u32 = 1;
pub const TABLE: u32 = 2;
pub const ONE_PLUS_AFFINE: u32 = 3;
pub const ONE_PLUS_TABLE: u32 = 4;
pub const ONE_PLUS_CONSTANT: u32 = 5;

/// Entries before the marginals' tables: inverse normal, one plus, and the ends of the chords of log2.
pub const FIRST_TABLE: usize = inverse_normal::ENTRIES + one_plus::ENTRIES + log2::CHORDS + 1;

/// All tables in one array of entries (low word, high word), and where each of the given ones begins.
pub fn tables<'a>(tables: impl Iterator<Item = &'a Table>) -> (Vec<u64>, Vec<u32>) {
    let mut entries = Vec::with_capacity(FIRST_TABLE);
    entries.extend_from_slice(&inverse_normal::TABLE);
    entries.extend_from_slice(&one_plus::TABLE);
    entries.extend(log2::ENDS.iter().map(|&end| u64::from(end)));
    let mut starts = Vec::new();
    for table in tables {
        starts.push(entries.len() as u32);
        entries.extend_from_slice(&table.cells);
        for piece in &table.pieces {
            entries.push(pair(piece.start as u32, piece.base as u32));
            entries.push(pair(piece.slope, piece.shift));
        }
    }
    (entries, starts)
}

/// Entries of [`tables`] without making them.
pub fn table_entries<'a>(tables: impl Iterator<Item = &'a Table>) -> u64 {
    FIRST_TABLE as u64 + tables.map(|t| (t.cells.len() + 2 * t.pieces.len()) as u64).sum::<u64>()
}

pub fn pair(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Effects, cells and the cells' parts, in pairs of words.
pub fn effects(plan: &Plan, cells: &[Cell]) -> Vec<u64> {
    let mut pairs = plan.effects.clone();
    let mut first = plan.effects.len() + cells.len();
    for cell in cells {
        pairs.push(pair(first as u32, cell.parts.len() as u32));
        first += cell.parts.len();
    }
    let parts = cells.iter().flat_map(|cell| &cell.parts);
    pairs.extend(parts.map(|&(effect, scale)| pair(effect, scale as u32)));
    pairs
}

/// The records of some of a plan's models and their group memberships.
pub fn models(
    plan: &Plan,
    models: &[ModelPlan],
    tables: &[u32],
) -> Result<(Vec<ModelRecord>, Vec<[i32; 4]>), GpuError> {
    let mut memberships = Vec::new();
    let mut records = Vec::with_capacity(models.len());
    for model in models {
        let first_group = memberships.len() as u32;
        memberships.extend(model.groups.iter().map(|&g| {
            let units = &plan.groups[g as usize];
            let kept = i32::from((g as usize) < KEPT_GROUPS);
            [g as i32, units.emissions.unit, units.compute.unit, kept]
        }));
        records.push(record(plan, model, tables, first_group)?);
    }
    Ok((records, memberships))
}

/// One model's record.
pub fn record(plan: &Plan, model: &ModelPlan, tables: &[u32], first_group: u32) -> Result<ModelRecord, GpuError> {
    let mut record = ModelRecord {
        key: [model.key as u32, (model.key >> 32) as u32],
        zeros: model.zeros.into(),
        independent_scale: model.independent_scale,
        independent_pue_scale: model.independent_pue_scale,
        emissions: (&model.emissions).into(),
        atci: (&model.atci).into(),
        first_group,
        groups: model.groups.len() as u32,
        ..ModelRecord::default()
    };
    for (s, slot) in record.slots.iter_mut().enumerate() {
        slot.cell = model.cells[s].map_or(0, |cell| cell + 1);
        slot.loc = model.marginals[s].one_plus().unwrap_or(0);
        let table = |kind: u32, table: u32| (kind | plan.tables[table as usize].bits << 8, tables[table as usize]);
        (slot.kind, slot.parameter) = match model.marginals[s] {
            Marginal::None => (0, 0),
            Marginal::Affine { scale } => (AFFINE, scale as u32),
            Marginal::Table { table: t } => table(TABLE, t),
            Marginal::OnePlusAffine { scale, .. } => (ONE_PLUS_AFFINE, scale as u32),
            Marginal::OnePlusTable { table: t, .. } => table(ONE_PLUS_TABLE, t),
            Marginal::OnePlusConstant { .. } => (ONE_PLUS_CONSTANT, 0),
        };
    }
    for (o, term) in model.terms.iter().enumerate() {
        if let Some(term) = term {
            record.flags |= 1 << o;
            record.locs[o] = term.loc;
            record.signs[o] = signs(&term.signs)?;
        }
    }
    if let Some(emissions) = &model.terms[OUTPUT_EMISSIONS] {
        record.emissions_zeros = model.zeros_of(emissions).into();
        record.flags |= if plan.has_independent && model.shares(emissions) { SHARES } else { 0 };
    }
    if let Some(compute) = &model.terms[OUTPUT_COMPUTE] {
        record.compute_zeros = model.zeros_of(compute).into();
    }
    if let Some(atci) = model.atci_term() {
        record.flags |= HAS_ATCI;
        record.atci_loc = atci.loc;
        record.atci_signs = signs(&atci.signs)?;
        record.atci_zeros = model.zeros_of(&atci).into();
    }
    Ok(record)
}

/// Powers in 4 bits each.
fn signs(signs: &[i8; SLOTS]) -> Result<u32, GpuError> {
    signs.iter().enumerate().try_fold(0, |word, (s, &power)| {
        let largest = power.unsigned_abs();
        if largest > 7 {
            return Err(GpuError::TooMany { what: "powers of one factor multiplied", found: largest.into(), limit: 7 });
        }
        Ok(word | (power as u32 & 0xf) << (4 * s))
    })
}

/// Words of counters by model in `sums` (`MODEL_SUMS` of `model_block.wgsl`).
pub const MODEL_SUMS: usize = 40;
/// Words of counters by group that is not kept (`GROUP_SUMS` of `bin_groups.wgsl`).
pub const GROUP_SUMS: usize = 20;
/// The first plain counter of a model, after its limbs (`EMISSIONS_ZEROS` of `model_block.wgsl`).
pub const EMISSIONS_ZEROS: usize = 32;
/// The first plain counter of a group, after its limbs (`GROUP_ZEROS` of `bin_groups.wgsl`).
pub const GROUP_ZEROS: usize = 16;

/// Adds what a device found for one model in `draws` draws to its summary.
pub fn add_model(model: &ModelPlan, draws: u64, sums: &[u32], bins: &[u32], summary: &mut ModelSummary) {
    let (compute, emissions) = (&model.terms[OUTPUT_COMPUTE], &model.terms[OUTPUT_EMISSIONS]);
    let [e_zeros, e_ceiling, a_zeros, a_ceiling, undefined] =
        std::array::from_fn(|i| u64::from(sums[EMISSIONS_ZEROS + i]));
    let ModelSummary { emissions: e, atci: a } = summary;
    add_sums(e, &sums[..16], e_ceiling);
    add_sums(a, &sums[16..32], a_ceiling);
    e.saturated += if model.emissions.saturable { e_ceiling } else { 0 };
    a.saturated += if model.atci.saturable { a_ceiling } else { 0 };
    e.zeros += if emissions.is_some() { e_zeros } else { draws };
    let undefined = if compute.is_some() { undefined } else { draws };
    a.undefined += undefined;
    a.zeros += if emissions.is_some() { a_zeros } else { draws - undefined };
    let (of_emissions, of_atci) = bins.split_at(bins.len() / 2);
    add_bins(e, of_emissions);
    add_bins(a, of_atci);
}

/// Adds what a device found for one group that is not kept.
pub fn add_group(sums: &[u32], bins: &[u32], moments: &mut Moments) {
    let [zeros, ceiling, saturated] = std::array::from_fn(|i| u64::from(sums[GROUP_ZEROS + i]));
    add_sums(moments, &sums[..16], ceiling);
    moments.zeros += zeros;
    moments.saturated += saturated;
    add_bins(moments, bins);
}

/// The exact sums from their limbs (`summarise.wgsl`): x0, x1, then lower and upper 24 bits of x1², x0·x1, x0², where
/// x = x0 + x1·2^24; and the values at the ceiling, which are only counted.
fn add_sums(moments: &mut Moments, limbs: &[u32], at_ceiling: u64) {
    let limb = |k: usize| u128::from(limbs[k]) + (u128::from(limbs[8 + k]) << 32);
    moments.sum += limb(0) + (limb(1) << 24) + (u128::from(at_ceiling) << MODEL_BITS);
    moments.sum_sq += (limb(2) << 48) + (limb(3) << 72);
    moments.sum_sq += (limb(4) << 25) + (limb(5) << 49);
    moments.sum_sq += limb(6) + (limb(7) << 24);
    moments.sum_sq += u128::from(at_ceiling) << (2 * MODEL_BITS);
}

fn add_bins(moments: &mut Moments, bins: &[u32]) {
    for (into, &n) in moments.bins.iter_mut().zip(bins) {
        *into += n;
    }
}
