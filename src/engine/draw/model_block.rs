//! One model over one short block of draws: random words to totals, all stages in L1-sized arrays.
//!
//! Every stage is a plain loop over slices, which the compiler vectorises for whatever instruction set the caller was
//! compiled for (`simd`). Integer sums are exact, so the products are walked in a chain: the logarithm of each is the
//! previous one plus the factors in which they differ. An output that is a sum of several has the logarithm of that sum
//! (`one_plus::log_sum`), and is a value like any other from there on.

use super::factor::{joint_all, sample_own};
use super::fused::Fused;
use super::loops::{add_all, exp2_all, log_sum_all, one_plus_all, one_plus_sum, step};
use super::philox::Domain;
use super::separate::separate_shared;
use super::summary::{ModelSummary, Moments};
use super::{accumulate, summarise};
use crate::engine::plan::{Block, KEPT_GROUPS, ModelPlan, Product, Range, SLOTS, ZERO_LOG2};

/// Draws in a block; its arrays stay in the first-level cache.
pub const BLOCK: usize = 512;

/// Shared logarithms of the draws of a block: `cells[c · stride + i]`.
#[derive(Clone, Copy)]
pub struct SharedLogs<'a> {
    /// Cell after cell, log2 in Q9.22.
    pub logs: &'a [i32],
    /// From one cell's first draw to the next one's.
    pub stride: usize,
    /// Where the block begins within each cell's stretch.
    pub offset: usize,
}

impl<'a> SharedLogs<'a> {
    /// The block's first `n` draws of one cell.
    #[inline(always)]
    pub fn cell(&self, cell: u32, n: usize) -> &'a [i32] {
        let start = cell as usize * self.stride + self.offset;
        &self.logs[start..start + n]
    }
}

/// The totals of a stretch of draws that one thread adds to.
pub struct Totals {
    /// By column of the summary; empty for one that is not kept.
    pub totals: Vec<Vec<u64>>,
    /// The headline of each group, and the denominator of those that are kept.
    pub groups: Vec<[Vec<u64>; 2]>,
}

/// Working arrays of one thread.
pub struct Scratch {
    fused: Option<Fused>,
    pub(super) words: [[u32; BLOCK]; 4],
    pub(super) z: [i32; BLOCK],
    /// Logarithms of the factors, shared effects included.
    pub(super) logs: [[i32; BLOCK]; SLOTS],
    /// The shifted factor before its shared effects: log2 X of 1 + X.
    pub(super) shifted_own: [i32; BLOCK],
    /// Standard normals of the factors that shared effects act on as such.
    pub(super) normals: [[i32; BLOCK]; SLOTS],
    y: [i32; BLOCK],
    /// Logarithms of a sum of products so far, and of the sums that have a role.
    pub(super) sum: [i32; BLOCK],
    pub(super) headline: [i32; BLOCK],
    denominator: [i32; BLOCK],
    pub(super) separate: [i32; BLOCK],
    fractions: [u32; BLOCK],
    bins: [u32; BLOCK],
    /// Bit s: the factor of slot s is exactly zero. Kept only for models that can have zeros.
    zero_slots: [u16; BLOCK],
}

impl Scratch {
    /// All arrays zero.
    pub fn new(fused: Option<Fused>) -> Box<Scratch> {
        Box::new(Scratch {
            fused,
            words: [[0; BLOCK]; 4],
            z: [0; BLOCK],
            logs: [[0; BLOCK]; SLOTS],
            shifted_own: [0; BLOCK],
            normals: [[0; BLOCK]; SLOTS],
            y: [0; BLOCK],
            sum: [0; BLOCK],
            headline: [0; BLOCK],
            denominator: [0; BLOCK],
            separate: [0; BLOCK],
            fractions: [0; BLOCK],
            bins: [0; BLOCK],
            zero_slots: [0; BLOCK],
        })
    }
}

/// The draws `first .. first + n`, `n ≤ BLOCK`, of one model; `at` is where they lie in `totals`.
pub struct Span {
    /// Of the random stream.
    pub seed: u64,
    /// Absolute index of the first draw.
    pub first: u64,
    /// How many draws.
    pub n: usize,
    /// Where they lie in the totals.
    pub at: usize,
}

