//! `haze explain`: how every factor of one model came about.

use std::path::Path;

use super::{Failure, assess, print};
use crate::portfolio;
use crate::portfolio::problem::did_you_mean;

pub fn explain(file: &Path, id: &str) -> Result<(), Failure> {
    let (portfolio, _) = portfolio::read(file)?;
    let assessment = assess(&portfolio)?;
    match crate::assess::explain(&assessment, id) {
        Some(text) => print(&text),
        None => {
            let ids: Vec<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
            let hint = did_you_mean(id, &ids).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            Err(Failure::Usage(format!("{}: no model has the id {id:?}{hint}", file.display())))
        }
    }
}
