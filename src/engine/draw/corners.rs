//! Totals at the corners of a pick-freeze design, draw by draw: what they are, and their plain definition.
//!
//! Sample A is the one that a plain run draws, so that the corner where every group comes from A gives the plain totals.
//! The slots, effects and counters of sample B are the same in domains of their own. Everything is an integer, in the
//! plan's units; [`define`] is what the fast paths are tested against.

use std::ops::Range;

use super::accumulate::{CEILING, capped_count};
use super::exp2;
use super::inverse_normal::inverse_normal;
use super::marginal::affine;
use super::one_plus::log_sum;
use super::philox::{Domain, Stream};
use super::scalar::{own_part, with_shared};
use super::summary::NotNeighbours;
use crate::engine::plan::design::{Design, Distinct, Sample};
use crate::engine::plan::{Block, Product, SLOTS, TOTAL_BITS};

/// What a pick-freeze run leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Corners {
    /// Which draws these are.
    pub draws: Range<u64>,
    /// By output: which corners it tells apart.
    pub distinct: Vec<Distinct>,
    /// By output and distinct corner, per draw, in the plan's units.
    pub totals: Vec<Vec<Vec<u64>>>,
}

impl Corners {
    /// Room for these draws, all zero.
    pub fn empty(plan: Block<'_>, design: &Design, draws: Range<u64>) -> Corners {
        let n = (draws.end - draws.start) as usize;
        let distinct = design.distinct(plan);
        let totals = distinct.iter().map(|d| vec![vec![0; n]; d.corners.len()]).collect();
        Corners { draws, distinct, totals }
    }

    /// The totals of an output at a corner of the design.
    pub fn of(&self, output: usize, corner: usize) -> &[u64] {
        &self.totals[output][self.distinct[output].of_corner[corner]]
    }

    /// Both stretches of draws, in either order.
    pub fn merge(self, other: Corners) -> Result<Corners, NotNeighbours> {
        let (mut a, b) = if self.draws.start <= other.draws.start { (self, other) } else { (other, self) };
        if a.draws.end != b.draws.start || a.distinct != b.distinct {
            return Err(NotNeighbours(a.draws, b.draws));
        }
        a.draws.end = b.draws.end;
        for (into, from) in a.totals.iter_mut().flatten().zip(b.totals.iter().flatten()) {
            into.extend_from_slice(from);
        }
        Ok(a)
    }
}

impl Sample {
    /// The random stream of models' own factors.
    pub fn own(self) -> Domain {
        match self {
            Sample::A => Domain::Own,
            Sample::B => Domain::OwnSecond,
        }
    }

    /// The random stream of shared effects.
    pub fn shared(self) -> Domain {
        match self {
            Sample::A => Domain::Shared,
            Sample::B => Domain::SharedSecond,
        }
    }
}

/// The corners' totals written model by model, corner by corner, draw by draw.
pub fn define(plan: Block<'_>, design: &Design, seed: u64, draws: Range<u64>) -> Corners {
    let mut corners = Corners::empty(plan, design, draws.clone());
    for draw in draws.clone() {
        let at = (draw - draws.start) as usize;
        for (m, model) in plan.models.iter().enumerate() {
            for (o, totals) in corners.totals.iter_mut().enumerate() {
                let products = model.products_of(o);
                for (&corner, totals) in corners.distinct[o].corners.iter().zip(totals) {
                    let log = |s: usize| log(plan, design, m, s, corner, seed, draw);
                    let of = |product: &Product| {
                        (0..SLOTS)
                            .filter(|&s| product.signs[s] != 0)
                            .fold(product.loc, |y, s| y.wrapping_add(i32::from(product.signs[s]).wrapping_mul(log(s))))
                    };
                    let Some(y) = products.iter().map(of).reduce(log_sum) else { continue };
                    let count = capped_count(exp2::fraction(y), y, plan.outputs[o].unit, TOTAL_BITS);
                    totals[at] = (totals[at] + count).min(CEILING);
                }
            }
        }
    }
    corners
}

/// The logarithm of one factor at a corner.
fn log(plan: Block<'_>, design: &Design, m: usize, s: usize, corner: u64, seed: u64, draw: u64) -> i32 {
    let model = &plan.models[m];
    let own = own_part(plan, model, s, Sample::at(corner, design.group(m, s)).own(), seed, draw);
    let parts = model.cells[s].map_or(&[][..], |c| &plan.cells[c as usize].parts);
    let shared = parts.iter().fold(0i32, |sum, &(effect, scale)| {
        let sample = Sample::at(corner, design.effects[effect as usize]);
        let stream = Stream::new(seed, sample.shared(), 0, plan.effects[effect as usize]);
        sum.wrapping_add(affine(scale, inverse_normal(stream.words(draw)[0])))
    });
    with_shared(plan, model, s, own, shared)
}
