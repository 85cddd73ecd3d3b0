//! How one factor's logarithm comes from its standard normal.

use serde::{Deserialize, Serialize};

/// A factor of a model, without its shared effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marginal {
    /// No random input in this slot (log2 = 0; a constant is in the products' `loc`).
    None,
    /// `scale · z`, Q5.26 scale; the median is in the products' `loc`.
    Affine {
        /// Octaves per standard deviation, Q5.26.
        scale: i32,
    },
    /// Value of `Header::tables[table]` at z, relative to a reference that is in the products' `loc`.
    Table {
        /// Index into the header's tables.
        table: u32,
    },
    /// Slot [`super::SHIFTED`] only: `log2(1 + 2^y)` of `y = loc + scale·z + shared`.
    OnePlusAffine {
        /// log2 of the median of X, Q9.22.
        loc: i32,
        /// Octaves per standard deviation, Q5.26.
        scale: i32,
    },
    /// Slot [`super::SHIFTED`] only: `log2(1 + 2^y)` of `y = loc + table(z) + shared`.
    OnePlusTable {
        /// log2 of what the table is relative to, Q9.22.
        loc: i32,
        /// Index into the header's tables.
        table: u32,
    },
    /// Slot [`super::SHIFTED`] only: `log2(1 + 2^y)` of `y = loc + shared`.
    OnePlusConstant {
        /// log2 of X, Q9.22.
        loc: i32,
    },
    /// Slot [`super::BOUNDED`] only: `scale · z' + shared`, held at `limit`, where z' is z cut so that the sum stays below
    /// the limit (`draw::bounded`).
    Bounded {
        /// Octaves per own standard deviation, Q5.26, above 0.
        scale: i32,
        /// log2 of the bound over the own median, Q9.22.
        limit: i32,
    },
    /// `shape` at `own · z + shared`: shared effects act on the standard normal. The cell's scales are in Q1.30 of a
    /// standard normal and not octaves. Any slot but [`super::SHIFTED`].
    Ranked {
        /// What is left of the factor's own normal, `sqrt(1 − Σ scale²)` in Q1.30.
        own: i32,
        /// The factor at a standard normal.
        shape: Shape,
    },
    /// A gate: 1 where z (Q3.28) is below `threshold`, else 0; with `above` the other way round.
    Gate {
        /// In Q3.28.
        threshold: i32,
        /// Whether it is 1 above the threshold, and not below.
        above: bool,
    },
}

/// A marginal that is a function of one standard normal, by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// As [`Marginal::Affine`].
    Affine {
        /// Octaves per standard deviation, Q5.26.
        scale: i32,
    },
    /// As [`Marginal::Table`].
    Table {
        /// Index into the header's tables.
        table: u32,
    },
}

impl Marginal {
    /// Whether its logarithm is not the sum of its own and of the shared effects' logarithms: it is a function of the
    /// standard normal and of the shared part, outside the slot that is sampled as 1 + X.
    pub fn is_joint(&self) -> bool {
        matches!(self, Marginal::Bounded { .. } | Marginal::Ranked { .. })
    }

    /// Whether a standard normal of the model's own is drawn for it.
    pub fn is_random(&self) -> bool {
        !matches!(self, Marginal::None | Marginal::OnePlusConstant { .. })
    }

    /// The index of its table, if it has one.
    pub fn table_mut(&mut self) -> Option<&mut u32> {
        match self {
            Marginal::Table { table }
            | Marginal::OnePlusTable { table, .. }
            | Marginal::Ranked { shape: Shape::Table { table }, .. } => Some(table),
            Marginal::None
            | Marginal::Affine { .. }
            | Marginal::OnePlusAffine { .. }
            | Marginal::OnePlusConstant { .. }
            | Marginal::Bounded { .. }
            | Marginal::Ranked { shape: Shape::Affine { .. }, .. }
            | Marginal::Gate { .. } => None,
        }
    }

    /// The location of log2 X, where 1 + X is what is sampled.
    pub fn one_plus(&self) -> Option<i32> {
        match *self {
            Marginal::OnePlusAffine { loc, .. }
            | Marginal::OnePlusTable { loc, .. }
            | Marginal::OnePlusConstant { loc } => Some(loc),
            Marginal::None
            | Marginal::Affine { .. }
            | Marginal::Table { .. }
            | Marginal::Bounded { .. }
            | Marginal::Ranked { .. }
            | Marginal::Gate { .. } => None,
        }
    }
}
