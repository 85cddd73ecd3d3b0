//! What the engine draws from: flat arrays of integers, no names, no I/O, hashable.
//!
//! A [`Plan`] is a [`Header`] (units, tables, shared effects, groups) and models, which the engine takes in [`Block`]s.
//! Every model has random factors in [`SLOTS`] slots and outputs that are sums of a few products of them. `model` has one
//! model's numbers, `marginal` how a factor comes from its standard normal, `table` compiles a marginal, `range` chooses the
//! power-of-two units, `error` bounds what the integers cost, `hash` fingerprints the plan, `design` groups its random
//! inputs for a sensitivity analysis.
//!
//! Fixed-point formats: standard normals are Q3.28 in `i32`; base-2 logarithms are Q9.22 in `i32`; scales (octaves
//! per standard deviation) are Q5.26 in `i32`.
//!
//! ```
//! use carbonhaze::engine::plan::hash::plan_hash;
//! use carbonhaze::engine::plan::{Header, Marginal, ModelPlan, OutputPlan, Plan, Product, Range, SLOTS};
//!
//! // The area of a field: length × width, each lognormal.
//! let range = Range { unit: -40, saturable: true, bins_lo: -20 << 22, bin_scale: 100_000 };
//! let side = Marginal::Affine { scale: 1 << 23 };
//! let mut field = ModelPlan {
//!     key: 1,
//!     marginals: [Marginal::None; SLOTS],
//!     cells: [None; SLOTS],
//!     products: vec![Product { output: 0, loc: 0, signs: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
//!     independent_scale: 0,
//!     independent_shifted_scale: 0,
//!     independent_bounded_scale: 0,
//!     independent_with_bounded: 0,
//!     headline: range,
//!     ratio: range,
//!     groups: vec![],
//!     zeros: 0,
//! };
//! (field.marginals[0], field.marginals[1]) = (side, side);
//! let header = Header {
//!     tables: vec![],
//!     effects: vec![],
//!     cells: vec![],
//!     outputs: vec![OutputPlan { unit: -40, kept: true }],
//!     headline: 0,
//!     denominator: None,
//!     has_independent: false,
//!     saturable: true,
//!     binned: true,
//!     groups: vec![],
//!     ratio_shift: 0,
//! };
//! let plan = Plan::new(header, vec![field]);
//!
//! // What is drawn depends on these numbers and nothing else: another number is another plan.
//! let mut larger = plan.models.clone();
//! larger[0].products[0].loc += 1;
//! assert_ne!(plan_hash(&Plan::new(plan.header.clone(), larger)), plan_hash(&plan));
//! ```

pub mod by_hash;
pub mod design;
pub mod error;
pub mod hash;
pub mod marginal;
pub mod model;
pub mod only;
pub mod range;
pub mod table;

use std::collections::HashMap;
use std::ops::{self, Deref};
use std::sync::Arc;

use foldhash::fast::FixedState;

pub use marginal::{Marginal, Shape};
pub use model::{ModelPlan, Product};
pub use range::Range;

/// Fraction bits of a base-2 logarithm.
pub const LOG2_BITS: u32 = 22;
/// Fraction bits of a standard normal.
pub const Z_BITS: u32 = 28;
/// Fraction bits of a scale in octaves per standard deviation.
pub const SCALE_BITS: u32 = 26;
/// What a marginal gives for an exact zero: so many octaves below anything that counts that the product rounds to 0.
pub const ZERO_LOG2: i32 = -80 << LOG2_BITS;
/// Totals per draw are planned to stay below 2^53.
pub const TOTAL_BITS: u32 = 53;
/// Single models' values are planned to stay below 2^48.
pub const MODEL_BITS: u32 = 48;
/// Groups whose totals are kept draw by draw; later ones are summed and binned like single models.
pub const KEPT_GROUPS: usize = 32;
/// Bins of log2 per single model, of its headline and of its ratio.
pub const BINS: usize = 1024;
/// Models that are drawn and finished together where memory is not to grow with the models.
pub const BLOCK_MODELS: usize = 4096;
/// Portfolios of more models with groups that are not kept draw by draw, which cannot be drawn in blocks, keep no bins for
/// single models, which would take 16 KiB each: their mean and standard deviation are reported, and no quantiles.
pub const MAX_BINNED_MODELS: usize = 250_000;

