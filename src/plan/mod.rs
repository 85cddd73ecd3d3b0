//! The compiled exact numbers: flat arrays of integers, no names, no I/O, hashable.
//!
//! `compile` turns an [`crate::assess::Assessment`] into a [`Plan`]; `quantile` and `moments` know the distributions;
//! `table` compiles a marginal; `range` chooses the power-of-two units; `hash` fingerprints the plan.
//!
//! Fixed-point formats: standard normals are Q3.28 in `i32`; base-2 logarithms are Q9.22 in `i32`; scales (octaves
//! per standard deviation) are Q5.26 in `i32`.

use std::sync::Arc;

use crate::assess::{OUTPUTS, Output, SLOTS};

/// Fraction bits of a base-2 logarithm.
pub const LOG2_BITS: u32 = 22;
/// Fraction bits of a standard normal.
pub const Z_BITS: u32 = 28;
/// Fraction bits of a scale in octaves per standard deviation.
pub const SCALE_BITS: u32 = 26;
/// What a marginal gives for an exact zero: so many octaves below anything that counts that the term rounds to 0.
pub const ZERO_LOG2: i32 = -80 << LOG2_BITS;
/// Totals per draw are planned to stay below 2^53.
pub const TOTAL_BITS: u32 = 53;
/// Single models' values are planned to stay below 2^48.
pub const MODEL_BITS: u32 = 48;
/// Groups whose totals are kept draw by draw; later ones are summed and binned like single models.
pub const KEPT_GROUPS: usize = 32;
/// Bins of log2 per single model and output.
pub const BINS: usize = 1024;
/// Portfolios of more models keep no bins for single models, which would take 8 KiB each: they are told their mean and
/// standard deviation, and no quantiles.
pub const MAX_BINNED_MODELS: usize = 250_000;

/// Everything the engine needs. Model order is by id; results do not depend on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub tables: Vec<Arc<table::Table>>,
    /// Key of each shared standard normal.
    pub effects: Vec<u64>,
    /// Distinct sums of shared effects; models refer to them by index.
    pub cells: Vec<Cell>,
    pub models: Vec<ModelPlan>,
    /// Units of the kept totals, by `Total` index: a count of 1 is `2^unit` in the output's unit
    /// (EFLOP, kWh, kWh, t; the fifth is the independent emissions in t).
    pub total_units: [i32; TOTALS],
    /// Whether some model's emissions depend on a shared effect, and the independent emissions are asked for; if not, the
    /// emissions stand in their place.
    pub has_independent: bool,
    /// Whether some draw could pass the ceiling of a total or group (then additions saturate and are counted).
    pub saturable: bool,
    /// Whether single models' values are binned.
    pub binned: bool,
    /// Groups in order of (by, value).
    pub groups: Vec<GroupPlan>,
    /// ATCI per draw is `⌊G·2^k/C⌋` (counts), `k` in `0..=64` chosen so that it stays below 2^53 where possible.
    pub atci_shift: u32,
}

/// Number of kept totals of the whole portfolio: four outputs and the emissions with independent shared effects.
pub const TOTALS: usize = OUTPUTS + 1;
/// Index of the independent emissions among the kept totals.
pub const INDEPENDENT: usize = OUTPUTS;

/// A sum of shared effects: `Σ scale · z(effect)`, each product rounded down in Q9.22.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cell {
    /// (index into `Plan::effects`, Q5.26 scale), sorted by effect.
    pub parts: Vec<(u32, i32)>,
}

/// One model's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPlan {
    /// 64 bits of SHA-256 of the id.
    pub key: u64,
    pub marginals: [Marginal; SLOTS],
    /// Index into `Plan::cells` by slot.
    pub cells: [Option<u32>; SLOTS],
    /// By output; `None` for a true zero.
    pub terms: [Option<TermPlan>; OUTPUTS],
    /// Scale (Q5.26) of the single normal that stands for all shared effects but PUE's in the independent emissions.
    pub independent_scale: i32,
    /// The same for the shared effects on PUE − 1.
    pub independent_pue_scale: i32,
    /// Range of the model's own emissions and ATCI.
    pub emissions: Range,
    pub atci: Range,
    /// Indices into `Plan::groups`.
    pub groups: Vec<u32>,
    /// Bit `s` is set where the marginal of slot `s` can be zero.
    pub zeros: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermPlan {
    /// log2 of the constant in Q9.22 (in the output's unit).
    pub loc: i32,
    pub signs: [i8; SLOTS],
}

