//! One model over one short block of draws at every corner of a pick-freeze design.
//!
//! The logarithm of an output is a sum over the groups, once with sample A and once with sample B, so that going from one
//! corner to the next adds the differences of the groups that change sides: corners are taken in the order of a Gray
//! code, in which that is one group. A *joint* factor is no such sum: the shifted one, log2(1 + 2^y), a bounded and a ranked
//! one. It is computed for every combination of sides of the groups within it. An output that is a sum of products is summed at each corner.

use super::factor::{joint_all, sample_own};
use super::fused::Fused;
use super::loops::{add_all, exp2_all, log_sum_all, sub_all};
use super::model_block::{BLOCK, SharedLogs, Span};
use super::one_plus::one_plus;
use super::{accumulate, corners::Corners};
use crate::engine::plan::design::{Design, Distinct, Sample};
use crate::engine::plan::{Block, Cell, Plan, Product, SLOTS};

/// Groups that may bear on one joint factor.
const MAX_JOINT: usize = 6;
/// Joint factors of a model at most; what is beyond them is refused like too many groups.
const MAX_JOINTS: usize = 6;
/// Groups that may bear on one model: its own factors and shared effects.
const MAX_LOCAL: usize = 16;

/// A plan and a design with what follows from them.
pub struct Prepared<'a> {
    /// All models of the plan.
    pub plan: Block<'a>,
    /// Which of two samples each group comes from at each corner.
    pub design: &'a Design,
    /// By output: the corners that differ on it.
    pub distinct: Vec<Distinct>,
    /// Sums of the shared effects of one group within one cell.
    pub parts: Vec<Cell>,
    /// By cell: group and index into `parts`.
    of_cell: Vec<Vec<(u8, u32)>>,
    /// By output: models that depend on the same groups add to totals of their own.
    pub classes: Vec<Vec<Class>>,
    /// By model and output.
    pub(in crate::engine) class_of: Vec<Vec<u32>>,
}

/// Models that depend on the same groups: they know fewer corners than the design has.
pub struct Class {
    /// Those corners, as a Gray code goes.
    pub corners: Vec<u64>,
    /// By corner that is distinct on the output: which of `corners` it is.
    pub of_distinct: Vec<usize>,
}

impl Class {
    fn new(groups: u64, distinct: &[u64]) -> Class {
        let mut corners: Vec<u64> = distinct.iter().map(|corner| corner & groups).collect();
        corners.sort_by_key(|&corner| gray_rank(corner));
        corners.dedup();
        let place = |corner: &u64| corners.iter().position(|&c| c == corner & groups).unwrap_or(0);
        let of_distinct = distinct.iter().map(place).collect();
        Class { corners, of_distinct }
    }
}

/// A model has more groups than the engine takes at corners.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "more groups affect one model than the sampled sensitivity analysis can handle: {joint} on one factor whose parts do not simply multiply (at most {MAX_JOINT}), {factors} such factors (at most {MAX_JOINTS}), {all} in all (at most {MAX_LOCAL})"
)]
pub struct TooManyGroups {
    joint: u32,
    factors: usize,
    all: u32,
}

