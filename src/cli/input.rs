//! How a command opens a portfolio: the files are read and assessed, and what it implies is assessed.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::assess::{Assessment, assess};
use crate::portfolio::problem::NOT_READ;
use crate::portfolio::spelling::closest;
use crate::portfolio::{Portfolio, Warning};
use crate::run::RunError;

/// What the help of a command says of the file it reads.
pub(super) const FILE: &str = "Models file (CSV), study file (TOML), or - for CSV on standard input";

/// Warnings shown by a run; `haze check` shows all.
pub(super) const WARNINGS: usize = 5;

/// A portfolio and what it implies. The warnings of the assessment begin with those of reading.
pub(super) struct Opened {
    pub portfolio: Portfolio,
    pub assessment: Assessment,
}

/// Reads a models file or study and assesses it.
pub(super) fn open(file: &Path) -> Result<Opened, Failure> {
    Opened::assessed(Portfolio::read(file)?)
}

impl Opened {
    /// What was read, and perhaps changed since.
    pub(super) fn assessed(portfolio: Portfolio) -> Result<Opened, Failure> {
        let mut assessment = assess(&portfolio)?;
        assessment.warnings.splice(0..0, portfolio.warnings.iter().cloned());
        Ok(Opened { portfolio, assessment })
    }

    /// The first warnings, on standard error.
    pub(super) fn warn(&self) {
        warn(&self.assessment.warnings, WARNINGS);
    }

    /// The column that a flag names has a value in at least one row, or is one of `others`, which a name may have been
    /// meant for.
    pub(super) fn known_column(&self, flag: &str, name: &str, others: &[&str]) -> Result<(), Failure> {
        let labels = self.assessment.models.iter().flat_map(|m| m.labels.keys());
        let columns: BTreeSet<&str> = labels.map(String::as_str).collect();
        if columns.contains(name) {
            return Ok(());
        }
        let known: Vec<&str> = columns.into_iter().chain(others.iter().copied()).collect();
        let hint = hint(name, &known);
        Err(Failure::Usage(format!("{flag} {name}: no row has a value in a column of this name{hint}")))
    }

    /// At least one row has the value that a flag names.
    pub(super) fn known_value(&self, flag: &str, column: &str, value: &str) -> Result<(), Failure> {
        self.known_column(flag, column, &[])?;
        let labels = self.assessment.models.iter().filter_map(|m| m.labels.get(column));
        let values: BTreeSet<&str> = labels.map(String::as_str).collect();
        if values.contains(value) {
            return Ok(());
        }
        let hint = hint(value, &values.into_iter().collect::<Vec<_>>());
        Err(Failure::Usage(format!("{flag} {column}={value}: no row has this value{hint}")))
    }
}

/// A failure that names the file, where it is the portfolio as a whole that cannot be computed.
pub(super) fn in_file(file: &Path) -> impl Fn(RunError) -> Failure {
    move |error| match error {
        RunError::Plan(e) => Failure::Usage(format!("{}: {e}", file.display())),
        other => other.into(),
    }
}

/// What may have been meant, to stand at the end of a message.
pub(super) fn hint(name: &str, known: &[&str]) -> String {
    closest(name, known).map_or(String::new(), |near| format!("; did you mean {near:?}?"))
}

/// Notes and warnings on standard error, of the warnings at most `limit`.
pub(super) fn warn(warnings: &[Warning], limit: usize) {
    for note in warnings.iter().filter(|w| w.is_note()) {
        eprintln!("note: {note}");
    }
    let all = counted(warnings);
    // What was not read comes first: the answer may be off by orders of magnitude.
    let (unread, others): (Vec<&Warning>, Vec<&Warning>) =
        warnings.iter().filter(|w| !w.is_note()).partition(|w| w.rule == NOT_READ);
    for warning in unread.iter().chain(&others).take(limit) {
        eprintln!("warning: {warning}");
    }
    if all > limit {
        eprintln!("warning: and {} more; `haze check` lists them all", all - limit);
    }
}

/// How many there are, notes left out.
pub(super) fn counted(warnings: &[Warning]) -> usize {
    warnings.iter().filter(|w| !w.is_note()).count()
}
