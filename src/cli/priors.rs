//! `haze priors`: the priors in force, as a file that can be edited and used.

use std::path::Path;

use super::Failure;
use super::input::with_lines;
use super::output::print;
use crate::assess::priors::Priors;
use crate::{portfolio, report};

pub fn priors(study: Option<&Path>) -> Result<(), Failure> {
    let priors = match study {
        None => Priors::defaults(),
        Some(path) => Priors::of(&portfolio::read(path)?.0.study).map_err(|p| Failure::Input(with_lines(p)))?,
    };
    print(&report::priors::priors(&priors))
}
