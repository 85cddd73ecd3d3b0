//! What one shared effect that multiplies two products does to the mean of the two together.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::portfolio::moments::lognormal_engine_moment;

/// `E[e^{(a+b)z}] / (E[e^{az}] E[e^{bz}])`: ρ of one shared effect, each pair of loadings worked out once.
#[derive(Default)]
pub struct Rho {
    known: RefCell<HashMap<(u64, u64), f64>>,
}

impl Rho {
    /// The product of ρ over the effects in both lists.
    pub fn of(&self, a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
        let (mut i, mut j, mut product) = (0, 0, 1.0);
        while let (Some(&(e, x)), Some(&(f, y))) = (a.get(i), b.get(j)) {
            if e == f {
                product *= self.one(x, y);
            }
            i += usize::from(e <= f);
            j += usize::from(f <= e);
        }
        product
    }

    fn one(&self, a: f64, b: f64) -> f64 {
        let rho = || lognormal_engine_moment(a + b) / (lognormal_engine_moment(a) * lognormal_engine_moment(b));
        *self.known.borrow_mut().entry((a.to_bits(), b.to_bits())).or_insert_with(rho)
    }
}
