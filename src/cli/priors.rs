//! `haze priors`: the priors in force, as a file that can be edited and used.

use std::path::Path;

use super::Failure;
use super::output::print;
use crate::assess::priors::Priors;
use crate::portfolio::Portfolio;
use crate::report;

pub fn priors(study: Option<&Path>) -> Result<(), Failure> {
    let priors = match study {
        None => Priors::defaults(),
        Some(path) => Priors::of(&Portfolio::read(path)?.study)?,
    };
    print(&report::priors::priors(&priors))
}
