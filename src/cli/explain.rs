//! `haze explain`: where every factor of one model comes from.

use std::path::Path;

use super::Failure;
use super::input::{Opened, hint, open};
use super::output::print;
use crate::portfolio::problem::shorten;
use crate::report;

pub fn explain(file: &Path, id: &str) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = open(file)?;
    match report::explain::explain(&assessment, id) {
        Some(text) => print(&text),
        None => {
            let ids: Vec<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
            let hint = hint(id, &ids);
            Err(Failure::Usage(format!("{}: no model has the id {:?}{hint}", file.display(), shorten(id))))
        }
    }
}
