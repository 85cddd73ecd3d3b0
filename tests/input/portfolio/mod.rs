//! Reading what a user gives: models files, cells, study files, rules; then round trips and fuzz.

mod cells;
mod dialects;
mod fuzz;
mod models_files;
mod schemas;
mod studies;
mod suspicious;

use std::path::Path;

use carbonhaze::low_level::portfolio::cell;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::models_file::{self, ModelsFile};
use carbonhaze::low_level::portfolio::{Model, Problem, Problems, Value};

/// A bad text; line and column of its problem; words that the message must hold.
type Bad = (&'static str, u64, &'static str, &'static [&'static str]);

fn models(text: &str) -> Result<ModelsFile, Problems> {
    models_file::read(Path::new("models.csv"), text.as_bytes(), &Inputs::default().folder(Path::new("")))
}

fn good(text: &str) -> Vec<Model> {
    models(text).unwrap_or_else(|problems| panic!("{text:?} was refused: {}", listed(&problems))).models
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("\n  {p}")).collect()
}

fn parsed(text: &str) -> Result<Value, String> {
    cell::parse(text, &Inputs::default().folder(Path::new(""))).map_err(|e| e.to_string())
}

/// A folder of its own with these files, removed when dropped.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}
