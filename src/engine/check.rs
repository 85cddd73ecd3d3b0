//! What a device answered when it was asked known questions.

/// What was asked, how many answers came, and how many were wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// The building block that was asked.
    pub name: &'static str,
    /// How many answers it gave.
    pub answers: usize,
    /// How many of them differ from those of its twin on the CPU.
    pub wrong: usize,
}
