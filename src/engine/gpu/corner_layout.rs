//! How a pick-freeze design lies in the device's memory: families of models, blocks of corners, rows of totals.
//!
//! Models that depend on the groups alike are a *family*: at a corner the same of their elements come from sample A, so
//! that four corners of one output make a *block* whose masks hold for all of them. An *element* is a factor with the
//! shared effects of its own group, or the effects of one further group on a factor (an *extra*). Totals are rows by
//! output and class (`corner_block`), each class a whole number of blocks; `corner_merge` adds them up to the corners
//! that the design tells apart.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};

use super::error::GpuError;
use super::layout::{self, ProductRecord, SlotRecord, pair};
use super::session::CornerTraits;
use crate::engine::Prepared;
use crate::engine::plan::{MAX_OUTPUTS, SHIFTED, SLOTS};

/// Models in a [`CornerWindow`].
pub const CORNER_WINDOW: usize = 157;
/// Blocks of a dispatch at most.
pub const MAX_BLOCKS: usize = 8;
/// Extras of a model at most.
pub const MAX_EXTRAS: usize = 16;
/// How an extra stands to a joint factor, beyond its number within a joint shifted one: what the effects of another
/// group than the factor's own change, and what both change together.
const ONE: u8 = 8;
const BOTH: u8 = 9;
/// Factors and extras of a model at most: each has a bit of a mask. The next ones stand for the sides of a joint shifted
/// factor.
pub const ELEMENTS: usize = SLOTS + MAX_EXTRAS;
pub const JOINT_BITS: usize = ELEMENTS;

/// `CornerRecord` of `corner_block.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct CornerRecord {
    pub key: [u32; 2],
    pub first_extra: u32,
    pub extras: u32,
    /// As in `ModelRecord`.
    pub first_more: u32,
    pub more: u32,
    pub used: u32,
    pub padding: u32,
    pub slots: [SlotRecord; SLOTS],
    pub products: [ProductRecord; MAX_OUTPUTS],
}

/// `CornerWindow` of `corner_block.wgsl`: what fits a uniform buffer of 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct CornerWindow {
    pub first: u32,
    pub count: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub models: [CornerRecord; CORNER_WINDOW],
}

const _: () = assert!(size_of::<CornerWindow>() as u64 <= layout::WINDOW_STRIDE);

/// `CornerBlock` of `corner_block.wgsl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct CornerBlock {
    pub output: u32,
    pub row: u32,
    pub unit: i32,
    pub joint: u32,
    pub masks: [u32; 4],
}

/// Corners of a block.
const FOUR: usize = 4;

/// Models that depend on the groups alike, and their corners.
#[derive(Debug)]
pub struct Family {
    /// Indices into `Plan::models`.
    pub models: Vec<usize>,
    pub blocks: Vec<CornerBlock>,
}

/// A design as the device sees it.
#[derive(Debug)]
pub struct CornerLayout {
    pub families: Vec<Family>,
    /// Rows of totals.
    pub rows: usize,
    /// Distinct corners, of all outputs: rows that come back.
    pub distinct: usize,
    /// What `corner_merge` adds up.
    pub sources: Vec<u64>,
    /// Of all models: sum of effects, and slot with the number within a joint shifted factor.
    pub extras: Vec<u64>,
    /// Of all models: products beyond the first of an output.
    pub more: Vec<ProductRecord>,
    /// By model: where its own begin in `more`, how many there are by output.
    more_of: Vec<(u32, u32)>,
    /// By model: the first products of its outputs.
    first_of: Vec<[ProductRecord; MAX_OUTPUTS]>,
    /// By model: the first of its extras, and how many.
    extras_of: Vec<(u32, u32)>,
    pub traits: CornerTraits,
}

/// What the models of a family have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// By output: the class, where there is something to add.
    classes: Vec<Option<u32>>,
    /// By slot: the group of the factor and of those effects that go with it.
    groups: [Option<u8>; SLOTS],
    extras: Vec<Extra>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Extra {
    slot: u8,
    group: u8,
    /// It is there only where this group comes from sample A as well.
    with: Option<u8>,
    /// Its number within a joint shifted factor, [`ONE`] or [`BOTH`] of another joint factor; 0 for what is added to the
    /// factor's logarithm.
    joint: u8,
}

