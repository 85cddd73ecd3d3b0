//! Where each value came from, for people.

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Disclosed,
    LookedUp,
    Imputed,
    Default,
    Guessed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    pub kind: Kind,
    /// One line for people: what was done, e.g. "6 · 7e9 active parameters · 2e12 tokens".
    pub how: String,
    /// Paper, data file or "chosen".
    pub source: String,
    /// The spread or centre is a choice without a firm source.
    pub chosen: bool,
}
