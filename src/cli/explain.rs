//! `haze explain`: where every factor of one model comes from.

use super::Failure;
use super::input::{FileArgs, Opened, hint};
use super::output::print;
use crate::portfolio::problem::shorten;
use crate::report;

pub(super) fn explain(input: &FileArgs, id: &str) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = input.open()?;
    match report::explain::explain(&assessment, id) {
        Some(text) => print(&text),
        None => {
            let ids: Vec<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
            let hint = hint(id, &ids);
            Err(Failure::Usage(format!("{}: no model has the id {:?}{hint}", input.file.display(), shorten(id))))
        }
    }
}
