//! Files of other tools through the door that people use: read, or refused with file and line.

mod cards;
mod fuzz;
mod known;

use std::path::PathBuf;

use carbonhaze::{Portfolio, Problems};

/// Reads a file of this name and content from a folder of its own.
fn read(name: &str, content: &[u8]) -> Result<Portfolio, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    Portfolio::read(&path)
}

fn good(name: &str, text: &str) -> Portfolio {
    read(name, text.as_bytes()).unwrap_or_else(|problems| {
        let listed: Vec<String> = problems.iter().map(|p| format!("\n  {p}")).collect();
        panic!("{text:?} was refused: {}", listed.concat())
    })
}

/// The rules and lines of the warnings of importing.
fn changes(portfolio: &Portfolio) -> Vec<(&str, u64)> {
    let of_import = portfolio.warnings.iter().filter(|w| w.rule.starts_with("import-"));
    of_import.map(|w| (w.rule, w.place.line)).collect()
}
