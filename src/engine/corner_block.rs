//! One model over one short block of draws at every corner of a pick-freeze design.
//!
//! The logarithm of an output is a sum over the groups, once with sample A and once with sample B, so that going from one
//! corner to the next adds the differences of the groups that change sides: corners are taken in the order of a Gray
//! code, in which that is one group. Only the PUE, log2(1 + 2^y) of a sum, is not a sum itself: it is computed for every
//! combination of sides of the groups within it.

use super::model_block::{BLOCK, SharedLogs, Span, add_all, exp2_all, sample_own, sub_all};
use super::one_plus::one_plus;
use super::{accumulate, corners::Corners};
use crate::assess::{OUTPUTS, SLOTS, Slot};
use crate::plan::design::{Design, Distinct, Sample};
use crate::plan::{Cell, Plan};

const PUE: usize = Slot::Pue as usize;
/// Groups that may bear on one model's PUE.
const MAX_JOINT: usize = 3;
/// Groups that may bear on one model: its own factors and shared effects.
const MAX_LOCAL: usize = 16;

/// A plan and a design with what follows from them.
pub struct Prepared<'a> {
    pub plan: &'a Plan,
    pub design: &'a Design,
    /// By output: the corners that differ on it.
    pub distinct: [Distinct; OUTPUTS],
    /// Sums of the shared effects of one group within one cell.
    pub parts: Vec<Cell>,
    /// By cell: group and index into `parts`.
    of_cell: Vec<Vec<(u8, u32)>>,
    /// By output: models that depend on the same groups add to totals of their own.
    pub classes: [Vec<Class>; OUTPUTS],
    /// By model and output.
    pub(super) class_of: Vec<[u32; OUTPUTS]>,
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
    "more groups bear on one model than the sampled sensitivity analysis takes: {pue} on its PUE (at most {MAX_JOINT}), {all} in all (at most {MAX_LOCAL})"
)]
pub struct TooManyGroups {
    pue: u32,
    all: u32,
}

impl<'a> Prepared<'a> {
    pub fn new(plan: &'a Plan, design: &'a Design) -> Result<Prepared<'a>, TooManyGroups> {
        for m in 0..plan.models.len() {
            let pue = design.of_pue(plan, m).count_ones();
            let all = (0..OUTPUTS).fold(0, |bits, o| bits | design.influence(plan, m, o)).count_ones();
            if pue as usize > MAX_JOINT || all as usize > MAX_LOCAL {
                return Err(TooManyGroups { pue, all });
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
        let mut class_of = vec![[0; OUTPUTS]; plan.models.len()];
        let classes = std::array::from_fn(|o| {
            let mut known: Vec<u64> = vec![];
            for (m, class_of) in class_of.iter_mut().enumerate() {
                let groups = design.influence(plan, m, o);
                let at = known.iter().position(|&k| k == groups).unwrap_or(known.len());
                if at == known.len() {
                    known.push(groups);
                }
                class_of[o] = at as u32;
            }
            known.into_iter().map(|groups| Class::new(groups, &distinct[o].corners)).collect()
        });
        Ok(Prepared { plan, design, distinct, parts, of_cell, classes, class_of })
    }

    /// Room for these draws.
    pub fn empty(&self, draws: std::ops::Range<u64>) -> Corners {
        Corners::empty(self.plan, self.design, draws)
    }

    /// Sums of shared effects on one factor of a model: group and index into `parts`.
    pub(super) fn shared_parts(&self, model: usize, slot: usize) -> &[(u8, u32)] {
        self.plan.models[model].cells[slot].map_or(&[], |cell| &self.of_cell[cell as usize])
    }
}

/// Where a code word stands in the Gray code.
fn gray_rank(word: u64) -> u64 {
    (0..6).fold(word, |rank, k| rank ^ (rank >> (1 << k)))
}

/// Working arrays of one thread.
pub struct Scratch {
    words: [[u32; BLOCK]; 4],
    z: [i32; BLOCK],
    /// Own logarithms by sample.
    own: [[[i32; BLOCK]; SLOTS]; 2],
    /// log2 of PUE where PUE − 1 is what is sampled, by the sides of its groups.
    joint: [[i32; BLOCK]; 1 << MAX_JOINT],
    /// A less B of every group that bears on the model.
    deltas: [[i32; BLOCK]; MAX_LOCAL],
    y: [i32; BLOCK],
    fractions: [u32; BLOCK],
}

impl Scratch {
    pub fn new() -> Box<Scratch> {
        Box::new(Scratch {
            words: [[0; BLOCK]; 4],
            z: [0; BLOCK],
            own: [[[0; BLOCK]; SLOTS]; 2],
            joint: [[0; BLOCK]; 1 << MAX_JOINT],
            deltas: [[0; BLOCK]; MAX_LOCAL],
            y: [0; BLOCK],
            fractions: [0; BLOCK],
        })
    }
}

/// Totals of a chunk of draws, by output, class and corner of the class.
pub type ClassTotals = [Vec<Vec<Vec<u64>>>; OUTPUTS];

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
    let (plan, design, n) = (prepared.plan, prepared.design, span.n);
    let of = &plan.models[model];
    let Scratch { words, z, own, joint, deltas, y, fractions } = scratch;
    for (sample, own) in [Sample::A, Sample::B].into_iter().zip(own.iter_mut()) {
        sample_own(plan, of, span, sample.own(), words, z, own);
    }
    let pue_groups = if of.marginals[PUE].one_plus().is_some() { design.of_pue(plan, model) } else { 0 };
    let is_joint = of.marginals[PUE].one_plus().is_some();
    if let Some(loc) = of.marginals[PUE].one_plus() {
        for (k, values) in joint.iter_mut().enumerate().take(1 << pue_groups.count_ones()) {
            let corner = spread(k as u64, pue_groups);
            let values = &mut values[..n];
            values.fill(loc);
            if of.marginals[PUE].is_random() {
                let side = Sample::at(corner, design.own[model][PUE]) as usize;
                add_all(values, &own[side][PUE][..n]);
            }
            for &(group, part) in prepared.shared_parts(model, PUE) {
                add_all(values, shared[Sample::at(corner, group) as usize].cell(part, n));
            }
            for value in values {
                *value = one_plus(*value);
            }
        }
    }