/// Random factors of a model at most.
pub const SLOTS: usize = 12;
/// Random words of a model: slots that read the same word depend on the same uncertain fact.
pub const WORDS: usize = 10;
/// Which word each slot reads. Slot 9 is a second reading of the fact of slot 5; slots 10 and 11 read one word, so that
/// two complementary gates in them choose between two products.
pub const WORD: [usize; SLOTS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 5, 9, 9];
/// The only slot whose factor may be sampled as 1 + X, shared effects acting on X.
pub const SHIFTED: usize = 2;
/// The only slot whose factor may have a bound that holds with its shared effects.
pub const BOUNDED: usize = 0;
/// Outputs of a plan at most.
pub const MAX_OUTPUTS: usize = 12;
/// Products that an output of one model is the sum of, at most.
pub const MAX_PRODUCTS: usize = 4;

/// What all models of a plan have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Distributions that are no lognormals, by shape.
    pub tables: Vec<Arc<table::Table>>,
    /// Key of each shared standard normal.
    pub effects: Vec<u64>,
    /// Distinct sums of shared effects; models refer to them by index.
    pub cells: Vec<Cell>,
    /// At most [`MAX_OUTPUTS`].
    pub outputs: Vec<OutputPlan>,
    /// The output that single models and groups are summarised for, by index.
    pub headline: usize,
    /// The output that the headline is divided by, draw by draw; without one no ratio is formed.
    pub denominator: Option<usize>,
    /// Whether some model's headline depends on a shared effect, and the headline with independent effects is asked for; if
    /// not, the headline stands in its place.
    pub has_independent: bool,
    /// Whether some draw could pass the ceiling of a total or group (then additions saturate and are counted).
    pub saturable: bool,
    /// Whether single models' values are binned.
    pub binned: bool,
    /// Groups of models that are summarised as well, by index in [`ModelPlan::groups`].
    pub groups: Vec<GroupPlan>,
    /// The ratio per draw is `⌊headline·2^k/denominator⌋` (counts), `k` in `0..=64` chosen so that it stays below 2^53
    /// where possible.
    pub ratio_shift: u32,
}

/// One output of all models together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputPlan {
    /// A count of 1 of the total is `2^unit` in the output's unit.
    pub unit: i32,
    /// Whether its total is kept, draw by draw. One that is not kept is drawn only if it has a role.
    pub kept: bool,
}

/// A sum of shared effects: `Σ scale · z(effect)`, each product rounded down in Q9.22 (in Q5.26 of a standard normal where a
/// ranked factor's scales are in Q1.30).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cell {
    /// (index into `Header::effects`, Q5.26 scale), sorted by effect.
    pub parts: Vec<(u32, i32)>,
}

/// Units of one group's totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlan {
    /// Of the group's headline.
    pub headline: Range,
    /// Of its denominator.
    pub denominator: Range,
    /// As [`Header::ratio_shift`].
    pub ratio_shift: u32,
}

impl Header {
    /// Columns of per-draw totals: the outputs, then the headline with independent effects.
    pub fn columns(&self) -> usize {
        self.outputs.len() + 1
    }

    /// The column of the headline with independent effects.
    pub fn independent(&self) -> usize {
        self.outputs.len()
    }

    /// The unit of a column.
    pub fn unit(&self, column: usize) -> i32 {
        self.outputs.get(column).map_or(self.outputs[self.headline].unit, |o| o.unit)
    }

    /// Whether a column is kept.
    pub fn keeps(&self, column: usize) -> bool {
        self.outputs.get(column).is_none_or(|o| o.kept)
    }

