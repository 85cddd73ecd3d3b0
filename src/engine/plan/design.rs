//! A pick-freeze design: which group every random input belongs to, and at which corners the totals are evaluated.
//!
//! Each draw has two independent samples, A (the one that a plain run draws) and B. At a corner the inputs of some
//! groups come from A and those of the others from B; bit g of a corner is set where group g comes from A. With the
//! totals at all 2^G corners every variance-based index of the groups can be formed; with more groups than six, those at
//! A, B and all of one from the other. References: Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6; Saltelli et al.
//! 2010, doi:10.1016/j.cpc.2009.09.018.

use super::{Block, ModelPlan, SLOTS, WORD, WORDS};

/// Groups of a design at most.
pub const MAX_GROUPS: usize = 64;
/// Groups of a full cube at most.
pub const MAX_CUBE: usize = 6;

/// Groups and corners for one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    /// How many groups there are.
    pub groups: usize,
    /// By model, by random word: the group of the factors that it drives.
    pub own: Vec<[u8; WORDS]>,
    /// By shared effect.
    pub effects: Vec<u8>,
    /// In the order of the results.
    pub corners: Vec<u64>,
    /// By output of the plan: whether it is evaluated.
    pub outputs: Vec<bool>,
}

/// Which of the two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The first, which a plain run draws.
    A,
    /// The second, independent of it.
    B,
}

impl Sample {
    /// Of a group at a corner.
    pub fn at(corner: u64, group: u8) -> Sample {
        if corner >> group & 1 == 1 { Sample::A } else { Sample::B }
    }
}

impl Design {
    /// All corners of at most [`MAX_CUBE`] groups, so that the corner's number is its bits.
    pub fn cube(groups: usize, own: Vec<[u8; WORDS]>, effects: Vec<u8>, outputs: Vec<bool>) -> Design {
        debug_assert!(groups <= MAX_CUBE);
        Design { groups, own, effects, corners: (0..1 << groups).collect(), outputs }
    }

    /// A, B, then for every group all of it from B and the rest from A, and the other way round.
    pub fn pairs(groups: usize, own: Vec<[u8; WORDS]>, effects: Vec<u8>, outputs: Vec<bool>) -> Design {
        debug_assert!(groups <= MAX_GROUPS);
        let all = u64::MAX >> (64 - groups.clamp(1, MAX_GROUPS));
        let each = (0..groups).flat_map(|g| [all & !(1 << g), 1 << g]);
        Design { groups, own, effects, corners: [all, 0].into_iter().chain(each).collect(), outputs }
    }

    /// The group of a model's own factor in a slot.
    pub fn group(&self, model: usize, slot: usize) -> u8 {
        self.own[model][WORD[slot]]
    }

    /// The groups that bear on an output of one model, as bits.
    pub fn influence(&self, plan: Block<'_>, model: usize, output: usize) -> u64 {
        let of = &plan.models[model];
        let products = of.products_of(output);
        let mut bits = 0;
        for s in (0..SLOTS).filter(|&s| products.iter().any(|p| p.signs[s] != 0)) {
            if of.marginals[s].is_random() {
                bits |= 1 << self.group(model, s);
            }
            bits |= self.of_cell(plan, of, s);
        }
        bits
    }

    /// The groups of the shared effects on one factor, as bits.
    pub fn of_cell(&self, plan: Block<'_>, model: &ModelPlan, slot: usize) -> u64 {
        let parts = model.cells[slot].map_or(&[][..], |c| &plan.cells[c as usize].parts);
        parts.iter().fold(0, |bits, &(effect, _)| bits | 1 << self.effects[effect as usize])
    }

    /// For every output the corners that differ on it; none for an output that is not evaluated.
    pub fn distinct(&self, plan: Block<'_>) -> Vec<Distinct> {
        let of = |o: usize| {
            if !self.outputs.get(o).is_some_and(|&evaluated| evaluated) {
                return Distinct { corners: vec![], of_corner: vec![] };
            }
            let influence = (0..plan.models.len()).fold(0, |bits, m| bits | self.influence(plan, m, o));
            let mut corners: Vec<u64> = vec![];
            let index = |&corner: &u64| {
                let corner = corner & influence;
                corners.iter().position(|&c| c == corner).unwrap_or_else(|| {
                    corners.push(corner);
                    corners.len() - 1
                })
            };
            let of_corner = self.corners.iter().map(index).collect();
            Distinct { corners, of_corner }
        };
        (0..plan.outputs.len()).map(of).collect()
    }

    /// The groups of a factor that is a function of its own part and of the shared effects together (the shifted one,
    /// where both are added within log2(1 + 2^y), a bounded one, a ranked one), as bits; `None` for another.
    pub fn joint(&self, plan: Block<'_>, model: usize, slot: usize) -> Option<u64> {
        let of = &plan.models[model];
        let marginal = &of.marginals[slot];
        if marginal.one_plus().is_none() && !marginal.is_joint() {
            return None;
        }
        let own = if marginal.is_random() { 1 << self.group(model, slot) } else { 0 };
        Some(own | self.of_cell(plan, of, slot))
    }
}

/// The corners that differ on one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    /// Without the groups that do not bear on the output.
    pub corners: Vec<u64>,
    /// By corner of the design.
    pub of_corner: Vec<usize>,
}
