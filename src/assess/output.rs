//! What is computed of a model. Each further output has a file of its own in `outputs/`.

/// An output. Units: EFLOP (1e18 FLOP), kWh, kWh, tCO2e; m³ of water, tCO2e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    Compute = 0,
    ItEnergy = 1,
    Energy = 2,
    Emissions = 3,
    /// At the site and at the power stations.
    Water,
    WaterSite,
    WaterGrid,
    /// Of making the hardware, by the time it was used.
    Embodied,
    /// Emissions of all runs of the development, the final one included.
    Development,
}

/// Outputs that every model has: the chain from compute to emissions, one product of factors each.
pub const OUTPUTS: usize = 4;

impl Output {
    /// Its name in results, unit included.
    pub fn key(self) -> &'static str {
        match self {
            Output::Compute => "compute_eflop",
            Output::ItEnergy => "it_energy_kwh",
            Output::Energy => "energy_kwh",
            Output::Emissions => "emissions_t",
            Output::Water => "water_m3",
            Output::WaterSite => "water_site_m3",
            Output::WaterGrid => "water_grid_m3",
            Output::Embodied => "embodied_t",
            Output::Development => "development_t",
        }
    }

    /// The chain.
    pub const ALL: [Output; OUTPUTS] = [Output::Compute, Output::ItEnergy, Output::Energy, Output::Emissions];
}
