//! One model over one short block of draws: random words to totals, all stages in L1-sized arrays.
//!
//! Every stage is a plain loop over slices, which the compiler vectorises for whatever instruction set the caller was
//! compiled for (`simd`). Integer sums are exact, so the outputs are walked in a chain: the logarithm of each is the
//! previous one plus the factors in which they differ.

use super::exp2;
use super::inverse_normal::inverse_normal;
use super::philox::{Domain, Stream};
use super::{ModelSummary, accumulate, marginal, one_plus, summarise};
use crate::assess::{Output, SLOTS, Slot};
use crate::plan::{INDEPENDENT, KEPT_GROUPS, Marginal, ModelPlan, Plan, TOTALS, TermPlan, ZERO_LOG2};

/// Draws in a block; its arrays stay in the first-level cache.
pub const BLOCK: usize = 512;
const PUE: usize = Slot::Pue as usize;

/// Shared logarithms of the draws of a block: `cells[c · stride + i]`.
#[derive(Clone, Copy)]
pub struct SharedLogs<'a> {
    pub logs: &'a [i32],
    pub stride: usize,
    /// Where the block begins within each cell's stretch.
    pub offset: usize,
}

impl<'a> SharedLogs<'a> {
    #[inline(always)]
    pub fn cell(&self, cell: u32, n: usize) -> &'a [i32] {
        let start = cell as usize * self.stride + self.offset;
        &self.logs[start..start + n]
    }
}

/// The totals of a stretch of draws that one thread adds to.
pub struct Totals {
    pub totals: [Vec<u64>; TOTALS],
    /// Emissions of each group, and compute of those that are kept.
    pub groups: Vec<[Vec<u64>; 2]>,
}

/// Working arrays of one thread.
pub struct Scratch {
    words: [[u32; BLOCK]; 4],
    z: [i32; BLOCK],
    /// Logarithms of the factors, shared effects included.
    logs: [[i32; BLOCK]; SLOTS],
    /// PUE before its shared effects: log2 of PUE − 1.
    pue_own: [i32; BLOCK],
    y: [i32; BLOCK],
    y_independent: [i32; BLOCK],
    fractions: [u32; BLOCK],
    bins: [u32; BLOCK],
    /// Bit s: the factor of slot s is exactly zero. Kept only for models that can have zeros.
    zero_slots: [u8; BLOCK],
}

impl Scratch {
    pub fn new() -> Box<Scratch> {
        Box::new(Scratch {
            words: [[0; BLOCK]; 4],
            z: [0; BLOCK],
            logs: [[0; BLOCK]; SLOTS],
            pue_own: [0; BLOCK],
            y: [0; BLOCK],
            y_independent: [0; BLOCK],
            fractions: [0; BLOCK],
            bins: [0; BLOCK],
            zero_slots: [0; BLOCK],
        })
    }
}

/// The draws `first .. first + n`, `n ≤ BLOCK`, of one model; `at` is where they lie in `totals`.
pub struct Span {
    pub seed: u64,
    pub first: u64,
    pub n: usize,
    pub at: usize,
}

