//! How a plan lies in the device's memory: records that mirror the structures of `shaders/`, and what comes back.
//!
//! The tests compare sizes and field offsets with the shaders by reflection.

use bytemuck::{Pod, Zeroable};

use super::error::GpuError;
use crate::engine::draw::bounded::Bound;
use crate::engine::draw::{inverse_normal, log2, normal_cdf, one_plus};
use crate::engine::plan::table::Table;
use crate::engine::plan::{
    self, Block, Cell, KEPT_GROUPS, MAX_OUTPUTS, MAX_PRODUCTS, MODEL_BITS, Marginal, ModelPlan, Product, SLOTS, Shape,
};
use crate::engine::{ModelSummary, Moments};

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
    pub blocks: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    /// By output.
    pub units: [i32; MAX_OUTPUTS],
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

/// `ProductRecord` of `factor.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct ProductRecord {
    pub loc: i32,
    /// Powers of the slots in 4 bits each: the first eight, then the others.
    pub signs: u32,
    pub last_signs: u32,
    /// The slots whose being zero makes the product zero, as bits; whether shared effects act on it, in bit 16.
    pub zeros: u32,
}

/// Bit of [`ProductRecord::zeros`]: shared effects act on the product.
pub const SHARES: u32 = 1 << 16;

/// `ModelRecord` of `model_block.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct ModelRecord {
    pub key: [u32; 2],
    pub zeros: u32,
    /// The model's products in `more`: the first.
    pub first_more: u32,
    /// Products of each output less one, in 2 bits each, from 0 for one product.
    pub more: u32,
    /// Outputs that have a product, as bits.
    pub outputs: u32,
    pub independent_scale: i32,
    pub independent_shifted_scale: i32,
    pub headline: RangeRecord,
    pub ratio: RangeRecord,
    pub first_group: u32,
    pub groups: u32,
    pub independent_bounded_scale: i32,
    pub independent_with_bounded: i32,
    pub slots: [SlotRecord; SLOTS],
    /// The first product of each output.
    pub products: [ProductRecord; MAX_OUTPUTS],
}

/// Models in a [`Window`].
pub const WINDOW: usize = 136;

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
    pub bound: u32,
    pub limit: i32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub padding_2: u32,
}

/// Rows of answers of the self-test's kernel (`ANSWERS` of `self_test.wgsl`).
pub const ANSWERS: usize = 13;

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

/// Kinds of marginals in `factor.wgsl`.
pub const AFFINE: u32 = 1;
pub const TABLE: u32 = 2;
pub const ONE_PLUS_AFFINE: u32 = 3;
pub const ONE_PLUS_TABLE: u32 = 4;
pub const ONE_PLUS_CONSTANT: u32 = 5;
pub const GATE_BELOW: u32 = 6;
pub const GATE_ABOVE: u32 = 7;
pub const BOUNDED: u32 = 8;
pub const RANKED_AFFINE: u32 = 9;
pub const RANKED_TABLE: u32 = 10;

/// Where the tables of bounded factors begin: after inverse normal, one plus, and the ends of the chords of log2.
const LOG_CDF_AT: usize = inverse_normal::ENTRIES + one_plus::ENTRIES + log2::CHORDS + 1;
/// Entries before the marginals' tables.
pub const FIRST_TABLE: usize = LOG_CDF_AT + normal_cdf::LOG_CDF_ENTRIES + normal_cdf::UPPER_ENTRIES;

