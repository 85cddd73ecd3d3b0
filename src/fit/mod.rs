//! Regressions for compute that is not stated: fitted on the models whose compute is known, each with a card.
//!
//! ```text
//! portfolio ─> sample ─> design ─> regression ─> card ─> report
//! ```
//!
//! Two responses, tokens D and compute C = k·N·D (k = 6, for encoder–decoders 3; N active parameters), on the
//! logarithm of N, the date, the domain and the relation to a base. The embedded fits (`assess::fits`) are those
//! of `embedded` on the models file [`KNOWN_COMPUTE`]; `haze fit --coefficients` prints them and a test compares.
//!
//! Every number is a sum in a fixed order of floats from `libm` and IEEE arithmetic: nalgebra is built without
//! `matrixmultiply`, which picks its sums by the CPU, so that cards are the same bytes on every host.

pub mod card;
pub mod coefficients;
pub mod design;
pub mod diagnostics;
pub mod regression;
pub mod sample;

pub use card::{Card, card};
pub use design::Response;
pub use sample::{Rows, Sample, Size};

use std::path::Path;

use crate::portfolio::cell::NoFiles;
use crate::portfolio::{Portfolio, Study, models_file};

/// Models of Epoch AI whose own compute, size and date are known (CC BY 4.0), built by `fixtures/build.py`.
pub const KNOWN_COMPUTE: &str = include_str!("../../fixtures/known_compute.csv");
/// Where [`KNOWN_COMPUTE`] comes from, for cards.
pub const KNOWN_COMPUTE_NAME: &str = "fixtures/known_compute.csv (Epoch AI, CC BY 4.0; embedded)";

/// The embedded models file as a portfolio. It is part of the program and its tests; no input leads to an error.
pub fn known_compute() -> Portfolio {
    let path = Path::new("known_compute.csv");
    let read = models_file::read(path, KNOWN_COMPUTE.as_bytes(), &NoFiles);
    Portfolio::new(read.map_or_else(|_| Vec::new(), |file| file.models), Study::default())
}

/// Why a fit is not to be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Fewer rows than coefficients and two.
    #[error(
        "{rows} row{} can be used, at least {needed} are needed for {coefficients} coefficients; give more models with a \
         date, parameters, and compute_flop or tokens", if *.rows == 1 { "" } else { "s" }
    )]
    TooFewRows {
        /// Rows that can be used.
        rows: usize,
        /// Rows that are needed.
        needed: usize,
        /// Coefficients to be estimated.
        coefficients: usize,
    },
    /// A column of the design is a combination of those before it.
    #[error(
        "the coefficient of {term} cannot be distinguished from the others: it does not vary independently among the {rows} rows"
    )]
    Collinear {
        /// Name of the column.
        term: String,
        /// Rows of the design.
        rows: usize,
    },
}
