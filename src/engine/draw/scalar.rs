//! The engine written draw by draw and model by model: slow, and the definition of every number.
//!
//! [`Cpu`](super::cpu::Cpu) and any other backend must give the same [`Summary`] to the last bit.

use std::ops::Range;

use super::accumulate::{CEILING, capped_count};
use super::bounded::Bound;
use super::inverse_normal::inverse_normal;
use super::marginal::{affine, gate, ranked};
use super::one_plus::{log_sum, one_plus};
use super::philox::{Domain, Stream};
use super::{corners, exp2};
use crate::engine::plan::{
    self, Block, MODEL_BITS, Marginal, ModelPlan, Product, SHIFTED, SLOTS, Shape, TOTAL_BITS, WORD, ZERO_LOG2,
};
use crate::engine::{Backend, Corners, GroupSummary, ModelSummary, Moments, Prepared, Stopped, Summary};

/// The reference backend.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

impl Backend for Scalar {
    fn run_block(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        let mut summary = Summary::empty(plan, draws.clone());
        for draw in draws {
            if !progress(1) {
                return Err(Stopped::Interrupted);
            }
            one_draw(plan, seed, draw, &mut summary);
        }
        summary.finish(plan);
        Ok(summary)
    }

    fn corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Corners, Stopped> {
        let n = draws.end - draws.start;
        let corners = corners::define(prepared.plan, prepared.design, seed, draws);
        if progress(n) { Ok(corners) } else { Err(Stopped::Interrupted) }
    }
}

fn one_draw(plan: Block<'_>, seed: u64, draw: u64, summary: &mut Summary) {
    let at = (draw - summary.draws.start) as usize;
    let cells: Vec<i32> = plan.cells.iter().map(|c| c.log(plan, seed, draw)).collect();
    let mut groups = vec![[0u64; 2]; plan.groups.len()];
    for (model, own) in plan.models.iter().zip(&mut summary.models) {
        let factors = Factors::draw(plan, model, &cells, seed, draw);
        for (o, output) in plan.outputs.iter().enumerate() {
            let Some(y) = factors.log(model.products_of(o)) else { continue };
            if output.kept {
                add(&mut summary.totals[o][at], y, output.unit);
            }
            for &g in &model.groups {
                let (units, sums) = (&plan.groups[g as usize], &mut groups[g as usize]);
                if o == plan.headline {
                    add(&mut sums[0], y, units.headline.unit);
                }
                if plan.is_denominator(o) {
                    add(&mut sums[1], y, units.denominator.unit);
                }
            }
            if o == plan.headline && plan.has_independent {
                let y = factors.independent_log(plan, model, model.products_of(o), &cells, seed, draw);
                add(&mut summary.totals[plan.independent()][at], y, output.unit);
            }
        }
        factors.summarise(plan, model, own);
    }
    for ((group, sums), units) in summary.groups.iter_mut().zip(groups).zip(&plan.groups) {
        match group {
            GroupSummary::Kept { headline, denominator } => {
                headline[at] = sums[0];
                denominator[at] = sums[1];
            }
            GroupSummary::Binned { headline } => headline.add_count(sums[0], &units.headline),
        }
    }
}

fn add(total: &mut u64, y: i32, unit: i32) {
    *total = (*total + capped_count(exp2::fraction(y), y, unit, TOTAL_BITS)).min(CEILING);
}

impl plan::Cell {
    /// The sum of the shared effects' logarithms in one draw.
    pub fn log(&self, plan: Block<'_>, seed: u64, draw: u64) -> i32 {
        self.parts
            .iter()
            .map(|&(effect, scale)| {
                let stream = Stream::new(seed, Domain::Shared, 0, plan.effects[effect as usize]);
                affine(scale, inverse_normal(stream.words(draw)[0]))
            })
            .fold(0, i32::wrapping_add)
    }
}

/// The logarithms of one model's factors in one draw.
struct Factors {
    logs: [i32; SLOTS],
    /// What they are made of, shared effects excluded.
    own: [i32; SLOTS],
    zeros: u16,
}

impl Factors {
    fn draw(plan: Block<'_>, model: &ModelPlan, cells: &[i32], seed: u64, draw: u64) -> Factors {
        let mut factors = Factors { logs: [0; SLOTS], own: [0; SLOTS], zeros: 0 };
        for s in 0..SLOTS {
            let own = own_part(plan, model, s, Domain::Own, seed, draw);
            let shared = model.cells[s].map_or(0, |c| cells[c as usize]);
            let log = with_shared(plan, model, s, own, shared);
            let alone = if model.marginals[s].is_joint() { log } else { own };
            if alone == ZERO_LOG2 && model.zeros >> s & 1 == 1 {
                factors.zeros |= 1 << s;
            }
            (factors.own[s], factors.logs[s]) = (own, log);
        }
        factors
    }

    /// The logarithm of a sum of products; `None` of none.
    fn log(&self, products: &[Product]) -> Option<i32> {
        products.iter().map(|product| self.log_of(product)).reduce(log_sum)
    }

