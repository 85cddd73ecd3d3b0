//! `haze check`: read, assess and compile as a run does, report everything, draw nothing.

use std::path::Path;

use super::input::{self, Opened, at_row, open, warn_of_each};
use super::output::print;
use super::{Failure, counted};
use crate::assess::with_outputs;
use crate::compile::compile;
use crate::run::RunError;

pub fn check(file: &Path) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = open(file)?;
    let whole = with_outputs(&portfolio, &assessment)?;
    compile(&whole).map_err(RunError::from).map_err(at_row(&portfolio.models))?;
    warn_of_each(&assessment.warnings);
    let models = counted(portfolio.models.len(), "model");
    print(&format!("{models}, no problem, {}\n", counted(input::counted(&assessment.warnings), "warning")))
}
