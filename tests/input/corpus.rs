//! The corpus of odd inputs, `tests/input/corpus/`: every file is taken through all stages, as it stands and mutated.
//!
//! A file is one kind of trouble and is named by it. `cells` are tried in every column, `headers` and `rows` are models
//! files, `studies` lie over the models file among them, `runs` are files of published runs, `matches` join two lists. To
//! add one, put the file there. Mutations come from the seed of all property tests (`tests/common/cases.rs`); an input
//! that fails under `HAZE_RANDOM_CASES` belongs in the corpus.

use std::path::{Path, PathBuf};

use carbonhaze::low_level::coverage::matches_file;
use carbonhaze::low_level::portfolio::{Model, columns};
use carbonhaze::low_level::run::{NoProgress, RunError, Settings};
use carbonhaze::low_level::validate::runs_file;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use crate::common::cases::cases;
use crate::taken::{SESSION, refused, taken, warned};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input/corpus");
/// What the studies and cells of the corpus name.
const NAMED: [&str; 3] = ["models.csv", "values.txt", "fits.toml"];

/// Name and bytes of every file of a kind.
fn corpus(kind: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(Path::new(CORPUS).join(kind)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_string();
    let trouble = paths.iter().filter(|path| !NAMED.contains(&named(path).as_str()));
    let files: Vec<(String, Vec<u8>)> = trouble.map(|path| (named(path), std::fs::read(path).unwrap())).collect();
    assert!(files.len() > 10, "{kind}");
    files
}

/// A folder with all that the corpus names.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in NAMED {
        std::fs::copy(Path::new(CORPUS).join("studies").join(name), dir.path().join(name)).unwrap();
    }
    dir
}

/// Columns that a cell can stand in.
fn places() -> Vec<&'static str> {
    columns::known().into_iter().filter(|name| *name != "id").chain(["architecture", "team"]).collect()
}

/// A models file with one cell, in a row that states more.
fn with_cell(column: &str, cell: &[u8]) -> Vec<u8> {
    let quoted: Vec<u8> = cell.iter().flat_map(|b| if *b == b'"' { vec![*b; 2] } else { vec![*b] }).collect();
    let more = if column == "parameters" { "tokens" } else { "parameters" };
    [format!("id,{more},{column}\nm,7e9,\"").as_bytes(), &quoted, b"\"\n"].concat()
}

/// What is done with a file of a kind.
fn goes(kind: &str, dir: &Path, bytes: &[u8], twice: bool) -> bool {
    match kind {
        "runs" => runs(bytes),
        "matches" => matches(bytes),
        _ => {
            let path = dir.join(if kind == "studies" { "study.toml" } else { "input.csv" });
            std::fs::write(&path, bytes).unwrap();
            taken(&path, twice)
        }
    }
}

fn runs(bytes: &[u8]) -> bool {
    let file = match runs_file::read(Path::new("runs.csv"), bytes) {
        Ok(file) => file,
        Err(problems) => return refused(&problems),
    };
    warned(&file.warnings);
    let settings = Settings { draws: 4, ..Settings::default() };
    match SESSION.validate(&file, &[], settings, &NoProgress) {
        Ok(found) => {
            for row in &found.rows {
                assert!(row.predicted > 0.0 && row.predicted.is_finite() && row.crps.is_finite(), "{row:?}");
            }
            true
        }
        Err(RunError::Input(problems)) => refused(&problems),
        Err(other) => panic!("without file and line: {other}"),
    }
}

fn matches(bytes: &[u8]) -> bool {
    let list = |ids: [&str; 2]| ids.map(|id| Model { id: id.to_string(), ..Model::default() });
    match matches_file::read(Path::new("matches.csv"), bytes, [&list(["a", "b"]), &list(["A", "B"])]) {
        Ok(file) => {
            warned(&file.warnings);
            true
        }
        Err(problems) => refused(&problems),
    }
}

/// Every file as it stands; names of those that were taken.
fn whole(kind: &str) -> Vec<String> {
    let dir = folder();
    let mut names = Vec::new();
    for (name, bytes) in corpus(kind) {
        println!("{kind}/{name}");
        if goes(kind, dir.path(), &bytes, true) {
            names.push(name);
        }
    }
    names
}

