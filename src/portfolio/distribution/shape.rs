//! Equal shapes share a table: a distribution is split into a scale, which is a constant of the terms it enters, and
//! a shape of scale 1. Each family says what its scale is and how its key is spelled.

use super::Distribution;
use super::family::Words;

/// `d` as `scale · shape`, the scale positive. Lognormals with the same spread, uniforms with the same ratio of ends
/// and so on have the same shape, up to the rounding of one division.
pub fn normalise(d: &Distribution) -> (Distribution, f64) {
    match d.family(|f| f.scale()) {
        // What the division's own rounding made different is the same shape again, whichever model it came from.
        Some(scale) if scale > 0.0 && scale.is_finite() => (d.family(|f| f.mapped(&|x| rounded(x / scale))), scale),
        _ => (d.clone(), 1.0),
    }
}

/// A key that is equal exactly for equal distributions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeKey(Words);

impl ShapeKey {
    /// The key of a shape.
    pub fn of(d: &Distribution) -> ShapeKey {
        let mut words = Words::new();
        d.family(|f| f.spell(&mut words));
        ShapeKey(words)
    }
}

/// To 46 significant bits: within 2^-47.
fn rounded(x: f64) -> f64 {
    const DROPPED: u64 = (1 << 7) - 1;
    f64::from_bits((x.to_bits() + (1 << 6)) & !DROPPED)
}
