//! An output of a model as a product of its factors.

use super::slot::SLOTS;

/// One output of one model: `constant · Π factor[slot]^power[slot]`, in the output's unit.
/// A constant of 0 is a true zero (a disclosed 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    pub constant: f64,
    pub powers: [i8; SLOTS],
}