    let (y, fractions) = (&mut y[..n], &mut fractions[..n]);
    for o in 0..OUTPUTS {
        let Some(term) = &of.terms[o] else { continue };
        let class = prepared.class_of[model][o] as usize;
        let corners = &prepared.classes[o][class].corners;
        let Some((&start, rest)) = corners.split_first() else { continue };
        let totals = &mut totals[o][class];
        // Everything from sample B, and by group what sample A changes.
        let mut local = [0u8; MAX_LOCAL];
        let mut groups = 0;
        y.fill(term.loc);
        let mut part = |group: u8, sign: i8, a: &[i32], b: &[i32]| {
            let at = local[..groups].iter().position(|&g| g == group).unwrap_or(groups);
            if at == groups {
                local[at] = group;
                groups += 1;
                deltas[at][..n].fill(0);
            }
            let delta = &mut deltas[at][..n];
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
        };
        for s in (0..SLOTS).filter(|&s| term.signs[s] != 0 && !(s == PUE && is_joint)) {
            if of.marginals[s].is_random() {
                part(design.own[model][s], term.signs[s], &own[0][s][..n], &own[1][s][..n]);
            }
            for &(group, p) in prepared.shared_parts(model, s) {
                part(group, term.signs[s], shared[0].cell(p, n), shared[1].cell(p, n));
            }
        }
        let pue_sign = if is_joint { term.signs[PUE] } else { 0 };
        let add_pue = |y: &mut [i32], corner: u64, sign: i8| {
            let values = &joint[gather(corner, pue_groups)][..n];
            for _ in 0..sign {
                add_all(y, values);
            }
            for _ in sign..0 {
                sub_all(y, values);
            }
        };

        let mut at = start;
        for (&group, delta) in local[..groups].iter().zip(deltas.iter()) {
            if at >> group & 1 == 1 {
                add_all(y, &delta[..n]);
            }
        }
        add_pue(y, at, pue_sign);
        exp2_all(y, fractions);
        let unit = plan.total_units[o];
        let stretch = span.at..span.at + n;
        accumulate::add_all(y, fractions, unit, &mut totals[0][stretch.clone()], plan.saturable);
        for (&corner, total) in rest.iter().zip(&mut totals[1..]) {
            let flipped = at ^ corner;
            for (&group, delta) in local[..groups].iter().zip(deltas.iter()) {
                if flipped >> group & 1 == 1 {
                    if corner >> group & 1 == 1 {
                        add_all(y, &delta[..n]);
                    } else {
                        sub_all(y, &delta[..n]);
                    }
                }
            }
            if pue_sign != 0 && flipped & pue_groups != 0 {
                add_pue(y, at, -pue_sign);
                add_pue(y, corner, pue_sign);
            }
            exp2_all(y, fractions);
            at = corner;
            accumulate::add_all(y, fractions, unit, &mut total[stretch.clone()], plan.saturable);
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
