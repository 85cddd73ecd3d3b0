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
