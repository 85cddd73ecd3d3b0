//! The random inputs of a model, each with a place of its own in the random stream.

use crate::engine::plan;
use crate::portfolio::Factor;

/// The random inputs a model can have. The number is the slot of the random stream ([`plan::WORD`]): value-breaking to
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Slot {
    /// Compute in FLOP, or the link by which it is inferred from hours or energy.
    Compute = 0,
    /// Operations per joule, or another link to the IT energy, such as the inverse of node power.
    Efficiency = 1,
    /// PUE, drawn as 1 + X.
    Pue = 2,
    /// Emissions per energy, in gCO2e/kWh.
    Grid = 3,
    /// The true figure behind a disclosure: emissions in kg, energy in kWh, or accelerator-hours.
    Reporting = 4,
    /// 1 for a training run of its own; for a derivative, the part of the outputs that is left.
    Lineage = 5,
    /// Water used at the site, per IT energy.
    Wue = 6,
    /// Water used by power stations, per energy.
    GridWater = 7,
    /// Accelerator-hours that embodied emissions are counted by, where another disclosure decides the energy.
    HardwareHours = 8,
    /// What lineage leaves of all runs of the development: the same draw as [`Slot::Lineage`], read for them.
    LineageOfAllRuns = 9,
    /// All runs of the development over the final one.
    Development = 10,
}

/// Number of slots.
pub const SLOTS: usize = 11;

// PUE is sampled as 1 + X, and all runs of a development go with the final one.
const _: () = assert!(Slot::Pue as usize == plan::SHIFTED && SLOTS <= plan::SLOTS);
const _: () = assert!(plan::WORD[Slot::LineageOfAllRuns as usize] == plan::WORD[Slot::Lineage as usize]);

impl Slot {
    /// Every slot, by number.
    pub const ALL: [Slot; SLOTS] = [
        Slot::Compute,
        Slot::Efficiency,
        Slot::Pue,
        Slot::Grid,
        Slot::Reporting,
        Slot::Lineage,
        Slot::Wue,
        Slot::GridWater,
        Slot::HardwareHours,
        Slot::LineageOfAllRuns,
        Slot::Development,
    ];

    /// The factor that shared effects on the slot and shares of the variance are counted under.
    pub fn factor(self) -> Factor {
        match self {
            Slot::Compute => Factor::Compute,
            Slot::Efficiency => Factor::Efficiency,
            Slot::Pue => Factor::Pue,
            Slot::Grid | Slot::Wue | Slot::GridWater => Factor::Grid,
            Slot::Reporting | Slot::HardwareHours => Factor::Reporting,
            Slot::Lineage | Slot::LineageOfAllRuns => Factor::Lineage,
            Slot::Development => Factor::Development,
        }
    }
}
