//! The outputs of a run: what is computed of a model, and which of it a study asks for.
//!
//! The one table of their names: keys of `[outputs]`, flags of `haze run`, keys of the JSON result and rows of the
//! terminal page follow from it. How a further output is computed has a file of its own in `assess/outputs/`.

/// What is computed of a model. Units: EFLOP (1e18 FLOP), kWh, kWh, tCO2e; m³ of water, tCO2e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// Compute of the training run.
    Compute = 0,
    /// Energy of the IT equipment.
    ItEnergy = 1,
    /// Energy of the facility.
    Energy = 2,
    /// Operational emissions.
    Emissions = 3,
    /// At the site and at the power stations.
    Water,
    /// At the site.
    WaterSite,
    /// At the power stations.
    WaterGrid,
    /// Of making the hardware, by the time it was used.
    Embodied,
    /// Emissions of all runs of the development, the final one included.
    Development,
}

/// Outputs that every model has: the chain from compute to emissions, one product of factors each.
pub const OUTPUTS: usize = 4;

/// Names of a unit's multiples: the power of 1,000 that each is of the unit the number is held in, smallest first.
pub type Multiples = &'static [(i32, &'static str)];

/// Held in EFLOP; larger amounts are written as powers of ten.
pub const EFLOP: Multiples = &[(0, "EFLOP")];
/// Held in kWh.
pub const KWH: Multiples = &[(-1, "Wh"), (0, "kWh"), (1, "MWh"), (2, "GWh"), (3, "TWh")];
/// Held in t.
pub const TONNES: Multiples = &[(-2, "gCO2e"), (-1, "kgCO2e"), (0, "tCO2e"), (1, "ktCO2e"), (2, "MtCO2e")];
/// Held in m³.
pub const CUBIC_METRES: Multiples = &[(-1, "L"), (0, "m³"), (1, "10^3 m³"), (2, "10^6 m³")];

impl Output {
    /// The chain.
    pub const ALL: [Output; OUTPUTS] = [Output::Compute, Output::ItEnergy, Output::Energy, Output::Emissions];

    /// Its key in results with the unit, its row on the page, and the names of its unit.
    fn text(self) -> (&'static str, &'static str, Multiples) {
        match self {
            Output::Compute => ("compute_eflop", "Compute", EFLOP),
            Output::ItEnergy => ("it_energy_kwh", "IT energy", KWH),
            Output::Energy => ("energy_kwh", "Energy", KWH),
            Output::Emissions => ("emissions_t", "Emissions", TONNES),
            Output::Water => ("water_m3", "Water", CUBIC_METRES),
            Output::WaterSite => ("water_site_m3", "= at the site", CUBIC_METRES),
            Output::WaterGrid => ("water_grid_m3", "+ at power stations", CUBIC_METRES),
            Output::Embodied => ("embodied_t", "Embodied emissions", TONNES),
            Output::Development => ("development_t", "With development", TONNES),
        }
    }

    /// Its name in results, unit included.
    pub fn key(self) -> &'static str {
        self.text().0
    }

    /// Its name on the terminal page.
    pub fn title(self) -> &'static str {
        self.text().1
    }

    /// The names of its unit.
    pub fn multiples(self) -> Multiples {
        self.text().2
    }
}

/// What a study can ask for (`[outputs]`): reported separately, and never added to the emissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Further {
    /// Water, in m³.
    Water = 0,
    /// Emissions of making the accelerators.
    Embodied = 1,
    /// Emissions of all runs of the development.
    Development = 2,
}

impl Further {
    /// In the order in which they are reported.
    pub const ALL: [Further; 3] = [Further::Water, Further::Embodied, Further::Development];

    /// Its key under `[outputs]` and flag of `haze run`, what the help says of the flag, and its outputs.
    fn text(self) -> (&'static str, &'static str, &'static [Output]) {
        use Output::*;
        match self {
            Further::Water => ("water", "Also report water, in m³", &[Water, WaterSite, WaterGrid]),
            Further::Embodied => ("embodied", "Also report emissions of making the hardware, separately", &[Embodied]),
            Further::Development => {
                ("development", "Also report emissions of all development runs, separately", &[Development])
            }
        }
    }

    /// Its key under `[outputs]`, which is also the flag of `haze run`.
    pub fn name(self) -> &'static str {
        self.text().0
    }

    /// What the help says of the flag.
    pub fn help(self) -> &'static str {
        self.text().1
    }

    /// What is computed for it: the number to report first, then its parts.
    pub fn outputs(self) -> &'static [Output] {
        self.text().2
    }

    /// What a study calls so.
    pub fn find(name: &str) -> Option<Further> {
        Further::ALL.into_iter().find(|further| further.name() == name)
    }
}

/// Which of the further outputs a study asks for. None by default.
///
/// ```
/// use carbonhaze::low_level::portfolio::{Further, Outputs};
///
/// let outputs = Outputs::from_iter([Further::Water]);
/// assert!(outputs.has(Further::Water) && !outputs.has(Further::Embodied));
/// assert_eq!(outputs.iter().flat_map(|further| further.outputs()).count(), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outputs([bool; Further::ALL.len()]);

impl Outputs {
    /// Whether it is asked for.
    pub fn has(self, further: Further) -> bool {
        self.0[further as usize]
    }

    /// Asks for it, or no longer.
    pub fn set(&mut self, further: Further, on: bool) {
        self.0[further as usize] = on;
    }

    /// Those that are asked for, in the order in which they are reported.
    pub fn iter(self) -> impl Iterator<Item = Further> {
        Further::ALL.into_iter().filter(move |further| self.has(*further))
    }

    /// Their names.
    pub fn names(self) -> Vec<String> {
        self.iter().map(|further| further.name().to_string()).collect()
    }

    /// Those of these names; a name of none is passed over.
    pub fn of_names(names: &[String]) -> Outputs {
        Further::ALL.into_iter().filter(|further| names.iter().any(|name| name == further.name())).collect()
    }

    /// What either asks for.
    pub fn and(self, other: Outputs) -> Outputs {
        self.iter().chain(other.iter()).collect()
    }
}

impl FromIterator<Further> for Outputs {
    fn from_iter<I: IntoIterator<Item = Further>>(asked: I) -> Outputs {
        let mut outputs = Outputs::default();
        asked.into_iter().for_each(|further| outputs.set(further, true));
        outputs
    }
}
