//! The header of a file of published runs: which columns are read, and which were probably meant.
//!
//! Case, surrounding blanks, and hyphens or blanks for underscores make no difference ("GPU hours" is `gpu_hours`). A
//! column that is not read is legal; if its name is near to one that is read and not there, that is worth a warning.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::runs_file;
use crate::portfolio::spelling::closest;
use crate::portfolio::{Place, Problem, Warning};

/// Columns with a meaning here, in the order of the shipped file; others are not read.
const COLUMNS: [&str; 24] = [
    "model",
    "independent",
    "parameters",
    "tokens",
    "training_flop",
    "hardware",
    "gpu_hours",
    "power_w",
    "pue",
    "energy_kwh",
    "energy_includes_pue",
    "emissions_tco2e",
    "energy_basis",
    "scope",
    "notes",
    "active_parameters",
    "architecture",
    "predict_from",
    "circular",
    "organization",
    "date",
    "region",
    "emissions_basis",
    "emissions_include_pue",
];

/// Columns that are no part of a published statement.
pub const ANNOTATIONS: [&str; 8] =
    ["active_parameters", "architecture", "predict_from", "circular", "organization", "date", "region", "relation"];

/// Read where they are there, without advice on their spelling.
const QUIET: [&str; 7] =
    ["relation", "sets_prior", "basis_document", "source", "document", "grid_gco2_per_kwh", "year"];

/// What others call a column.
const OTHER_NAMES: [(&str, &[&str]); 9] = [
    ("gpu_hours", &["hours", "accelerator_hours", "chip_hours", "tpu_hours"]),
    ("energy_kwh", &["energy", "kwh", "energy_mwh", "electricity"]),
    ("emissions_tco2e", &["emissions", "co2", "co2e", "tco2e", "tco2eq", "carbon", "emissions_t", "emissions_kg"]),
    ("power_w", &["power", "tdp", "tdp_w"]),
    ("training_flop", &["flop", "flops", "compute", "compute_flop", "training_compute"]),
    ("parameters", &["params", "n_parameters", "size"]),
    ("hardware", &["chip", "gpu", "accelerator", "gpu_type"]),
    ("region", &["country", "location"]),
    ("organization", &["organisation", "org", "developer"]),
];

/// The name in lower case with underscores.
fn plain(name: &str) -> String {
    let words = name.to_lowercase();
    let words: Vec<&str> = words.split(|c: char| c.is_whitespace() || c == '-').filter(|w| !w.is_empty()).collect();
    words.join("_")
}

/// Columns that are not read although they look like ones that would be.
pub fn warnings(file: &Arc<PathBuf>, header: &[String]) -> Vec<Warning> {
    let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
    let is_known = |name: &str| COLUMNS.iter().chain(&QUIET).any(|c| *c == name);
    let missing: Vec<&str> = COLUMNS.into_iter().filter(|c| !names.iter().any(|n| n == c)).collect();
    let joined = |name: &str| name.replace('_', "");
    let mut found = Vec::new();
    for (name, shown) in names.iter().zip(header).filter(|(n, _)| !n.is_empty() && !is_known(n)) {
        let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&name.as_str())).map(|(c, _)| *c);
        let meant = missing.iter().copied().find(|c| joined(c) == joined(name)).or(other);
        let meant = meant.filter(|c| missing.contains(c)).or_else(|| closest(name, &missing));
        if let Some(meant) = meant {
            found.push(Warning {
                rule: "column-not-read",
                place: Place { file: Arc::clone(file), line: 1, column: shown.clone() },
                value: String::new(),
                message: format!("this column is not read; if it is {meant}, use that name (and its units)"),
            });
        }
    }
    found
}

/// Where each column stands; `None` where the rows cannot be read at all.
pub fn places(file: &Arc<PathBuf>, header: &[String], problems: &mut Vec<Problem>) -> Option<BTreeMap<String, usize>> {
    let mut found = BTreeMap::new();
    for (i, name) in header.iter().enumerate() {
        if let Some(first) = found.insert(plain(name), i)
            && !name.is_empty()
        {
            let message = format!("columns {} and {} have the same name; rename or delete one", first + 1, i + 1);
            problems.push(runs_file::problem(file, 1, name, name, message));
        }
    }
    if found.contains_key("model") {
        return Some(found);
    }
    let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hint = closest("model", &names).map_or(String::new(), |near| format!(" ({near:?} looks like it)"));
    let others = COLUMNS.iter().chain(&QUIET).filter(|c| names.contains(*c)).count();
    let message = if others == 0 {
        "this is not a file of published runs: it has none of their columns; see docs/validation.md".to_string()
    } else {
        format!("there is no column model, which names the run{hint}")
    };
    problems.push(runs_file::problem(file, 1, "model", "", message));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Vec<String>, Vec<String>) {
        let file = runs_file::read(
            std::path::Path::new("runs.csv"),
            format!("{text}\n{}\n", text.replace(|c| c != ',', "")).as_bytes(),
        );
        let header: Vec<String> = text.split(',').map(String::from).collect();
        let warned = warnings(&Arc::new(PathBuf::from("runs.csv")), &header);
        let problems = file.err().iter().flatten().map(ToString::to_string).collect();
        (warned.iter().map(|w| format!("{} {}", w.place.column, w.message)).collect(), problems)
    }

    #[test]
    fn near_names_are_told_and_others_not() {
        for (header, column, meant) in [
            ("model,gpuhours", "gpuhours", "gpu_hours"),
            ("model,energy", "energy", "energy_kwh"),
            ("model,Emissions", "Emissions", "emissions_tco2e"),
            ("model,params", "params", "parameters"),
            ("model,tokns", "tokns", "tokens"),
        ] {
            let (warned, _) = of(header);
            assert!(warned.len() == 1 && warned[0].starts_with(&format!("{column} ")), "{header}: {warned:?}");
            assert!(warned[0].contains(&format!("if it is {meant},")), "{header}: {warned:?}");
        }
        for header in
            ["model,GPU hours,energy-kwh", "model,comment,sets_prior,year", "model,energy_kwh,energy", "model,"]
        {
            assert_eq!(of(header).0, Vec::<String>::new(), "{header}");
        }
        assert!(of("Model,model").1[0].contains("same name"));
    }
}