    fn log_of(&self, product: &Product) -> i32 {
        (0..SLOTS).fold(product.loc, |y, s| y.wrapping_add(i32::from(product.signs[s]).wrapping_mul(self.logs[s])))
    }

    /// The same with the shared effects replaced by ones of the model's own.
    fn independent_log(
        &self,
        plan: Block<'_>,
        model: &ModelPlan,
        products: &[Product],
        cells: &[i32],
        seed: u64,
        draw: u64,
    ) -> i32 {
        let words = Stream::new(seed, Domain::Independent, 0, model.key).words(draw);
        let of = |product: &Product| {
            let mut y = self.log_of(product);
            if !model.shares(product) {
                return y;
            }
            for s in (0..SLOTS).filter(|&s| s != SHIFTED) {
                let shared = model.cells[s].map_or(0, |c| cells[c as usize]);
                let less = match model.marginals[s] {
                    Marginal::Bounded { .. } => {
                        let separate = affine(model.independent_bounded_scale, inverse_normal(words[2]));
                        self.logs[s].wrapping_sub(with_shared(plan, model, s, self.own[s], separate))
                    }
                    // The own normal is one that no other model shares.
                    Marginal::Ranked { shape, .. } => self.logs[s].wrapping_sub(shaped(plan, shape, self.own[s])),
                    _ => shared,
                };
                y = y.wrapping_sub(i32::from(product.signs[s]).wrapping_mul(less));
            }
            y = y.wrapping_add(affine(model.independent_scale, inverse_normal(words[0])));
            if model.independent_with_bounded != 0 {
                y = y.wrapping_add(affine(model.independent_with_bounded, inverse_normal(words[2])));
            }
            if model.independent_shifted_scale != 0 {
                let shared = affine(model.independent_shifted_scale, inverse_normal(words[1]));
                let shifted = with_shared(plan, model, SHIFTED, self.own[SHIFTED], shared);
                y = y.wrapping_add(i32::from(product.signs[SHIFTED]) * (shifted - self.logs[SHIFTED]));
            }
            y
        };
        products.iter().map(of).reduce(log_sum).unwrap_or(ZERO_LOG2)
    }

    fn summarise(&self, plan: Block<'_>, model: &ModelPlan, own: &mut ModelSummary) {
        let value = |output: usize| {
            let products = model.products_of(output);
            self.log(products).filter(|_| !model.is_zero(products, self.zeros))
        };
        let headline = value(plan.headline);
        match headline {
            Some(y) => own.headline.add(y, &model.headline),
            None => own.headline.zeros += 1,
        }
        match (headline, plan.denominator.and_then(value)) {
            (Some(y), Some(under)) => own.ratio.add(y.wrapping_sub(under), &model.ratio),
            (None, Some(_)) => own.ratio.zeros += 1,
            (_, None) => own.ratio.undefined += 1,
        }
    }
}

/// The logarithm of one factor of a model in one draw, without shared effects; its standard normal where they act on
/// that.
pub(super) fn own_part(plan: Block<'_>, model: &ModelPlan, slot: usize, domain: Domain, seed: u64, draw: u64) -> i32 {
    let word = WORD[slot];
    let z = || inverse_normal(Stream::new(seed, domain, (word / 4) as u16, model.key).words(draw)[word % 4]);
    match model.marginals[slot] {
        Marginal::None | Marginal::OnePlusConstant { .. } => 0,
        Marginal::Affine { scale } | Marginal::OnePlusAffine { scale, .. } => affine(scale, z()),
        Marginal::Table { table } | Marginal::OnePlusTable { table, .. } => plan.tables[table as usize].value(z()),
        Marginal::Bounded { .. } | Marginal::Ranked { .. } => z(),
        Marginal::Gate { threshold, above } => gate(threshold, above, z()),
    }
}

/// The logarithm of a factor from [`own_part`] and the sum of the shared effects on it.
pub(super) fn with_shared(plan: Block<'_>, model: &ModelPlan, slot: usize, own: i32, shared: i32) -> i32 {
    match model.marginals[slot] {
        Marginal::Bounded { scale, limit } => Bound::new(scale, limit).log(own, shared),
        Marginal::Ranked { own: left, shape } => shaped(plan, shape, ranked(left, own, shared)),
        marginal => match marginal.one_plus() {
            Some(loc) => one_plus(own.wrapping_add(loc).wrapping_add(shared)),
            None => own.wrapping_add(shared),
        },
    }
}

fn shaped(plan: Block<'_>, shape: Shape, z: i32) -> i32 {
    match shape {
        Shape::Affine { scale } => affine(scale, z),
        Shape::Table { table } => plan.tables[table as usize].value(z),
    }
}

impl Moments {
    /// Adds one value given as its logarithm.
    fn add(&mut self, y: i32, range: &plan::Range) {
        let x = capped_count(exp2::fraction(y), y, range.unit, MODEL_BITS);
        self.sum += u128::from(x);
        self.sum_sq += u128::from(x) * u128::from(x);
        self.saturated += u64::from(range.saturable && x == 1 << MODEL_BITS);
        if let Some(bin) = self.bins.get_mut(range.bin(y) as usize) {
            *bin += 1;
        }
    }
}
