//! How errors and warnings name their place: file, line, column, value, and what to do.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A place in a file. Line 0 is "the file as a whole".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub file: Arc<PathBuf>,
    pub line: u64,
    /// Column of the models file or key of the study file; empty where there is none.
    pub column: String,
}

/// Something that stops a run: bad input.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub place: Place,
    /// The offending text, shortened.
    pub value: String,
    /// What was found and expected, and what to do.
    pub message: String,
}

/// Something legal that is suspicious; names the rule that raised it.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    pub rule: &'static str,
    pub place: Place,
    pub value: String,
    pub message: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ": {}", self.column)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.value.is_empty() {
            write!(f, "{:?}: ", self.value)?;
        }
        write!(f, "{}", self.message)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.value.is_empty() {
            write!(f, "{:?}: ", self.value)?;
        }
        write!(f, "{} [{}]", self.message, self.rule)
    }
}

/// Why a cell was refused: what was found, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; {advice}")]
pub struct CellError {
    /// What stands in the cell.
    pub found: String,
    /// What to write instead.
    pub advice: String,
}

impl CellError {
    /// From what was found and what to do.
    pub fn new(found: impl Into<String>, advice: impl Into<String>) -> CellError {
        CellError { found: found.into(), advice: advice.into() }
    }
}

/// `text` on one line, cut to what a message can hold.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line: String = text.chars().take(MOST + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() > MOST { line.chars().take(MOST - 1).chain(['…']).collect() } else { line }
}

/// The known name that `text` was probably meant to be: the nearest by Damerau–Levenshtein distance, if that is at
/// most a third of the name's length (and 1 for the shortest).
pub(crate) fn did_you_mean<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    // A longer text cannot be near, and the distance takes time in its length.
    if text.chars().count() > 40 {
        return None;
    }
    let text = text.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::osa_distance(&text, &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
