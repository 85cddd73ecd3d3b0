//! `haze check`: read and assess, report everything, run nothing.

use std::path::Path;

use super::input::{Opened, open, warn_of_each};
use super::output::print;
use super::{Failure, counted};

pub fn check(file: &Path) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = open(file)?;
    warn_of_each(&assessment.warnings);
    let models = counted(portfolio.models.len(), "model");
    print(&format!("{models}, no problem, {}\n", counted(assessment.warnings.len(), "warning")))
}
