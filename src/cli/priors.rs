//! `haze priors`: the priors in force, as a file that can be edited and given back.

use std::path::Path;

use super::{Failure, print};
use crate::assess::priors::{self, Priors};
use crate::portfolio;

pub fn priors(study: Option<&Path>) -> Result<(), Failure> {
    let priors = match study {
        None => Priors::defaults(),
        Some(path) => Priors::of(&portfolio::read(path)?.0.study)?,
    };
    print(&priors::print(&priors))
}
