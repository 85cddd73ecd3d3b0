//! How much of the chain a row states: from emissions (1) down to nothing but a name (6).

/// What a row discloses, by the figure closest to its emissions; ordered from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Emissions, metered or audited.
    T1,
    /// Emissions, self-reported.
    T1b,
    /// Energy.
    T2,
    /// Accelerator-hours.
    T3,
    /// Compute, or parameters and tokens, and the chip (or the efficiency).
    T4,
    /// Compute, or parameters and tokens, without a chip.
    T4b,
    /// Parameters.
    T5,
    /// None of these.
    T6,
}

impl Tier {
    /// The name used in tables and JSON: `1`, `1b`, `2`, …
    pub fn name(self) -> &'static str {
        match self {
            Tier::T1 => "1",
            Tier::T1b => "1b",
            Tier::T2 => "2",
            Tier::T3 => "3",
            Tier::T4 => "4",
            Tier::T4b => "4b",
            Tier::T5 => "5",
            Tier::T6 => "6",
        }
    }
}