/// All tables in one array of entries (low word, high word), and where each of the given ones begins.
pub fn tables<'a>(tables: impl Iterator<Item = &'a Table>) -> (Vec<u64>, Vec<u32>) {
    let mut entries = Vec::with_capacity(FIRST_TABLE);
    entries.extend_from_slice(&inverse_normal::TABLE);
    entries.extend_from_slice(&one_plus::TABLE);
    entries.extend(log2::ENDS.iter().map(|&end| u64::from(end)));
    entries.extend_from_slice(&normal_cdf::LOG_CDF);
    entries.extend_from_slice(&normal_cdf::UPPER);
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
pub fn effects(plan: Block<'_>, cells: &[Cell]) -> Vec<u64> {
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

/// What a tile of models is on the device.
#[derive(Debug, Default)]
pub struct Records {
    pub models: Vec<ModelRecord>,
    pub memberships: Vec<[i32; 4]>,
    /// Products beyond the first of an output.
    pub more: Vec<ProductRecord>,
}

/// The records of some of a plan's models.
pub fn models(plan: Block<'_>, models: &[ModelPlan], tables: &[u32]) -> Result<Records, GpuError> {
    let mut records = Records::default();
    for model in models {
        let first_group = records.memberships.len() as u32;
        records.memberships.extend(model.groups.iter().map(|&g| {
            let units = &plan.groups[g as usize];
            let kept = i32::from((g as usize) < KEPT_GROUPS);
            [g as i32, units.headline.unit, units.denominator.unit, kept]
        }));
        let record = record(plan, model, tables, &mut records.more)?;
        records.models.push(ModelRecord { first_group, groups: model.groups.len() as u32, ..record });
    }
    Ok(records)
}

/// One model's record, without its groups; its products beyond the first of an output go to `more`.
fn record(
    plan: Block<'_>,
    model: &ModelPlan,
    tables: &[u32],
    more: &mut Vec<ProductRecord>,
) -> Result<ModelRecord, GpuError> {
    let (products, bits, counts) = products(plan, model, more)?;
    Ok(ModelRecord {
        key: [model.key as u32, (model.key >> 32) as u32],
        zeros: model.zeros.into(),
        first_more: products.1,
        more: counts,
        outputs: bits,
        independent_scale: model.independent_scale,
        independent_shifted_scale: model.independent_shifted_scale,
        independent_bounded_scale: model.independent_bounded_scale,
        independent_with_bounded: model.independent_with_bounded,
        headline: (&model.headline).into(),
        ratio: (&model.ratio).into(),
        slots: slots(plan, model, tables),
        products: products.0,
        ..ModelRecord::default()
    })
}

/// A model's factors.
pub fn slots(plan: Block<'_>, model: &ModelPlan, tables: &[u32]) -> [SlotRecord; SLOTS] {
    std::array::from_fn(|s| {
        let table = |kind: u32, table: u32| (kind | plan.tables[table as usize].bits << 8, tables[table as usize]);
        let (kind, parameter) = match model.marginals[s] {
            Marginal::None => (0, 0),
            Marginal::Affine { scale } => (AFFINE, scale as u32),
            Marginal::Table { table: t } => table(TABLE, t),
            Marginal::OnePlusAffine { scale, .. } => (ONE_PLUS_AFFINE, scale as u32),
            Marginal::OnePlusTable { table: t, .. } => table(ONE_PLUS_TABLE, t),
            Marginal::OnePlusConstant { .. } => (ONE_PLUS_CONSTANT, 0),
            // A bounded factor's scale, and by what its distance from the bound is multiplied in the upper 24 bits.
            Marginal::Bounded { scale, limit } => (BOUNDED | Bound::new(scale, limit).inverse() << 8, scale as u32),
            Marginal::Ranked { shape: Shape::Affine { scale }, .. } => (RANKED_AFFINE, scale as u32),
            Marginal::Ranked { shape: Shape::Table { table: t }, .. } => table(RANKED_TABLE, t),
            Marginal::Gate { threshold, above: false } => (GATE_BELOW, threshold as u32),
            Marginal::Gate { threshold, above: true } => (GATE_ABOVE, threshold as u32),
        };
        let loc = match model.marginals[s] {
            Marginal::Bounded { limit, .. } => limit,
            Marginal::Ranked { own, .. } => own,
            marginal => marginal.one_plus().unwrap_or(0),
        };
        SlotRecord { kind, parameter, loc, cell: model.cells[s].map_or(0, |cell| cell + 1) }
    })
}

/// The first product of each output and where the others begin in `more`; the outputs that have one, as bits; and how
/// many more there are of each, in two bits.
type Products = (([ProductRecord; MAX_OUTPUTS], u32), u32, u32);

pub fn products(plan: Block<'_>, model: &ModelPlan, more: &mut Vec<ProductRecord>) -> Result<Products, GpuError> {
    let mut first = [ProductRecord::default(); MAX_OUTPUTS];
    let begin = more.len() as u32;
    let (mut bits, mut counts) = (0, 0);
    for (o, first) in first.iter_mut().enumerate().take(plan.outputs.len()) {
        let [product, others @ ..] = model.products_of(o) else { continue };
        if others.len() >= MAX_PRODUCTS {
            let found = others.len() as u64 + 1;
            return Err(GpuError::TooMany { what: "products added up", found, limit: MAX_PRODUCTS as u64 });
        }
        *first = product_record(model, product)?;
        bits |= 1 << o;
        counts |= (others.len() as u32) << (2 * o);
        for other in others {
            more.push(product_record(model, other)?);
        }
    }
    Ok(((first, begin), bits, counts))
}

fn product_record(model: &ModelPlan, product: &Product) -> Result<ProductRecord, GpuError> {
    let mut words = [0; 2];
    for (s, &power) in product.signs.iter().enumerate() {
        let largest = power.unsigned_abs();
        if largest > 7 {
            return Err(GpuError::TooMany { what: "powers of one factor multiplied", found: largest.into(), limit: 7 });
        }
        words[s / 8] |= (power as u32 & 0xf) << (4 * (s % 8));
    }
    let shares = if model.shares(product) { SHARES } else { 0 };
    let zeros = u32::from(model.zeros_of(product)) | shares;
    Ok(ProductRecord { loc: product.loc, signs: words[0], last_signs: words[1], zeros })
}

/// Units by output, as far as there are outputs.
pub fn units(plan: Block<'_>) -> [i32; MAX_OUTPUTS] {
    std::array::from_fn(|o| plan.outputs.get(o).map_or(0, |output| output.unit))
}

/// Words of counters by model in `sums` (`MODEL_SUMS` of `model_block.wgsl`).
pub const MODEL_SUMS: usize = 40;
/// Words of counters by group that is not kept (`GROUP_SUMS` of `bin_groups.wgsl`).
pub const GROUP_SUMS: usize = 20;
/// The first plain counter of a model, after its limbs (`HEADLINE_ZEROS` of `model_block.wgsl`).
pub const HEADLINE_ZEROS: usize = 32;
/// The first plain counter of a group, after its limbs (`GROUP_ZEROS` of `bin_groups.wgsl`).
pub const GROUP_ZEROS: usize = 16;

/// Adds what a device found for one model in `draws` draws to its summary.
pub fn add_model(
    plan: Block<'_>,
    model: &ModelPlan,
    draws: u64,
    sums: &[u32],
    bins: &[u32],
    summary: &mut ModelSummary,
) {
    let has_headline = !model.products_of(plan.headline).is_empty();
    let has_denominator = plan.denominator.is_some_and(|o| !model.products_of(o).is_empty());
    let [h_zeros, h_ceiling, r_zeros, r_ceiling, undefined] =
        std::array::from_fn(|i| u64::from(sums[HEADLINE_ZEROS + i]));
    let ModelSummary { headline: h, ratio: r } = summary;
    add_sums(h, &sums[..16], h_ceiling);
    add_sums(r, &sums[16..32], r_ceiling);
    h.saturated += if model.headline.saturable { h_ceiling } else { 0 };
    r.saturated += if model.ratio.saturable { r_ceiling } else { 0 };
    h.zeros += if has_headline { h_zeros } else { draws };
    let undefined = if has_denominator { undefined } else { draws };
    r.undefined += undefined;
    r.zeros += if has_headline { r_zeros } else { draws - undefined };
    let (of_headline, of_ratio) = bins.split_at(bins.len() / 2);
    add_bins(h, of_headline);
    add_bins(r, of_ratio);
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
