//! What one shared effect does to the product of two factors that it multiplies.

use std::cell::RefCell;

use crate::portfolio::distribution::remembered::{Remembered, of_thread};
use crate::portfolio::moments::lognormal_engine_moment;

/// Pairs that are remembered, by thread: assessments have few distinct loads.
const REMEMBERED: usize = 1 << 18;

thread_local! {
    static KNOWN: RefCell<Remembered<(u64, u64), f64>> = RefCell::new(Remembered::at_most(REMEMBERED));
}

/// `Π E[e^{(a+b)z}] / (E[e^{az}] E[e^{bz}])` over the effects in both lists, which are sorted by effect.
pub fn rho(a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
    let (mut i, mut j, mut product) = (0, 0, 1.0);
    while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
        if e == f {
            product *= one(x, y);
        }
        i += usize::from(e <= f);
        j += usize::from(f <= e);
    }
    product
}

/// The same of one effect.
pub fn one(a: f64, b: f64) -> f64 {
    let rho = || lognormal_engine_moment(a + b) / (lognormal_engine_moment(a) * lognormal_engine_moment(b));
    of_thread(&KNOWN, (a.to_bits(), b.to_bits()), rho)
}