impl Extra {
    /// Whether it is within a shifted factor that is computed for every combination of sides.
    fn is_shifted(&self) -> bool {
        (1..ONE).contains(&self.joint)
    }
}

impl Shape {
    /// The shape of a model, and its extras' sums of effects.
    ///
    /// # Errors
    /// Effects of several groups on a factor that they do not simply multiply.
    fn of(prepared: &Prepared, m: usize) -> Result<(Shape, Vec<u32>), GpuError> {
        let model = &prepared.plan.models[m];
        let class = |o: usize| {
            let class = prepared.class_of[m][o];
            let corners = &prepared.classes[o][class as usize].corners;
            (!model.products_of(o).is_empty() && !corners.is_empty()).then_some(class)
        };
        let classes = (0..prepared.plan.outputs.len()).map(class).collect();
        let mut shape = Shape { classes, groups: [None; SLOTS], extras: vec![] };
        let mut sums = vec![];
        for s in 0..SLOTS {
            if !model.uses(s) {
                continue;
            }
            let parts = prepared.shared_parts(m, s);
            let own = model.marginals[s].is_random().then_some(prepared.design.group(m, s));
            shape.groups[s] = own.or(parts.first().map(|&(group, _)| group));
            let inside = s == SHIFTED && model.marginals[s].one_plus().is_some();
            let others = || parts.iter().filter(|&&(group, _)| Some(group) != shape.groups[s]);
            let (found, is_joint) = (others().count(), model.marginals[s].is_joint());
            if found
                > if is_joint {
                    1
                } else if inside {
                    2
                } else {
                    usize::MAX
                }
            {
                let what = "groups of shared effects on a factor that they do not multiply";
                return Err(GpuError::TooMany { what, found: found as u64, limit: if inside { 2 } else { 1 } });
            }
            for (k, &(group, part)) in others().copied().collect::<Vec<_>>().iter().enumerate() {
                let slot = s as u8;
                let joint = if is_joint {
                    ONE
                } else if inside {
                    k as u8 + 1
                } else {
                    0
                };
                shape.extras.push(Extra { slot, group, with: None, joint });
                sums.push(part);
                if is_joint {
                    shape.extras.push(Extra { slot, group, with: shape.groups[s], joint: BOTH });
                    sums.push(part);
                }
            }
        }
        Ok((shape, sums))
    }

    fn is_joint(&self) -> bool {
        self.extras.iter().any(Extra::is_shifted)
    }

    /// The elements that come from sample A at a corner.
    fn mask(&self, corner: u64) -> u32 {
        let side = |group: u8| (corner >> group & 1) as u32;
        let groups = self.groups.iter().enumerate();
        let mut mask = groups.fold(0, |mask, (s, group)| mask | group.map_or(0, side) << s);
        for (i, extra) in self.extras.iter().enumerate() {
            let bit = if extra.is_shifted() { JOINT_BITS + extra.joint as usize } else { SLOTS + i };
            mask |= (side(extra.group) & extra.with.map_or(1, side)) << bit;
        }
        mask | self.groups[SHIFTED].filter(|_| self.is_joint()).map_or(0, side) << JOINT_BITS
    }
}