    /// Whether an output is the one that the headline is divided by.
    pub fn is_denominator(&self, output: usize) -> bool {
        self.denominator == Some(output)
    }

    /// Groups whose totals are kept draw by draw.
    pub fn kept_groups(&self) -> usize {
        self.groups.len().min(KEPT_GROUPS)
    }
}

/// A header and its models. Model order is by id; results do not depend on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the models have in common.
    pub header: Header,
    /// One by one.
    pub models: Vec<ModelPlan>,
    /// Models in a block; 0 for all in one.
    pub block: usize,
}

impl Deref for Plan {
    type Target = Header;

    fn deref(&self) -> &Header {
        &self.header
    }
}

impl Plan {
    /// All models in one block.
    pub fn new(header: Header, models: Vec<ModelPlan>) -> Plan {
        Plan { header, models, block: 0 }
    }

    /// All models as one block.
    pub fn whole(&self) -> Block<'_> {
        Block { header: &self.header, models: &self.models }
    }

    /// The models of each block, by index, in order. A plan without models has one empty block, and so has one with groups
    /// that are not kept draw by draw, whose totals are gone once a block is finished.
    pub fn blocks(&self) -> impl Iterator<Item = ops::Range<usize>> {
        let whole = self.block == 0 || self.groups.len() > KEPT_GROUPS;
        let size = if whole { self.models.len() } else { self.block }.max(1);
        let count = self.models.len().div_ceil(size).max(1);
        (0..count).map(move |b| b * size..self.models.len().min((b + 1) * size))
    }

    /// Consecutive models as a plan of their own, in the units of the whole, with the tables and shared effects that they
    /// depend on.
    pub fn part(&self, models: ops::Range<usize>) -> Plan {
        self.header.part(self.models[models].to_vec())
    }
}

impl Header {
    /// Some of the models as a plan of their own, in the units of the whole, with the tables and shared effects that they
    /// depend on.
    pub fn part(&self, mut models: Vec<ModelPlan>) -> Plan {
        let (mut tables, mut cells, mut effects) = (Used::default(), Used::default(), Used::default());
        for model in &mut models {
            model.cells.iter_mut().flatten().for_each(|cell| *cell = cells.place(*cell));
            model.marginals.iter_mut().filter_map(Marginal::table_mut).for_each(|table| *table = tables.place(*table));
        }
        let mut cell = |cell: &Cell| {
            let mut parts: Vec<(u32, i32)> = cell.parts.iter().map(|&(e, scale)| (effects.place(e), scale)).collect();
            parts.sort_unstable();
            Cell { parts }
        };
        let cells = cells.of(&self.cells).map(&mut cell).collect();
        let header = Header {
            cells,
            tables: tables.of(&self.tables).cloned().collect(),
            effects: effects.of(&self.effects).copied().collect(),
            outputs: self.outputs.clone(),
            groups: self.groups.clone(),
            ..*self
        };
        Plan::new(header, models)
    }
}

/// What of a list is used, in the order of first use.
#[derive(Default)]
struct Used {
    places: HashMap<u32, u32, FixedState>,
    order: Vec<u32>,
}

impl Used {
    /// The place of an entry among those that are used.
    fn place(&mut self, entry: u32) -> u32 {
        let next = self.order.len() as u32;
        let place = *self.places.entry(entry).or_insert(next);
        if place == next {
            self.order.push(entry);
        }
        place
    }

    /// What is used of the list.
    fn of<'l, T>(&self, list: &'l [T]) -> impl Iterator<Item = &'l T> {
        self.order.iter().filter_map(|&entry| list.get(entry as usize))
    }
}

/// Consecutive models of a plan: what a backend draws at a time.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// That of the whole plan.
    pub header: &'a Header,
    /// Those of the block.
    pub models: &'a [ModelPlan],
}

impl Deref for Block<'_> {
    type Target = Header;

    fn deref(&self) -> &Header {
        self.header
    }
}
