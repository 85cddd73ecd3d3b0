//! The random inputs of a model, each with a place of its own in the random stream.

use crate::portfolio::Factor;

/// The random inputs a model can have. The number is the slot of the random stream: value-breaking to change.
/// Slots 0 to 3 lie in the first Philox block, 4 to 7 in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Slot {
    Compute = 0,
    Efficiency = 1,
    Pue = 2,
    Grid = 3,
    Reporting = 4,
    Lineage = 5,
}

pub const SLOTS: usize = 6;

impl Slot {
    pub const ALL: [Slot; SLOTS] =
        [Slot::Compute, Slot::Efficiency, Slot::Pue, Slot::Grid, Slot::Reporting, Slot::Lineage];

    pub fn factor(self) -> Factor {
        match self {
            Slot::Compute => Factor::Compute,
            Slot::Efficiency => Factor::Efficiency,
            Slot::Pue => Factor::Pue,
            Slot::Grid => Factor::Grid,
            Slot::Reporting => Factor::Reporting,
            Slot::Lineage => Factor::Lineage,
        }
    }
}
