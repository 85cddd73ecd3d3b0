//! Why a call has no result, on its way into Python.

use carbonhaze::low_level::portfolio::{Model, Problem, Problems as Found};
use carbonhaze::low_level::run::RunError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyKeyboardInterrupt, PyMemoryError};
use pyo3::prelude::*;

create_exception!(
    _native,
    Problems,
    PyException,
    "What is wrong with the input: a list of (file, line, column, value, message)."
);
create_exception!(_native, Usage, PyException, "An argument that cannot be used.");
create_exception!(_native, Failed, PyException, "The work failed.");

/// Why a call has no result.
#[derive(Debug)]
pub enum Failure {
    /// Problems of the input, each with its place.
    Input(Found),
    /// An argument that cannot be used.
    Usage(String),
    /// The work failed.
    Failed(String),
    /// More memory is needed than there is.
    Memory(String),
    /// It was ended from outside.
    Interrupted,
}

/// A problem as Python gets it: file, line, column, value, message.
pub type Row = (String, u64, String, String, String);

/// The parts of a problem.
pub fn row(problem: &Problem) -> Row {
    let place = &problem.place;
    let file = place.file.display().to_string();
    (file, place.line, place.column.clone(), problem.value.clone(), problem.message.clone())
}

impl From<Found> for Failure {
    fn from(found: Found) -> Failure {
        Failure::Input(found)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Input(problem.into())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Interrupted => Failure::Interrupted,
            RunError::Input(problems) => Failure::Input(problems),
            RunError::Usage(message) => Failure::Usage(message),
            RunError::Plan(e) => Failure::Usage(e.to_string()),
            RunError::Memory { .. } => Failure::Memory(error.to_string()),
            other => Failure::Failed(other.to_string()),
        }
    }
}

/// A failure at the row whose numbers cannot be computed.
pub fn at_row<'m>(models: impl IntoIterator<Item = &'m Model>) -> impl FnOnce(RunError) -> Failure {
    move |error| match error {
        RunError::Plan(e) => e.at(models).into(),
        other => other.into(),
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        match failure {
            Failure::Input(found) => Problems::new_err((found.iter().map(row).collect::<Vec<Row>>(),)),
            Failure::Usage(message) => Usage::new_err(message),
            Failure::Failed(message) => Failed::new_err(message),
            Failure::Memory(message) => PyMemoryError::new_err(message),
            Failure::Interrupted => PyKeyboardInterrupt::new_err(()),
        }
    }
}
