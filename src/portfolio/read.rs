//! From paths to a checked portfolio: the one entrance of this stage.
//!
//! A study and all its models files are read before anything is reported, so that one call tells every problem.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::formats::named::NamedFiles;
use super::models_file::{self, ModelsFile};
use super::study_file::{self, StudyFile};
use super::{Place, Portfolio, Problem, Study, Warning, did_you_mean, rules};

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// Formats that people try, and that are no CSV under any reading.
const OTHER_FORMATS: [&str; 6] = ["parquet", "json", "jsonl", "xlsx", "xls", "ods"];

/// A portfolio and what is suspicious in it, or everything that is wrong.
pub type Outcome = Result<(Portfolio, Vec<Warning>), Vec<Problem>>;

/// Reads a models file (`.csv`, or `-` for CSV on standard input) or a study file (`.toml`) with all it names.
///
/// # Errors
/// All problems of all files, never an empty list.
pub fn read(path: &Path) -> Outcome {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        read_study(path)
    } else {
        read_models(&[path])
    }
}

/// Reads several models files as one portfolio, with the default settings.
///
/// # Errors
/// All problems of all files, never an empty list.
pub fn read_models(paths: &[&Path]) -> Outcome {
    let study = Study { models: paths.iter().map(|p| p.to_path_buf()).collect(), ..Study::default() };
    let places = paths.iter().map(|p| whole(p)).collect();
    let file = StudyFile { study, model_places: places, groups_place: whole(Path::new("")) };
    combine(file, Vec::new())
}

fn read_study(path: &Path) -> Outcome {
    let bytes =
        bytes_of(path).map_err(|message| vec![Problem { place: whole(path), value: String::new(), message }])?;
    let (mut file, problems) = study_file::read(path, &bytes);
    file.study.named = NamedFiles::read(&file.study);
    combine(file, problems)
}

/// The file as a whole.
fn whole(path: &Path) -> Place {
    Place { file: Arc::new(path.to_path_buf()), line: 0, column: String::new() }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    if path == Path::new(STDIN) {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|e| format!("standard input could not be read: {e}"))?;
        return Ok(bytes);
    }
    let extension = path.extension().map(|e| e.to_ascii_lowercase());
    if extension.is_some_and(|e| OTHER_FORMATS.iter().any(|other| e == *other)) {
        return Err("this format is not read; give a CSV file".into());
    }
    if path.is_dir() {
        return Err("this is a folder; name a file in it".into());
    }
    std::fs::read(path).map_err(|e| format!("the file could not be read: {e}; check the path"))
}

/// Reads the models files of a study and checks what only shows when all are together.
fn combine(file: StudyFile, mut problems: Vec<Problem>) -> Outcome {
    let mut models = Vec::new();
    let mut warnings = Vec::new();
    let mut columns: BTreeSet<String> = BTreeSet::new();
    let mut first_place: HashMap<String, Place> = HashMap::new();
    let mut all_read = true;
    for (path, named_at) in file.study.models.iter().zip(&file.model_places) {
        let shown = if path == Path::new(STDIN) { PathBuf::from("standard input") } else { path.clone() };
        let read = match bytes_of(path) {
            Ok(bytes) => {
                let base_dir = path.parent().unwrap_or(Path::new(""));
                models_file::read(&shown, &bytes, base_dir)
            }
            Err(message) => {
                // A study names several files; a file given by itself is the place already.
                let value = if *named_at.file == *path { String::new() } else { shown.display().to_string() };
                Err(vec![Problem { place: named_at.clone(), value, message }])
            }
        };
        match read {
            Ok(ModelsFile { models: found, label_columns, warnings: suspicious }) => {
                for model in &found {
                    if let Some(first) = first_place.get(&model.id) {
                        problems.push(Problem {
                            place: Place { column: "id".into(), ..model.place.clone() },
                            value: model.id.clone(),
                            message: format!("the id is already in {first}; ids are unique across models files"),
                        });
                    } else {
                        first_place.insert(model.id.clone(), model.place.clone());
                    }
                }
                models.extend(found);
                columns.extend(label_columns);
                warnings.extend(suspicious);
            }
            Err(found) => {
                all_read = false;
                problems.extend(found);
            }
        }
    }
    let study = file.study;
    // A file that could not be read may have held the column.
    if all_read && !study.models.is_empty() {
        let asked = study.groups_by.iter().map(|by| (by, &file.groups_place, "groups.by"));
        let shared = study.shared.iter().flat_map(|s| s.by.iter().map(move |by| (by, &s.place, "shared.by")));
        for (by, place, key) in asked.chain(shared) {
            if by != "tier" && !columns.contains(by) {
                problems.push(unknown_column(by, place, key, &columns));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let portfolio = Portfolio { models, study };
    warnings.extend(rules::check(&portfolio));
    Ok((portfolio, warnings))
}

fn unknown_column(by: &str, place: &Place, key: &str, columns: &BTreeSet<String>) -> Problem {
    let names: Vec<&str> = columns.iter().map(String::as_str).chain(["tier"]).collect();
    let close = did_you_mean(by, &names).map_or(String::new(), |close| format!("did you mean {close}? "));
    Problem {
        place: Place { column: key.to_string(), ..place.clone() },
        value: super::shorten(by),
        message: format!("no models file has this column; {close}the columns are {}", names.join(", ")),
    }
}