impl<'a> Prepared<'a> {
    /// Works out which corners each model tells apart.
    ///
    /// # Errors
    /// More groups on one model than can be separated.
    pub fn new(plan: &'a Plan, design: &'a Design) -> Result<Prepared<'a>, TooManyGroups> {
        let plan = plan.whole();
        for m in 0..plan.models.len() {
            let joints = || (0..SLOTS).filter_map(|s| design.joint(plan, m, s));
            let (joint, factors) = (joints().map(u64::count_ones).max().unwrap_or(0), joints().count());
            let all = (0..plan.outputs.len()).fold(0, |bits, o| bits | design.influence(plan, m, o)).count_ones();
            if joint as usize > MAX_JOINT || factors > MAX_JOINTS || all as usize > MAX_LOCAL {
                return Err(TooManyGroups { joint, factors, all });
            }
        }
        let mut parts: Vec<Cell> = vec![];
        let of_cell = plan.cells.iter().map(|cell| {
            let mut groups: Vec<u8> = cell.parts.iter().map(|&(e, _)| design.effects[e as usize]).collect();
            groups.sort_unstable();
            groups.dedup();
            let part = |group: u8| {
                let of_group = cell.parts.iter().filter(|&&(e, _)| design.effects[e as usize] == group);
                parts.push(Cell { parts: of_group.copied().collect() });
                (group, parts.len() as u32 - 1)
            };
            groups.into_iter().map(part).collect()
        });
        let of_cell = of_cell.collect();
        let distinct = design.distinct(plan);
        let mut class_of = vec![vec![0; plan.outputs.len()]; plan.models.len()];
        let mut classes = vec![];
        for o in 0..plan.outputs.len() {
            let mut known: Vec<u64> = vec![];
            for (m, class_of) in class_of.iter_mut().enumerate() {
                let groups = design.influence(plan, m, o);
                let at = known.iter().position(|&k| k == groups).unwrap_or(known.len());
                if at == known.len() {
                    known.push(groups);
                }
                class_of[o] = at as u32;
            }
            classes.push(known.into_iter().map(|groups| Class::new(groups, &distinct[o].corners)).collect());
        }
        Ok(Prepared { plan, design, distinct, parts, of_cell, classes, class_of })
    }

    /// Room for these draws.
    pub fn empty(&self, draws: std::ops::Range<u64>) -> Corners {
        Corners::empty(self.plan, self.design, draws)
    }

    /// Sums of shared effects on one factor of a model: group and index into `parts`.
    pub(in crate::engine) fn shared_parts(&self, model: usize, slot: usize) -> &[(u8, u32)] {
        self.plan.models[model].cells[slot].map_or(&[], |cell| &self.of_cell[cell as usize])
    }
}

/// Where a code word stands in the Gray code.
fn gray_rank(word: u64) -> u64 {
    (0..6).fold(word, |rank, k| rank ^ (rank >> (1 << k)))
}

/// A joint factor of a model.
#[derive(Debug, Clone, Copy, Default)]
struct Joint {
    slot: usize,
    /// Its groups, as bits.
    groups: u64,
    /// Where its logarithms begin in `Scratch::values`.
    at: usize,
}

/// Working arrays of one thread.
pub struct Scratch {
    fused: Option<Fused>,
    words: [[u32; BLOCK]; 4],
    z: [i32; BLOCK],
    /// Own logarithms by sample.
    own: [[[i32; BLOCK]; SLOTS]; 2],
    /// Joint factors so far, and how many there are.
    joints: [Joint; MAX_JOINTS],
    found: usize,
    /// Their logarithms, one after the other, by the sides of their groups.
    values: Vec<[i32; BLOCK]>,
    /// Sum of shared effects.
    shared: [i32; BLOCK],
    /// A less B of every group that bears on the model.
    deltas: [[i32; BLOCK]; MAX_LOCAL],
    y: [i32; BLOCK],
    /// Logarithm of a sum of products so far.
    sum: [i32; BLOCK],
    fractions: [u32; BLOCK],
}

impl Scratch {
    /// All arrays zero.
    pub fn new(fused: Option<Fused>) -> Box<Scratch> {
        Box::new(Scratch {
            fused,
            words: [[0; BLOCK]; 4],
            z: [0; BLOCK],
            own: [[[0; BLOCK]; SLOTS]; 2],
            joints: [Joint::default(); MAX_JOINTS],
            found: 0,
            values: vec![],
            shared: [0; BLOCK],
            deltas: [[0; BLOCK]; MAX_LOCAL],
            y: [0; BLOCK],
            sum: [0; BLOCK],
            fractions: [0; BLOCK],
        })
    }
}

/// Totals of a chunk of draws, by output, class and corner of the class.
pub type ClassTotals = Vec<Vec<Vec<Vec<u64>>>>;

