//! `haze check`: read and assess, report everything, run nothing.

use std::path::Path;

use super::{Failure, assess, counted, print, warn};
use crate::portfolio;

pub fn check(file: &Path) -> Result<(), Failure> {
    let (portfolio, mut warnings) = portfolio::read(file)?;
    let assessment = assess(&portfolio)?;
    warnings.extend(assessment.warnings);
    warn(&warnings, usize::MAX);
    let models = counted(portfolio.models.len(), "model");
    print(&format!("{models}, no problem, {}\n", counted(warnings.len(), "warning")))
}