/// How one factor's log2 comes from its standard normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marginal {
    /// No random input in this slot (log2 = 0; a constant is in the terms' `loc`).
    None,
    /// `scale · z`, Q5.26 scale; the median is in the terms' `loc`.
    Affine { scale: i32 },
    /// Value of `Plan::tables[table]` at z, relative to a reference that is in the terms' `loc`.
    Table { table: u32 },
    /// PUE only: `log2(1 + 2^y)` of `y = loc + scale·z + shared`.
    OnePlusAffine { loc: i32, scale: i32 },
    /// PUE only: `log2(1 + 2^y)` of `y = loc + table(z) + shared`.
    OnePlusTable { loc: i32, table: u32 },
    /// PUE only: `log2(1 + 2^y)` of `y = loc + shared`.
    OnePlusConstant { loc: i32 },
}

impl Marginal {
    /// Whether a standard normal of the model's own is drawn for it.
    pub fn is_random(&self) -> bool {
        !matches!(self, Marginal::None | Marginal::OnePlusConstant { .. })
    }

    /// The location of log2(PUE − 1), where that is what is sampled.
    pub fn one_plus(&self) -> Option<i32> {
        match *self {
            Marginal::OnePlusAffine { loc, .. }
            | Marginal::OnePlusTable { loc, .. }
            | Marginal::OnePlusConstant { loc } => Some(loc),
            Marginal::None | Marginal::Affine { .. } | Marginal::Table { .. } => None,
        }
    }
}

impl ModelPlan {
    /// The slots (as bits) whose being zero makes the term zero.
    pub fn zeros_of(&self, term: &TermPlan) -> u8 {
        let positive = (0..SLOTS).filter(|&s| term.signs[s] > 0).fold(0, |bits, s| bits | 1 << s);
        self.zeros & positive
    }

    /// Whether any shared effect acts on the term.
    pub fn shares(&self, term: &TermPlan) -> bool {
        (0..SLOTS).any(|s| self.cells[s].is_some() && term.signs[s] != 0)
    }

    /// Emissions per compute; `None` where either is a true zero.
    pub fn atci_term(&self) -> Option<TermPlan> {
        let (emissions, compute) = (self.terms[OUTPUT_EMISSIONS].as_ref()?, self.terms[OUTPUT_COMPUTE].as_ref()?);
        let mut signs = emissions.signs;
        for (sign, c) in signs.iter_mut().zip(compute.signs) {
            *sign -= c;
        }
        Some(TermPlan { loc: emissions.loc - compute.loc, signs })
    }
}

pub const OUTPUT_COMPUTE: usize = Output::Compute as usize;
pub const OUTPUT_EMISSIONS: usize = Output::Emissions as usize;

/// Unit and histogram range of one output of one single model, in that model's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// A count of 1 is `2^unit` in the output's unit; values stay below `2^MODEL_BITS` counts.
    pub unit: i32,
    /// Values could pass the ceiling: they are held there and counted.
    pub saturable: bool,
    /// Lower end of the first bin, log2 in Q9.22 in the output's unit.
    pub bins_lo: i32,
    /// Bins per octave, times 2^10: the bin of `y` is `((y − bins_lo) · bin_scale) >> 32`.
    pub bin_scale: u32,
}

impl Range {
    /// The bin of a log2 in Q9.22; the first and last bin hold what lies beyond them.
    #[inline(always)]
    pub fn bin(&self, y: i32) -> u32 {
        let above = y.max(self.bins_lo).wrapping_sub(self.bins_lo) as u32;
        (((u64::from(above) * u64::from(self.bin_scale)) >> 32) as u32).min(BINS as u32 - 1)
    }

    /// Lower edge of bin `i` (its upper edge is that of `i + 1`): log2 in the output's unit.
    pub fn edge(&self, i: usize) -> f64 {
        let ulps = f64::from(self.bins_lo) + i as f64 * (4_294_967_296.0 / f64::from(self.bin_scale));
        ulps / f64::from(1u32 << LOG2_BITS)
    }
}

/// Units of one group's totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlan {
    pub emissions: Range,
    pub compute: Range,
    pub atci_shift: u32,
}

pub mod compile;
pub mod design;
pub mod error;
pub mod hash;
pub mod key;
pub mod only;
pub mod range;
pub mod shape;
pub mod table;
pub mod tables;
