//! How a command opens a portfolio: the files are read and assessed, problems are reported with their lines.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use crate::assess::{self, Assessment};
use crate::portfolio::spelling::closest;
use crate::portfolio::{self, Portfolio, Problem, Warning, study_file};
use crate::run::RunError;

/// Warnings shown by a run; `haze check` shows all.
pub(super) const WARNINGS: usize = 5;

/// A portfolio and what it implies. The warnings of the assessment begin with those of reading.
pub(super) struct Opened {
    pub portfolio: Portfolio,
    pub assessment: Assessment,
}

/// Reads a models file or study and assesses it.
pub(super) fn open(file: &Path) -> Result<Opened, Failure> {
    let (portfolio, warnings) = portfolio::read(file)?;
    Opened::assessed(portfolio, warnings)
}

impl Opened {
    /// What was read, and perhaps changed since, with the warnings of reading.
    pub(super) fn assessed(portfolio: Portfolio, warnings: Vec<Warning>) -> Result<Opened, Failure> {
        let mut assessment = assess(&portfolio)?;
        assessment.warnings.splice(0..0, warnings);
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

/// Assesses a portfolio; problems of the study are reported with their lines.
pub(super) fn assess(portfolio: &Portfolio) -> Result<Assessment, Failure> {
    assess::assess(portfolio).map_err(|problems| Failure::Input(with_lines(problems)))
}

/// The assessment knows sections and keys of the study but not its text: the lines are looked up here.
pub(super) fn with_lines(mut problems: Vec<Problem>) -> Vec<Problem> {
    for problem in problems.iter_mut().filter(|p| p.place.line == 0 && p.place.column.contains('.')) {
        let Ok(text) = std::fs::read_to_string(problem.place.file.as_path()) else { continue };
        let keys: Vec<&str> = problem.place.column.split('.').collect();
        problem.place.line = study_file::line_of(&text, &keys).unwrap_or(0);
    }
    problems.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
    problems
}

/// Warnings on standard error, at most `limit` of them.
pub(super) fn warn(warnings: &[Warning], limit: usize) {
    for warning in warnings.iter().take(limit) {
        eprintln!("warning: {warning}");
    }
    if warnings.len() > limit {
        eprintln!("warning: and {} more; `haze check` lists them all", warnings.len() - limit);
    }
}
