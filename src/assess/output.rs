//! The outputs of a model, each a sum over the chain from compute to emissions.

/// The outputs every model has. Units: EFLOP (1e18 FLOP), kWh, kWh, tCO2e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    Compute = 0,
    ItEnergy = 1,
    Energy = 2,
    Emissions = 3,
}

pub const OUTPUTS: usize = 4;

impl Output {
    pub const ALL: [Output; OUTPUTS] = [Output::Compute, Output::ItEnergy, Output::Energy, Output::Emissions];
}
