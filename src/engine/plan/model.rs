//! One model's numbers: a marginal by slot, and its outputs as sums of products.

use serde::{Deserialize, Serialize};

use super::{Marginal, Range, SLOTS};

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelPlan {
    /// What tells its random words from other models'.
    pub key: u64,
    /// The factor in each slot.
    pub marginals: [Marginal; SLOTS],
    /// Index into `Header::cells` by slot.
    pub cells: [Option<u32>; SLOTS],
    /// Sorted by output. An output without products is a true zero.
    pub products: Vec<Product>,
    /// Scale (Q5.26) of the single normal that stands for all shared effects but those on the shifted slot's X and those
    /// on a bounded factor in the headline with independent effects. Effects on ranked factors need none: these
    /// are then drawn by their own normals, which is exact as long as an effect acts on factors of one random word.
    pub independent_scale: i32,
    /// The same for the shared effects on X.
    pub independent_shifted_scale: i32,
    /// The same for those on a bounded factor.
    pub independent_bounded_scale: i32,
    /// How much of the latter normal all other effects have in common with it: its scale in the headline outside the
    /// bounded factor.
    pub independent_with_bounded: i32,
    /// Range of the model's own headline and ratio.
    pub headline: Range,
    /// Range of the model's own ratio.
    pub ratio: Range,
    /// Indices into `Header::groups`.
    pub groups: Vec<u32>,
    /// Bit `s` is set where the marginal of slot `s` can be zero.
    pub zeros: u16,
}

/// A product of powers of the factors, one of those that an output is the sum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Index into `Header::outputs`.
    pub output: u8,
    /// log2 of the constant in Q9.22 (in the output's unit).
    pub loc: i32,
    /// The factors' powers.
    pub signs: [i8; SLOTS],
}

impl ModelPlan {
    /// The products that an output is the sum of.
    #[inline]
    pub fn products_of(&self, output: usize) -> &[Product] {
        let from = self.products.partition_point(|p| usize::from(p.output) < output);
        let n = self.products[from..].iter().take_while(|p| usize::from(p.output) == output).count();
        &self.products[from..from + n]
    }

    /// The slots (as bits) whose being zero makes the product zero.
    pub fn zeros_of(&self, product: &Product) -> u16 {
        let positive = (0..SLOTS).filter(|&s| product.signs[s] > 0).fold(0, |bits, s| bits | 1 << s);
        self.zeros & positive
    }

    /// Whether the sum of some products is zero in a draw in which the factors of these slots are zero.
    #[inline]
    pub fn is_zero(&self, products: &[Product], zero_slots: u16) -> bool {
        products.iter().all(|p| zero_slots & self.zeros_of(p) != 0)
    }

    /// Whether any shared effect acts on the product.
    pub fn shares(&self, product: &Product) -> bool {
        (0..SLOTS).any(|s| self.cells[s].is_some() && product.signs[s] != 0)
    }

    /// Whether any product has a factor in the slot.
    pub fn uses(&self, slot: usize) -> bool {
        self.products.iter().any(|p| p.signs[slot] != 0)
    }
}
