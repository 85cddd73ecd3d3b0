//! Sobol' indices, Shapley effects and target indices from any outputs: arrays in, indices out.
//!
//! Nothing here knows what is modelled, or of the rest of the engine. A caller evaluates its model on two independent samples A and B of
//! the inputs and on hybrids of both, and gives the outputs:
//!
//! - [`cube`]: all hybrids of up to six groups of inputs; first-order, total, closed indices, interactions, Shapley;
//! - [`pick_freeze`]: two hybrids for each of any number of inputs; first-order and total;
//! - [`rank`]: no hybrids, one sample of a scalar input; first-order;
//! - [`target`]: outputs turned into "exceeds the threshold", for the estimators above.
//!
//! Every index has a standard error and an interval ([`batches`]). Sums are exact ([`exact_sum`]), so draws may come
//! in slabs, in any order, from several threads, and give the same bytes. [`known`] has functions whose indices are
//! known in closed form, with the samples ([`source`]) that the tests draw them from.
//!
//! `docs/sensitivity.md` has the formulas, their sources and the measured coverage of the intervals.

pub mod batches;
pub mod components;
pub mod cube;
pub mod exact_sum;
pub mod known;
pub mod pick_freeze;
pub mod rank;
pub mod source;
pub mod target;

use serde::Serialize;

pub use components::{Components, Shares};
pub use cube::{Cube, CubeIndices};
pub use pick_freeze::{InputIndices, PickFreeze};

/// An estimated index. Numerical error only: the interval says where the index of infinitely many draws lies, at the
/// level asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Index {
    /// The estimate.
    pub value: f64,
    /// Lower end of its interval.
    pub lo: f64,
    /// Upper end of its interval.
    pub hi: f64,
    /// Standard error of `value`.
    pub se: f64,
}

impl Index {
    /// Whether the interval covers a value.
    pub fn covers(&self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }
}

/// Why there are no indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undefined {
    /// No standard error can be given.
    #[error("fewer than two draws in one of the 32 batches (at least 64 draws are needed)")]
    TooFewDraws,
    /// A share of nothing.
    #[error("the output does not vary")]
    NoVariance,
    /// Sums of these mean nothing.
    #[error("an output, or its square, is not a finite number")]
    NotFinite,
    /// No interval can be given.
    #[error("the level of the intervals is not between 0 and 1")]
    Level,
}

/// Arrays that do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Too few or too many.
    #[error("{got} arrays where {want} are needed")]
    Arrays {
        /// As many as there are corners.
        want: usize,
        /// As many as were given.
        got: usize,
    },
    /// A slab has one length.
    #[error("arrays of different lengths: {want} and {got}")]
    Lengths {
        /// Length of the first array.
        want: usize,
        /// Length of the first that differs.
        got: usize,
    },
    /// More groups than a cube takes, or none.
    #[error("{0} groups; the full cube takes 1 to 6")]
    Groups(usize),
}

/// The one length of all arrays.
fn common_length<'a>(mut arrays: impl Iterator<Item = &'a [f64]>) -> Result<usize, Mismatch> {
    let want = arrays.next().map_or(0, <[f64]>::len);
    match arrays.find(|array| array.len() != want) {
        Some(other) => Err(Mismatch::Lengths { want, got: other.len() }),
        None => Ok(want),
    }
}