/// Adds one model's draws to the totals at the corners of its classes. `shared` has the logarithms of
/// `Prepared::parts` by sample.
#[inline(always)]
pub fn add_model(
    prepared: &Prepared,
    model: usize,
    span: &Span,
    shared: [SharedLogs; 2],
    scratch: &mut Scratch,
    totals: &mut ClassTotals,
) {
    let (plan, n) = (prepared.plan, span.n);
    let of = &plan.models[model];
    {
        let Scratch { words, z, own, .. } = scratch;
        for (sample, own) in [Sample::A, Sample::B].into_iter().zip(own.iter_mut()) {
            sample_own(plan, of, span, sample.own(), words, z, own);
        }
    }
    join(prepared, model, n, shared, scratch);
    for o in 0..plan.outputs.len() {
        let products = of.products_of(o);
        let class = prepared.class_of[model][o] as usize;
        let corners = &prepared.classes[o][class].corners;
        let Some(&start) = corners.first().filter(|_| !products.is_empty()) else { continue };
        let totals = &mut totals[o][class];
        let unit = plan.outputs[o].unit;
        let stretch = span.at..span.at + n;
        if let [product] = products {
            let mut walk = Walk::new(prepared, model, product, n, shared, start, scratch);
            for (&corner, total) in corners.iter().zip(totals) {
                walk.to(corner, scratch);
                let (y, fractions) = (&scratch.y[..n], &mut scratch.fractions[..n]);
                exp2_all(scratch.fused, y, fractions);
                accumulate::add_all(y, fractions, unit, &mut total[stretch.clone()], plan.saturable);
            }
            continue;
        }
        for (&corner, total) in corners.iter().zip(totals) {
            for (k, product) in products.iter().enumerate() {
                Walk::new(prepared, model, product, n, shared, corner, scratch);
                let Scratch { y, sum, .. } = scratch;
                match k {
                    0 => sum[..n].copy_from_slice(&y[..n]),
                    _ => log_sum_all(&mut sum[..n], &y[..n]),
                }
            }
            let (y, fractions) = (&scratch.sum[..n], &mut scratch.fractions[..n]);
            exp2_all(scratch.fused, y, fractions);
            accumulate::add_all(y, fractions, unit, &mut total[stretch.clone()], plan.saturable);
        }
    }
}

/// Computes the joint factors for every combination of sides of the groups within each.
#[inline(always)]
fn join(prepared: &Prepared, model: usize, n: usize, shared: [SharedLogs; 2], scratch: &mut Scratch) {
    let (plan, design, of) = (prepared.plan, prepared.design, &prepared.plan.models[model]);
    let Scratch { own, joints, found, values, shared: sum, z, .. } = scratch;
    *found = 0;
    let mut end = 0;
    for slot in (0..SLOTS).filter(|&s| of.uses(s)) {
        let Some(groups) = design.joint(plan, model, slot) else { continue };
        let Some(joint) = joints.get_mut(*found) else { return };
        *joint = Joint { slot, groups, at: end };
        *found += 1;
        let combinations = 1 << groups.count_ones();
        if values.len() < end + combinations {
            values.resize(end + combinations, [0; BLOCK]);
        }
        for (k, values) in values[end..end + combinations].iter_mut().enumerate() {
            let corner = spread(k as u64, groups);
            let (values, sum) = (&mut values[..n], &mut sum[..n]);
            sum.fill(0);
            for &(group, part) in prepared.shared_parts(model, slot) {
                add_all(sum, shared[Sample::at(corner, group) as usize].cell(part, n));
            }
            let own = &own[Sample::at(corner, design.group(model, slot)) as usize][slot][..n];
            match of.marginals[slot].one_plus() {
                None => joint_all(plan, &of.marginals[slot], own, Some(sum), &mut z[..n], values),
                Some(loc) => {
                    values.fill(loc);
                    if of.marginals[slot].is_random() {
                        add_all(values, own);
                    }
                    add_all(values, sum);
                    values.iter_mut().for_each(|value| *value = one_plus(*value));
                }
            }
        }
        end += combinations;
    }
}

/// The logarithm of one product in `scratch.y`, on its way from corner to corner.
struct Walk {
    n: usize,
    /// Groups by place in `scratch.deltas`, as far as there are any.
    local: [u8; MAX_LOCAL],
    groups: usize,
    /// Powers of the joint factors.
    powers: [i8; MAX_JOINTS],
    at: u64,
}

