//! Where each value came from, for people.

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Stated in the row.
    Disclosed,
    /// From a table, by what the row names: a chip, a place.
    LookedUp,
    /// Estimated from other figures of the row, or from its size, kind and date.
    Imputed,
    /// A prior.
    Default,
    /// Not known: a mixture of what it may be.
    Guessed,
}

/// How one value of a model came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// What the value rests on.
    pub kind: Kind,
    /// One line for people: what was done, e.g. "6 · 7e9 active parameters · 2e12 tokens".
    pub how: String,
    /// Paper, data file or "chosen".
    pub source: String,
    /// The spread or centre is a choice without a firm source.
    pub chosen: bool,
}