/// Adds one model's draws to the totals and to its own summary.
#[inline(always)]
pub fn add_model(
    plan: &Plan,
    model: &ModelPlan,
    span: &Span,
    shared: SharedLogs,
    scratch: &mut Scratch,
    totals: &mut Totals,
    summary: &mut ModelSummary,
) {
    let n = span.n;
    sample_factors(plan, model, span, shared, scratch);
    let Scratch { logs, pue_own, y, y_independent, fractions, bins, z, words, zero_slots } = scratch;
    let y = &mut y[..n];
    let fractions = &mut fractions[..n];
    let stretch = span.at..span.at + n;

    let mut at = TermPlan { loc: 0, signs: [0; SLOTS] };
    y.fill(0);
    for output in Output::ALL {
        let Some(term) = &model.terms[output as usize] else { continue };
        step(y, &mut at, term, logs);
        exp2_all(y, fractions);
        let o = output as usize;
        accumulate::add_all(y, fractions, plan.total_units[o], &mut totals.totals[o][stretch.clone()], plan.saturable);
        let slot_of_group = match output {
            Output::Emissions => 0,
            Output::Compute => 1,
            _ => continue,
        };
        for &g in &model.groups {
            if output == Output::Compute && g as usize >= KEPT_GROUPS {
                continue;
            }
            let units = &plan.groups[g as usize];
            let unit = if output == Output::Emissions { units.emissions.unit } else { units.compute.unit };
            let into = &mut totals.groups[g as usize][slot_of_group][stretch.clone()];
            accumulate::add_all(y, fractions, unit, into, plan.saturable);
        }
        if output == Output::Emissions {
            let zeros = model.zeros_of(term);
            if zeros == 0 {
                summarise::add_all(y, fractions, &model.emissions, &mut bins[..n], &mut summary.emissions);
            } else {
                add_with_zeros(
                    y,
                    fractions,
                    |i| zero_slots[i] & zeros != 0,
                    |_| false,
                    &model.emissions,
                    &mut summary.emissions,
                );
            }
            if plan.has_independent {
                let into = &mut totals.totals[INDEPENDENT][stretch.clone()];
                let unit = plan.total_units[INDEPENDENT];
                if model.shares(term) {
                    let y_independent = &mut y_independent[..n];
                    y_independent.copy_from_slice(y);
                    separate_shared(y_independent, model, term, span, shared, logs, pue_own, z, words);
                    exp2_all(y_independent, fractions);
                    accumulate::add_all(y_independent, fractions, unit, into, plan.saturable);
                } else {
                    accumulate::add_all(y, fractions, unit, into, plan.saturable);
                }
            }
        }
    }

    match (&model.terms[Output::Compute as usize], model.atci_term()) {
        (None, _) => {
            summary.atci.undefined += n as u64;
            if model.terms[Output::Emissions as usize].is_none() {
                summary.emissions.zeros += n as u64;
            }
        }
        (Some(compute), None) => {
            let undefined = model.zeros_of(compute);
            let without = zero_slots[..n].iter().filter(|&&zeros| zeros & undefined != 0).count() as u64;
            summary.atci.undefined += without;
            summary.atci.zeros += n as u64 - without;
            summary.emissions.zeros += n as u64;
        }
        (Some(compute), Some(atci)) => {
            step(y, &mut at, &atci, logs);
            exp2_all(y, fractions);
            let undefined = model.zeros_of(compute);
            let zeros = model.zeros_of(&atci) & !undefined;
            if undefined | zeros == 0 {
                summarise::add_all(y, fractions, &model.atci, &mut bins[..n], &mut summary.atci);
            } else {
                let (is_zero, is_undefined) = (|i| zero_slots[i] & zeros != 0, |i| zero_slots[i] & undefined != 0);
                add_with_zeros(y, fractions, is_zero, is_undefined, &model.atci, &mut summary.atci);
            }
        }
    }
}