impl Walk {
    /// At `start`: everything from sample B, and by group what sample A changes, then the groups that come from A.
    #[inline(always)]
    fn new(
        prepared: &Prepared,
        model: usize,
        product: &Product,
        n: usize,
        shared: [SharedLogs; 2],
        start: u64,
        scratch: &mut Scratch,
    ) -> Walk {
        let of = &prepared.plan.models[model];
        let powers = std::array::from_fn(|j| if j < scratch.found { product.signs[scratch.joints[j].slot] } else { 0 });
        let mut walk = Walk { n, local: [0; MAX_LOCAL], groups: 0, powers, at: start };
        scratch.y[..n].fill(product.loc);
        let Scratch { own, deltas, y, .. } = scratch;
        let y = &mut y[..n];
        let joint = |s: usize| of.marginals[s].is_joint() || of.marginals[s].one_plus().is_some();
        for s in (0..SLOTS).filter(|&s| product.signs[s] != 0 && !joint(s)) {
            if of.marginals[s].is_random() {
                let group = prepared.design.group(model, s);
                walk.part(group, product.signs[s], &own[0][s][..n], &own[1][s][..n], y, deltas);
            }
            for &(group, p) in prepared.shared_parts(model, s) {
                walk.part(group, product.signs[s], shared[0].cell(p, n), shared[1].cell(p, n), y, deltas);
            }
        }
        for (&group, delta) in walk.local[..walk.groups].iter().zip(deltas.iter()) {
            if start >> group & 1 == 1 {
                add_all(y, &delta[..n]);
            }
        }
        for j in 0..scratch.found {
            walk.add_joint(j, walk.powers[j], scratch);
        }
        walk
    }

    /// Adds one part of the logarithm, of samples A and B.
    #[inline(always)]
    fn part(
        &mut self,
        group: u8,
        sign: i8,
        a: &[i32],
        b: &[i32],
        y: &mut [i32],
        deltas: &mut [[i32; BLOCK]; MAX_LOCAL],
    ) {
        let at = self.local[..self.groups].iter().position(|&g| g == group).unwrap_or(self.groups);
        if at == self.groups {
            self.local[at] = group;
            self.groups += 1;
            deltas[at][..self.n].fill(0);
        }
        let delta = &mut deltas[at][..self.n];
        for _ in 0..sign {
            add_all(y, b);
            add_all(delta, a);
            sub_all(delta, b);
        }
        for _ in sign..0 {
            sub_all(y, b);
            sub_all(delta, a);
            add_all(delta, b);
        }
    }

    /// Adds so many times a joint factor as it is at the corner.
    #[inline(always)]
    fn add_joint(&self, joint: usize, power: i8, scratch: &mut Scratch) {
        let Joint { groups, at, .. } = scratch.joints[joint];
        let values = &scratch.values[at + gather(self.at, groups)][..self.n];
        for _ in 0..power {
            add_all(&mut scratch.y[..self.n], values);
        }
        for _ in power..0 {
            sub_all(&mut scratch.y[..self.n], values);
        }
    }

    /// Goes to another corner: the groups that change sides.
    #[inline(always)]
    fn to(&mut self, corner: u64, scratch: &mut Scratch) {
        let flipped = self.at ^ corner;
        let Scratch { y, deltas, .. } = scratch;
        for (&group, delta) in self.local[..self.groups].iter().zip(deltas.iter()) {
            if flipped >> group & 1 == 1 {
                if corner >> group & 1 == 1 {
                    add_all(&mut y[..self.n], &delta[..self.n]);
                } else {
                    sub_all(&mut y[..self.n], &delta[..self.n]);
                }
            }
        }
        for j in 0..scratch.found {
            if flipped & scratch.joints[j].groups != 0 {
                self.add_joint(j, -self.powers[j], scratch);
            }
        }
        self.at = corner;
        for j in 0..scratch.found {
            if flipped & scratch.joints[j].groups != 0 {
                self.add_joint(j, self.powers[j], scratch);
            }
        }
    }
}

/// The bits of `corner` at the ones of `mask`, next to each other.
fn gather(corner: u64, mask: u64) -> usize {
    let mut bits = mask;
    let mut result = 0;
    let mut k = 0;
    while bits != 0 {
        let group = bits.trailing_zeros();
        result |= ((corner >> group & 1) as usize) << k;
        bits &= bits - 1;
        k += 1;
    }
    result
}

/// The other way round.
fn spread(word: u64, mask: u64) -> u64 {
    let mut bits = mask;
    let mut result = 0;
    let mut k = 0;
    while bits != 0 {
        let group = bits.trailing_zeros();
        result |= (word >> k & 1) << group;
        bits &= bits - 1;
        k += 1;
    }
    result
}
