//! What several models have in common: one random draw that multiplies a factor of each.

use crate::portfolio::Factor;

/// One draw shared by all models exposed to it: multiplies a factor by `gsd^(weight·z)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedEffect {
    pub factor: Factor,
    /// What it is, for people, e.g. "MFU of one organisation's runs in one year".
    pub name: String,
    /// Columns; empty = global.
    pub by: Vec<String>,
    /// The columns' values, in order.
    pub value: Vec<String>,
    /// Tells equal (factor, by, value) apart.
    pub ordinal: u32,
    pub ln_gsd: f64,
    pub chosen: bool,
    pub source: String,
}
