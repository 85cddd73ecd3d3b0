//! An output of a model as a product of its factors.

use super::slot::SLOTS;

/// One output of one model: `constant · Π factor[slot]^power[slot]`, in the output's unit.
/// A constant of 0 is a true zero (a disclosed 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// All that is not random, conversion to the output's unit included.
    pub constant: f64,
    /// Exponents by slot; 0 where the factor is no part of the product.
    pub powers: [i8; SLOTS],
}
