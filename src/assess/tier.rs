//! How much of the chain a row states: from emissions (1) down to nothing but a name (6).

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    T1,
    T1b,
    T2,
    T3,
    T4,
    T4b,
    T5,
    T6,
}

impl Tier {
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