impl CornerLayout {
    pub fn new(prepared: &Prepared) -> Result<CornerLayout, GpuError> {
        let plan = prepared.plan;
        let mut extras = vec![];
        let mut extras_of = vec![];
        let (mut more, mut more_of, mut first_of) = (vec![], vec![], vec![]);
        let mut joint = false;
        let mut shapes: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
        for m in 0..plan.models.len() {
            let (shape, sums) = Shape::of(prepared, m)?;
            if shape.extras.len() > MAX_EXTRAS {
                let (found, limit) = (shape.extras.len() as u64, MAX_EXTRAS as u64);
                let what = "sums of shared effects on one model outside its factors' groups";
                return Err(GpuError::TooMany { what, found, limit });
            }
            extras_of.push((extras.len() as u32, sums.len() as u32));
            extras.extend(
                sums.iter().zip(&shape.extras).map(|(&part, e)| pair(part, e.slot as u32 | (e.joint as u32) << 16)),
            );
            let ((first, begin), _, counts) = layout::products(plan, &plan.models[m], &mut more)?;
            first_of.push(first);
            more_of.push((begin, counts));
            joint |= shape.is_joint();
            if shape.classes.iter().any(Option::is_some) {
                shapes.entry(shape).or_default().push(m);
            }
        }
        let mut rows = 0;
        let mut starts: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        let mut families = vec![];
        for (shape, models) in shapes {
            let mut blocks = vec![];
            for (o, class) in shape.classes.iter().enumerate() {
                let Some(class) = *class else { continue };
                let corners = &prepared.classes[o][class as usize].corners;
                let start = *starts.entry((o, class)).or_insert_with(|| {
                    rows += corners.len().next_multiple_of(FOUR);
                    rows - corners.len().next_multiple_of(FOUR)
                });
                blocks.extend(corners.chunks(FOUR).enumerate().map(|(b, corners)| {
                    let mask = |k: usize| corners.get(k).map_or(0, |&corner| shape.mask(corner));
                    CornerBlock {
                        output: o as u32,
                        row: (start + FOUR * b) as u32,
                        unit: plan.outputs[o].unit,
                        joint: shape.is_joint().into(),
                        masks: std::array::from_fn(mask),
                    }
                }));
            }
            families.push(Family { models, blocks });
        }
        let (distinct, sources) = sources(prepared, &starts);
        let traits = CornerTraits { second: false, joint };
        Ok(CornerLayout {
            families,
            rows: rows.max(FOUR),
            distinct,
            sources,
            extras,
            more,
            more_of,
            first_of,
            extras_of,
            traits,
        })
    }

    /// The records of some models.
    pub fn records(
        &self,
        prepared: &Prepared,
        models: &[usize],
        tables: &[u32],
    ) -> Result<Vec<CornerRecord>, GpuError> {
        let record = |&m: &usize| {
            let model = &prepared.plan.models[m];
            let (shape, _) = Shape::of(prepared, m)?;
            let mut slots = layout::slots(prepared.plan, model, tables);
            for (s, slot) in slots.iter_mut().enumerate() {
                let parts = prepared.shared_parts(m, s).iter();
                let part = parts.filter(|&&(group, _)| Some(group) == shape.groups[s]).map(|&(_, part)| part + 1);
                slot.cell = part.sum();
            }
            let (first_extra, extras) = self.extras_of[m];
            let (first_more, more) = self.more_of[m];
            Ok(CornerRecord {
                key: [model.key as u32, (model.key >> 32) as u32],
                first_extra,
                extras,
                first_more,
                more,
                used: (0..SLOTS).rev().find(|&s| model.uses(s)).map_or(0, |s| s as u32 + 1),
                padding: 0,
                slots,
                products: self.first_of[m],
            })
        };
        models.iter().map(record).collect()
    }
}

/// Distinct corners, and for each of them the rows to be added up.
fn sources(prepared: &Prepared, starts: &BTreeMap<(usize, u32), usize>) -> (usize, Vec<u64>) {
    let lists: Vec<Vec<u32>> = (0..prepared.distinct.len())
        .flat_map(|o| {
            let distinct = prepared.distinct[o].corners.len();
            let of_output = starts.range((o, 0)..(o + 1, 0));
            let classes: Vec<_> =
                of_output.map(|(&(o, c), &start)| (&prepared.classes[o][c as usize], start)).collect();
            let rows =
                move |d: usize| classes.iter().map(|(class, start)| (start + class.of_distinct[d]) as u32).collect();
            (0..distinct).map(rows).collect::<Vec<_>>()
        })
        .collect();
    let mut first = lists.len() as u32;
    let mut pairs = vec![];
    for list in &lists {
        pairs.push(pair(first, list.len() as u32));
        first += list.len() as u32;
    }
    pairs.extend(lists.iter().flatten().map(|&row| pair(row, 0)));
    (lists.len(), pairs)
}
