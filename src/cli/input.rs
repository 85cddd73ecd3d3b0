//! How a command opens a portfolio: the files are read and assessed, and what it implies is assessed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Failure;
use super::say::say;
use crate::assess::{Assessment, assess};
use crate::facts;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::{NOT_READ, by_rule, shorten};
use crate::portfolio::spelling::closest;
use crate::portfolio::{Model, Portfolio, Problems, Warning, YEAR};
use crate::run::RunError;

/// What the help of a command says of the file it reads.
pub(super) const FILE: &str =
    "Models file (CSV, JSON Lines, Parquet), study (TOML), file or folder of another tool, - for standard input";

/// A portfolio and what it implies. The warnings of the assessment begin with those of reading.
pub(super) struct Opened {
    pub portfolio: Portfolio,
    pub assessment: Assessment,
}

/// The file of a command, and whether published facts complete its rows.
#[derive(Debug, clap::Args)]
pub(super) struct FileArgs {
    #[arg(help = FILE)]
    pub file: PathBuf,
    /// Leave out what is published of the training runs that rows name
    #[arg(long)]
    pub no_facts: bool,
}

impl FileArgs {
    /// The rows as they are stated.
    pub(super) fn stated(&self) -> Result<Portfolio, Problems> {
        let mut portfolio = Portfolio::read(&self.file)?;
        portfolio.study.facts &= !self.no_facts;
        Ok(portfolio)
    }

    /// The rows, completed by published facts.
    pub(super) fn read(&self) -> Result<Portfolio, Problems> {
        self.stated().map(facts::completed)
    }

    /// The same from files that are kept, or were.
    pub(super) fn read_from(&self, inputs: &Inputs) -> Result<Portfolio, Problems> {
        let mut portfolio = Portfolio::read_from(&self.file, inputs)?;
        portfolio.study.facts &= !self.no_facts;
        Ok(facts::completed(portfolio))
    }

    /// Reads a models file or study and assesses it.
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        Opened::assessed(self.read()?)
    }
}

impl Opened {
    /// What was read, and perhaps changed since.
    pub(super) fn assessed(portfolio: Portfolio) -> Result<Opened, Failure> {
        let mut assessment = assess(&portfolio)?;
        assessment.warnings.splice(0..0, portfolio.warnings.iter().cloned());
        Ok(Opened { portfolio, assessment })
    }

    /// The first warning of each rule, on standard error.
    pub(super) fn warn(&self) {
        warn(&self.assessment.warnings);
    }

    /// The column that a flag names has a value in at least one row, or is one of `others`, which a name may have been
    /// meant for.
    pub(super) fn known_column(&self, flag: &str, name: &str, others: &[&str]) -> Result<(), Failure> {
        let labels = self.assessment.models.iter().flat_map(|m| m.labels.keys());
        let columns: BTreeSet<&str> = labels.collect();
        if columns.contains(name) {
            return Ok(());
        }
        if name == YEAR {
            return Err(Failure::Usage(format!("{flag} {YEAR}: no row has a date; fill in a column date")));
        }
        let known: Vec<&str> = columns.into_iter().chain(others.iter().copied()).collect();
        let hint = hint(name, &known);
        let name = shorten(name);
        Err(Failure::Usage(format!("{flag} {name}: no row has a value in a column of this name{hint}")))
    }

    /// At least one row has the value that a flag names.
    pub(super) fn known_value(&self, flag: &str, column: &str, value: &str) -> Result<(), Failure> {
        self.known_column(flag, column, &[])?;
        let labels = self.assessment.models.iter().filter_map(|m| m.labels.get(column));
        let values: BTreeSet<&str> = labels.collect();
        if values.contains(value) {
            return Ok(());
        }
        let hint = hint(value, &values.into_iter().collect::<Vec<_>>());
        let (column, value) = (shorten(column), shorten(value));
        Err(Failure::Usage(format!("{flag} {column}={value}: no row has this value{hint}")))
    }
}

/// A failure at the row whose numbers cannot be computed.
pub(super) fn at_row<'m>(models: impl IntoIterator<Item = &'m Model>) -> impl FnOnce(RunError) -> Failure {
    move |error| match error {
        RunError::Plan(e) => Failure::Input(e.at(models).into()),
        other => other.into(),
    }
}

/// What may have been meant, to stand at the end of a message.
pub(super) fn hint(name: &str, known: &[&str]) -> String {
    closest(name, known).map_or(String::new(), |near| format!("; did you mean {near:?}?"))
}

/// Each note and warning on standard error.
pub(super) fn warn_of_each(warnings: &[Warning]) {
    let (notes, warnings): (Vec<&Warning>, Vec<&Warning>) = warnings.iter().partition(|w| w.is_note());
    notes.into_iter().for_each(|note| say(format_args!("note: {note}")));
    warnings.into_iter().for_each(|warning| say(format_args!("warning: {warning}")));
}

/// Notes, and the first warning of each rule with the number of the others, on standard error. What was not read comes
/// first: the answer may be off by orders of magnitude.
pub(super) fn warn(warnings: &[Warning]) {
    let (notes, mut found): (Vec<_>, Vec<_>) = by_rule(warnings).into_iter().partition(|(w, _)| w.is_note());
    for (note, others) in &notes {
        match others {
            0 => say(format_args!("note: {note}")),
            n => say(format_args!("note: {note} (and {n} more of this rule)")),
        }
    }
    found.sort_by_key(|(w, _)| w.rule != NOT_READ);
    for (warning, others) in &found {
        match others {
            0 => say(format_args!("warning: {warning}")),
            n => say(format_args!("warning: {warning} (and {n} more of this rule)")),
        }
    }
    if found.iter().any(|(_, others)| *others > 0) {
        say("note: `haze check` lists every warning");
    }
}

/// How many there are, notes left out.
pub(super) fn counted(warnings: &[Warning]) -> usize {
    warnings.iter().filter(|w| !w.is_note()).count()
}