/// Adds one model's draws to the totals and to its own summary.
#[inline(always)]
pub fn add_model(
    plan: Block<'_>,
    model: &ModelPlan,
    span: &Span,
    shared: SharedLogs,
    scratch: &mut Scratch,
    totals: &mut Totals,
    summary: &mut ModelSummary,
) {
    let n = span.n;
    sample_factors(plan, model, span, shared, scratch);
    let mut at = Product { output: 0, loc: 0, signs: [0; SLOTS] };
    scratch.y[..n].fill(0);
    let mut products = &model.products[..];
    while let Some(first) = products.first() {
        let o = usize::from(first.output);
        let of_output = products.iter().take_while(|p| p.output == first.output).count();
        let (these, rest) = products.split_at(of_output);
        products = rest;
        let is_headline = o == plan.headline;
        let is_denominator = plan.is_denominator(o);
        let Some(output) = plan.outputs.get(o).filter(|output| output.kept || is_headline || is_denominator) else {
            continue;
        };
        output_log(these, &mut at, n, scratch);
        let Scratch { fused, y, sum, headline, denominator, fractions, .. } = scratch;
        let y = if of_output == 1 { &y[..n] } else { &sum[..n] };
        let fractions = &mut fractions[..n];
        exp2_all(*fused, y, fractions);
        let stretch = span.at..span.at + n;
        if output.kept {
            accumulate::add_all(y, fractions, output.unit, &mut totals.totals[o][stretch.clone()], plan.saturable);
        }
        if is_headline || is_denominator {
            let which = if is_headline { 0 } else { 1 };
            add_to_groups(plan, model, which, y, fractions, &stretch, totals);
        }
        if is_denominator {
            denominator[..n].copy_from_slice(y);
        }
        if is_headline {
            headline[..n].copy_from_slice(y);
            add_headline(plan, model, these, span, shared, scratch, totals, summary);
        }
    }
    add_ratio(plan, model, n, scratch, summary);
}

/// The logarithm of an output, in `y` if it is one product and in `sum` if it is several. `y` holds that of `at`.
#[inline(always)]
fn output_log(products: &[Product], at: &mut Product, n: usize, scratch: &mut Scratch) {
    let Scratch { y, sum, logs, .. } = scratch;
    for (k, product) in products.iter().enumerate() {
        step(&mut y[..n], at, product, logs);
        if products.len() > 1 {
            if k == 0 {
                sum[..n].copy_from_slice(&y[..n]);
            } else {
                log_sum_all(&mut sum[..n], &y[..n]);
            }
        }
    }
}

/// Adds the headline (`which` 0) or the denominator (1) to the totals of the model's groups.
#[inline(always)]
fn add_to_groups(
    plan: Block<'_>,
    model: &ModelPlan,
    which: usize,
    y: &[i32],
    fractions: &[u32],
    stretch: &std::ops::Range<usize>,
    totals: &mut Totals,
) {
    for &g in &model.groups {
        if which == 1 && g as usize >= KEPT_GROUPS {
            continue;
        }
        let units = &plan.groups[g as usize];
        let unit = if which == 0 { units.headline.unit } else { units.denominator.unit };
        let into = &mut totals.groups[g as usize][which][stretch.clone()];
        accumulate::add_all(y, fractions, unit, into, plan.saturable);
    }
}

/// The model's own summary of its headline, and the headline with independent effects. `scratch.headline` and `fractions`
/// hold the headline.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn add_headline(
    plan: Block<'_>,
    model: &ModelPlan,
    products: &[Product],
    span: &Span,
    shared: SharedLogs,
    scratch: &mut Scratch,
    totals: &mut Totals,
    summary: &mut ModelSummary,
) {
    let n = span.n;
    let Scratch { headline, fractions, bins, zero_slots, .. } = scratch;
    let (y, fractions) = (&headline[..n], &mut fractions[..n]);
    if products.iter().any(|p| model.zeros_of(p) == 0) {
        summarise::add_all(y, fractions, &model.headline, &mut bins[..n], &mut summary.headline);
    } else {
        let zero = |i: usize| model.is_zero(products, zero_slots[i]);
        add_with_zeros(y, fractions, zero, |_| false, &model.headline, &mut summary.headline);
    }
    if !plan.has_independent {
        return;
    }
    let unit = plan.outputs[plan.headline].unit;
    let into = &mut totals.totals[plan.independent()][span.at..span.at + n];
    if products.iter().any(|p| model.shares(p)) {
        separate_shared(plan, model, products, span, shared, scratch);
        let (y, fractions) = (&scratch.separate[..n], &mut scratch.fractions[..n]);
        exp2_all(scratch.fused, y, fractions);
        accumulate::add_all(y, fractions, unit, into, plan.saturable);
    } else {
        accumulate::add_all(y, fractions, unit, into, plan.saturable);
    }
}

