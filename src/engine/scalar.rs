//! The engine written draw by draw and model by model: slow, and the definition of every number.
//!
//! [`Cpu`](super::Cpu) and any other backend must give the same [`Summary`] to the last bit.

use std::ops::Range;

use super::accumulate::{CEILING, capped_count};
use super::inverse_normal::inverse_normal;
use super::marginal::affine;
use super::one_plus::one_plus;
use super::philox::{Domain, Stream};
use super::{Backend, Corners, GroupSummary, ModelSummary, Moments, Prepared, Stopped, Summary, corners, exp2};
use crate::assess::{Output, SLOTS, Slot};
use crate::plan::{self, INDEPENDENT, MODEL_BITS, Marginal, ModelPlan, Plan, TOTAL_BITS, TermPlan, ZERO_LOG2};

/// The reference backend.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

impl Backend for Scalar {
    fn run(
        &self,
        plan: &Plan,
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
        summary.count_saturated();
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

fn one_draw(plan: &Plan, seed: u64, draw: u64, summary: &mut Summary) {
    let at = (draw - summary.draws.start) as usize;
    let cells: Vec<i32> = plan.cells.iter().map(|c| c.log(plan, seed, draw)).collect();
    let mut groups = vec![[0u64; 2]; plan.groups.len()];
    for (model, own) in plan.models.iter().zip(&mut summary.models) {
        let factors = Factors::draw(plan, model, &cells, seed, draw);
        for output in Output::ALL {
            let Some(term) = &model.terms[output as usize] else { continue };
            let y = factors.log(term);
            let o = output as usize;
            add(&mut summary.totals[o][at], y, plan.total_units[o]);
            for &g in &model.groups {
                let (units, sums) = (&plan.groups[g as usize], &mut groups[g as usize]);
                match output {
                    Output::Emissions => add(&mut sums[0], y, units.emissions.unit),
                    Output::Compute => add(&mut sums[1], y, units.compute.unit),
                    Output::ItEnergy | Output::Energy => {}
                }
            }
            if output == Output::Emissions {
                let separate = || factors.independent_log(model, term, &cells, seed, draw);
                let y = if plan.has_independent { separate() } else { y };
                add(&mut summary.totals[INDEPENDENT][at], y, plan.total_units[INDEPENDENT]);
            }
        }
        factors.summarise(model, own);
    }
    for ((group, sums), units) in summary.groups.iter_mut().zip(groups).zip(&plan.groups) {
        match group {
            GroupSummary::Kept { emissions, compute } => {
                emissions[at] = sums[0];
                compute[at] = sums[1];
            }
            GroupSummary::Binned { emissions } => emissions.add_count(sums[0], &units.emissions),
        }
    }
}

fn add(total: &mut u64, y: i32, unit: i32) {
    *total = (*total + capped_count(exp2::fraction(y), y, unit, TOTAL_BITS)).min(CEILING);
}

impl plan::Cell {
    /// The sum of the shared effects' logarithms in one draw.
    pub fn log(&self, plan: &Plan, seed: u64, draw: u64) -> i32 {
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
    /// log2 of PUE − 1 before shared effects, where that is what is sampled.
    pue_own: i32,
    zeros: u8,
}

impl Factors {
    fn draw(plan: &Plan, model: &ModelPlan, cells: &[i32], seed: u64, draw: u64) -> Factors {
        let mut factors = Factors { logs: [0; SLOTS], pue_own: 0, zeros: 0 };
        for s in 0..SLOTS {
            let words = Stream::new(seed, Domain::Own, (s / 4) as u16, model.key).words(draw);
            let z = inverse_normal(words[s % 4]);
            let own = match model.marginals[s] {
                Marginal::None | Marginal::OnePlusConstant { .. } => 0,
                Marginal::Affine { scale } | Marginal::OnePlusAffine { scale, .. } => affine(scale, z),
                Marginal::Table { table } | Marginal::OnePlusTable { table, .. } => {
                    plan.tables[table as usize].value(z)
                }
            };
            if own == ZERO_LOG2 && model.zeros >> s & 1 == 1 {
                factors.zeros |= 1 << s;
            }
            let shared = model.cells[s].map_or(0, |c| cells[c as usize]);
            factors.logs[s] = match model.marginals[s].one_plus() {
                Some(loc) => {
                    factors.pue_own = own.wrapping_add(loc);
                    one_plus(factors.pue_own.wrapping_add(shared))
                }
                None => own.wrapping_add(shared),
            };
        }
        factors
    }

    fn log(&self, term: &TermPlan) -> i32 {
        (0..SLOTS).fold(term.loc, |y, s| y.wrapping_add(i32::from(term.signs[s]).wrapping_mul(self.logs[s])))
    }

    /// The emissions' logarithm with the shared effects replaced by ones of the model's own.
    fn independent_log(&self, model: &ModelPlan, term: &TermPlan, cells: &[i32], seed: u64, draw: u64) -> i32 {
        const PUE: usize = Slot::Pue as usize;
        let words = Stream::new(seed, Domain::Independent, 0, model.key).words(draw);
        let mut y = self.log(term);
        for s in (0..SLOTS).filter(|&s| s != PUE) {
            let shared = model.cells[s].map_or(0, |c| cells[c as usize]);
            y = y.wrapping_sub(i32::from(term.signs[s]).wrapping_mul(shared));
        }
        y = y.wrapping_add(affine(model.independent_scale, inverse_normal(words[0])));
        if model.independent_pue_scale != 0 {
            let shared = affine(model.independent_pue_scale, inverse_normal(words[1]));
            let pue = one_plus(self.pue_own.wrapping_add(shared));
            y = y.wrapping_add(i32::from(term.signs[PUE]) * (pue - self.logs[PUE]));
        }
        y
    }

    fn summarise(&self, model: &ModelPlan, own: &mut ModelSummary) {
        match &model.terms[Output::Emissions as usize] {
            Some(term) if self.zeros & model.zeros_of(term) == 0 => own.emissions.add(self.log(term), &model.emissions),
            _ => own.emissions.zeros += 1,
        }
        match &model.terms[Output::Compute as usize] {
            Some(compute) if self.zeros & model.zeros_of(compute) == 0 => match model.atci_term() {
                Some(atci) if self.zeros & model.zeros_of(&atci) == 0 => own.atci.add(self.log(&atci), &model.atci),
                _ => own.atci.zeros += 1,
            },
            _ => own.atci.undefined += 1,
        }
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