/// One that must be taken and one that must not, so that both outcomes occur.
fn divided(kind: &str, taken: &str, not: &str) {
    let names = whole(kind);
    assert!(names.iter().any(|name| name == taken), "{taken} of {names:?}");
    assert!(!names.iter().any(|name| name == not), "{not} of {names:?}");
}

#[test]
fn headers_are_read_or_refused() {
    divided("headers", "bom.csv", "quote-open.csv");
}

#[test]
fn rows_are_assessed_or_refused() {
    divided("rows", "hours-energy-grid-zero.csv", "mfu-zero.csv");
}

#[test]
fn studies_are_assessed_or_refused() {
    divided("studies", "shared.toml", "scope-development-twice.toml");
}

#[test]
fn runs_are_predicted_or_refused() {
    divided("runs", "repeated.csv", "quote-open.csv");
}

#[test]
fn matches_are_read_or_refused() {
    divided("matches", "good.csv", "quote-open.csv");
}

#[test]
fn cells_of_any_column_are_read_or_refused() {
    let dir = folder();
    let mut counts = [0, 0];
    for (name, bytes) in corpus("cells") {
        for column in places() {
            println!("{name} in {column}");
            counts[usize::from(goes("cells", dir.path(), &with_cell(column, &bytes), false))] += 1;
        }
    }
    assert!(counts.iter().all(|n| *n > 500), "{counts:?}");
}

/// Bytes that mean something somewhere.
const PIECES: [&str; 40] = [
    "\"",
    ",",
    "\n",
    "\r",
    "\r\n",
    ";",
    "(",
    ")",
    "[",
    "]",
    "=",
    ".",
    ":",
    "#",
    "0",
    "1",
    "9",
    "-",
    "+",
    "e",
    "1e40",
    "1e-30",
    "1e308",
    "nan",
    " to ",
    "±",
    "%",
    " kWh",
    "fixed(0)",
    "mixture(0.5: 0, 0.5: 1)",
    "lognormal(1, 9)",
    "gamma(1e-3, 1)",
    "\u{202e}",
    "\u{1b}[31m",
    "é",
    "\0",
    "\u{feff}",
    "id",
    "models.csv",
    "empirical(values.txt)",
];

/// One edit of the bytes: at a place, of a kind, with a byte or a piece, over a length.
type Edit = (Index, u8, Index, usize);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec((any::<Index>(), 0..7u8, any::<Index>(), 1..20usize), 1..6)
}

fn mutated(files: &[(String, Vec<u8>)], of: &Index, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = of.get(files).1.clone();
    for (at, kind, what, length) in edits {
        let from = at.index(bytes.len() + 1);
        let to = (from + length).min(bytes.len());
        let piece = what.get(&PIECES).as_bytes();
        let new: Vec<u8> = match kind {
            0 => Vec::new(),
            1 => vec![what.index(256) as u8],
            2 => [piece, &bytes[from..to]].concat(),
            3 => piece.to_vec(),
            // The same again.
            4 => bytes[from..to].repeat(2),
            // A part of another file.
            5 => {
                let other = &what.get(files).1;
                let start = at.index(other.len() + 1);
                other[start..(start + 2 * length).min(other.len())].to_vec()
            }
            _ => bytes[from..to].iter().rev().copied().collect(),
        };
        bytes.splice(from..to, new);
    }
    bytes
}

/// Mutations of a kind: each is taken or refused as it must be.
fn mutations(kind: &str, usual: u32) {
    let (files, dir, columns) = (corpus(kind), folder(), places());
    proptest!(cases(usual), |(of in any::<Index>(), edits in edits(), column in any::<Index>())| {
        let bytes = mutated(&files, &of, &edits);
        let bytes = if kind == "cells" { with_cell(columns[column.index(columns.len())], &bytes) } else { bytes };
        let outcome = std::panic::catch_unwind(|| goes(kind, dir.path(), &bytes, false));
        prop_assert!(outcome.is_ok(), "{}: {:?}", of.get(&files).0, String::from_utf8_lossy(&bytes));
    });
}

#[test]
fn mutated_cells() {
    mutations("cells", 64);
}

#[test]
fn mutated_headers() {
    mutations("headers", 64);
}

#[test]
fn mutated_rows() {
    mutations("rows", 64);
}

#[test]
fn mutated_studies() {
    mutations("studies", 64);
}

#[test]
fn mutated_runs() {
    mutations("runs", 64);
}

#[test]
fn mutated_matches() {
    mutations("matches", 64);
}
