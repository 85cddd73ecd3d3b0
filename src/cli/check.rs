//! `haze check`: read and assess, report everything, run nothing.

use std::path::Path;

use super::input::{self, Opened, open, warn};
use super::output::print;
use super::{Failure, counted};

pub fn check(file: &Path) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = open(file)?;
    warn(&assessment.warnings, usize::MAX);
    let models = counted(portfolio.models.len(), "model");
    print(&format!("{models}, no problem, {}\n", counted(input::counted(&assessment.warnings), "warning")))
}