/// Logarithms of all random factors of the block, shared effects included.
#[inline(always)]
fn sample_factors(plan: &Plan, model: &ModelPlan, span: &Span, shared: SharedLogs, scratch: &mut Scratch) {
    let n = span.n;
    let Scratch { words, z, logs, zero_slots, .. } = scratch;
    sample_own(plan, model, span, Domain::Own, words, z, logs);
    for (s, log) in logs.iter().enumerate() {
        if model.zeros >> s & 1 == 1 {
            for (zero, &log) in zero_slots[..n].iter_mut().zip(&log[..n]) {
                *zero = *zero & !(1 << s) | u8::from(log == ZERO_LOG2) << s;
            }
        }
    }
    for s in 0..SLOTS {
        let log = &mut scratch.logs[s][..n];
        let cell = model.cells[s].map(|c| shared.cell(c, n));
        if let Some(loc) = model.marginals[s].one_plus() {
            if !model.marginals[s].is_random() {
                log.fill(0);
            }
            let own = &mut scratch.pue_own[..n];
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

/// Logarithms of the random factors themselves, without shared effects. Those of the others are left alone.
#[inline(always)]
pub fn sample_own(
    plan: &Plan,
    model: &ModelPlan,
    span: &Span,
    domain: Domain,
    words: &mut [[u32; BLOCK]; 4],
    z: &mut [i32; BLOCK],
    logs: &mut [[i32; BLOCK]; SLOTS],
) {
    let n = span.n;
    for block in 0..SLOTS.div_ceil(4) {
        let slots = 4 * block..SLOTS.min(4 * block + 4);
        if slots.clone().all(|s| !model.marginals[s].is_random()) {
            continue;
        }
        let stream = Stream::new(span.seed, domain, block as u16, model.key);
        let [a, b, c, d] = words;
        stream.fill(span.first, [&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]]);
        for s in slots {
            if !model.marginals[s].is_random() {
                continue;
            }
            let z = &mut z[..n];
            normals(&words[s % 4][..n], z);
            let log = &mut logs[s][..n];
            match &model.marginals[s] {
                Marginal::None | Marginal::OnePlusConstant { .. } => {}
                Marginal::Affine { scale } | Marginal::OnePlusAffine { scale, .. } => {
                    marginal::affine_all(*scale, z, log);
                }
                Marginal::Table { table } | Marginal::OnePlusTable { table, .. } => {
                    marginal::table_all(&plan.tables[*table as usize], z, log);
                }
            }
        }
    }
}

/// Replaces the shared effects in the emissions' logarithm by ones of the model's own: one normal for all that act as
/// multipliers, one for those on PUE − 1.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn separate_shared(
    y: &mut [i32],
    model: &ModelPlan,
    term: &TermPlan,
    span: &Span,
    shared: SharedLogs,
    logs: &[[i32; BLOCK]; SLOTS],
    pue_own: &[i32; BLOCK],
    z: &mut [i32; BLOCK],
    words: &mut [[u32; BLOCK]; 4],
) {
    let n = y.len();
    let z = &mut z[..n];
    let stream = Stream::new(span.seed, Domain::Independent, 0, model.key);
    for s in 0..SLOTS {
        if let Some(cell) = model.cells[s]
            && s != PUE
        {
            let cell = shared.cell(cell, n);
            for _ in 0..term.signs[s] {
                sub_all(y, cell);
            }
            for _ in term.signs[s]..0 {
                add_all(y, cell);
            }
        }
    }
    if model.independent_scale != 0 {
        let words = &mut words[0][..n];
        stream.fill_word::<0>(span.first, words);
        normals(words, z);
        for i in 0..n {
            y[i] = y[i].wrapping_add(marginal::affine(model.independent_scale, z[i]));
        }
    }
    if model.independent_pue_scale != 0 {
        let words = &mut words[0][..n];
        stream.fill_word::<1>(span.first, words);
        normals(words, z);
        for i in 0..n {
            let shared = marginal::affine(model.independent_pue_scale, z[i]);
            let pue = one_plus::one_plus(pue_own[i].wrapping_add(shared));
            y[i] = y[i].wrapping_add(i32::from(term.signs[PUE]) * (pue - logs[PUE][i]));
        }
    }
}

/// Walks `y` from the term it holds to another one.
#[inline(always)]
fn step(y: &mut [i32], at: &mut TermPlan, to: &TermPlan, logs: &[[i32; BLOCK]; SLOTS]) {
    let mut loc = to.loc.wrapping_sub(at.loc);
    for (s, log) in logs.iter().enumerate() {
        let (from, to) = (at.signs[s], to.signs[s]);
        for _ in from..to {
            shift_add(y, log, loc);
            loc = 0;
        }
        for _ in to..from {
            shift_sub(y, log, loc);
            loc = 0;
        }
    }
    if loc != 0 {
        for y in y {
            *y = y.wrapping_add(loc);
        }
    }
    *at = *to;
}

/// The model's own summary where some draws are zero or undefined: draw by draw.
fn add_with_zeros(
    y: &[i32],
    fractions: &[u32],
    is_zero: impl Fn(usize) -> bool,
    is_undefined: impl Fn(usize) -> bool,
    range: &crate::plan::Range,
    moments: &mut super::Moments,
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

#[inline(always)]
pub fn normals(words: &[u32], z: &mut [i32]) {
    for (z, &w) in z.iter_mut().zip(words) {
        *z = inverse_normal(w);
    }
}

#[inline(always)]
pub fn exp2_all(y: &[i32], fractions: &mut [u32]) {
    for (h, &y) in fractions.iter_mut().zip(y) {
        *h = exp2::fraction(y);
    }
}

#[inline(always)]
pub fn one_plus_all(y: &[i32], out: &mut [i32]) {
    for (out, &y) in out.iter_mut().zip(y) {
        *out = one_plus::one_plus(y);
    }
}

#[inline(always)]
fn one_plus_sum(a: &[i32], b: &[i32], out: &mut [i32]) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = one_plus::one_plus(a.wrapping_add(b));
    }
}

#[inline(always)]
pub fn add_all(y: &mut [i32], x: &[i32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_add(x);
    }
}

#[inline(always)]
pub fn sub_all(y: &mut [i32], x: &[i32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_sub(x);
    }
}

#[inline(always)]
fn shift_add(y: &mut [i32], x: &[i32], loc: i32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_add(x).wrapping_add(loc);
    }
}

#[inline(always)]
fn shift_sub(y: &mut [i32], x: &[i32], loc: i32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = y.wrapping_sub(x).wrapping_add(loc);
    }
}