/// The model's own summary of the headline over the denominator, whose logarithms are in `scratch`.
#[inline(always)]
fn add_ratio(plan: Block<'_>, model: &ModelPlan, n: usize, scratch: &mut Scratch, summary: &mut ModelSummary) {
    let over = model.products_of(plan.headline);
    let under = plan.denominator.map_or(&[][..], |o| model.products_of(o));
    if over.is_empty() {
        summary.headline.zeros += n as u64;
    }
    if under.is_empty() {
        summary.ratio.undefined += n as u64;
        return;
    }
    let Scratch { fused, y, headline, denominator, fractions, bins, zero_slots, .. } = scratch;
    let always = |products: &[Product]| products.iter().any(|p| model.zeros_of(p) == 0);
    let undefined = |i: usize| model.is_zero(under, zero_slots[i]);
    if over.is_empty() {
        let without = if always(under) { 0 } else { (0..n).filter(|&i| undefined(i)).count() as u64 };
        summary.ratio.undefined += without;
        summary.ratio.zeros += n as u64 - without;
        return;
    }
    let (y, fractions) = (&mut y[..n], &mut fractions[..n]);
    for ((y, &over), &under) in y.iter_mut().zip(&headline[..n]).zip(&denominator[..n]) {
        *y = over.wrapping_sub(under);
    }
    exp2_all(*fused, y, fractions);
    if always(over) && always(under) {
        summarise::add_all(y, fractions, &model.ratio, &mut bins[..n], &mut summary.ratio);
    } else {
        let (of_over, of_under) = (always(over), always(under));
        let zero = |i: usize| !of_over && model.is_zero(over, zero_slots[i]);
        let undefined = |i: usize| !of_under && undefined(i);
        add_with_zeros(y, fractions, zero, undefined, &model.ratio, &mut summary.ratio);
    }
}

/// Logarithms of all random factors of the block, shared effects included.
#[inline(always)]
fn sample_factors(plan: Block<'_>, model: &ModelPlan, span: &Span, shared: SharedLogs, scratch: &mut Scratch) {
    let n = span.n;
    let Scratch { words, z, logs, zero_slots, .. } = scratch;
    sample_own(plan, model, span, Domain::Own, words, z, logs);
    for (s, log) in logs.iter().enumerate() {
        if model.zeros >> s & 1 == 1 {
            mark_zeros(s, &log[..n], &mut zero_slots[..n]);
        }
    }
    for s in 0..SLOTS {
        let cell = model.cells[s].map(|c| shared.cell(c, n));
        if model.marginals[s].is_joint() {
            let Scratch { normals, logs, z, zero_slots, .. } = scratch;
            let (own, log) = (&mut normals[s][..n], &mut logs[s][..n]);
            own.copy_from_slice(log);
            joint_all(plan, &model.marginals[s], own, cell, &mut z[..n], log);
            if model.zeros >> s & 1 == 1 {
                mark_zeros(s, log, &mut zero_slots[..n]);
            }
            continue;
        }
        let log = &mut scratch.logs[s][..n];
        if let Some(loc) = model.marginals[s].one_plus() {
            if !model.marginals[s].is_random() {
                log.fill(0);
            }
            let own = &mut scratch.shifted_own[..n];
            for i in 0..n {
                own[i] = log[i].wrapping_add(loc);
            }
            match cell {
                Some(cell) => one_plus_sum(own, cell, log),
                None => one_plus_all(own, log),
            }
        } else if let Some(cell) = cell {
            if model.marginals[s].is_random() {
                add_all(log, cell);
            } else {
                log.copy_from_slice(cell);
            }
        }
    }
}

/// Keeps in which draws the factor of a slot is zero.
#[inline(always)]
fn mark_zeros(slot: usize, log: &[i32], zero_slots: &mut [u16]) {
    for (zero, &log) in zero_slots.iter_mut().zip(log) {
        *zero = *zero & !(1 << slot) | u16::from(log == ZERO_LOG2) << slot;
    }
}

/// The model's own summary where some draws are zero or undefined: draw by draw.
fn add_with_zeros(
    y: &[i32],
    fractions: &[u32],
    is_zero: impl Fn(usize) -> bool,
    is_undefined: impl Fn(usize) -> bool,
    range: &Range,
    moments: &mut Moments,
) {
    for i in 0..y.len() {
        if is_undefined(i) {
            moments.undefined += 1;
        } else if is_zero(i) {
            moments.zeros += 1;
        } else {
            summarise::add_all(&y[i..=i], &fractions[i..=i], range, &mut [0], moments);
        }
    }
}
