//! From paths to a checked portfolio: the one entrance of this stage.
//!
//! A study and all its models files are read before anything is reported, so that one call gives every problem.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bases;
use super::formats::inputs::Inputs;
use super::formats::{self, STDIN, named};
use super::model::{Model, YEAR};
use super::models_file::{self, ModelsFile};
use super::output::{Further, Outputs};
use super::problem::{CellError, Place, Problem, Problems, READ_AS, Warning, shorten, shorten_path};
use super::rules;
use super::spelling::{closest, question};
use super::study::Study;
use super::study_file::{self, StudyFile};
use crate::import::{self, GroupBy, Source};

/// Unknown columns for which a known one is suggested, and columns that are listed, at most.
const SUGGESTED: usize = 20;
const LISTED: usize = 40;

/// Everything the user gave: the models of all files and the study's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// In the order of the files. Ids are unique.
    pub models: Vec<Model>,
    /// What is run, and how.
    pub study: Study,
    /// What was suspicious in the files.
    pub warnings: Vec<Warning>,
    /// Every file that was opened to read it, by its path as it was named: none of them is to be written to.
    pub opened: Vec<PathBuf>,
}

impl Portfolio {
    /// A portfolio that no file holds. It is not checked: see [`rules::check`] for what is suspicious in it.
    pub fn new(models: Vec<Model>, study: Study) -> Portfolio {
        Portfolio { models, study, warnings: Vec::new(), opened: Vec::new() }
    }

    /// Reads a models file (CSV, JSON Lines or Parquet; `-` for standard input), a file of another tool or a folder of such
    /// files, or a study file (`.toml`) with all it names.
    ///
    /// ```
    /// use carbonhaze::{Portfolio, Value};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("models.csv");
    /// std::fs::write(&path, "id,emissions_t\nllama,2.5\nmistral,1 to 4\n")?;
    /// let portfolio = Portfolio::read(&path)?;
    /// assert_eq!(portfolio.models[0].emissions_kg, Some(Value::Number(2500.0)));
    /// assert!(portfolio.warnings.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// All problems of all files.
    pub fn read(path: impl AsRef<Path>) -> Result<Portfolio, Problems> {
        Portfolio::read_from(path.as_ref(), &Inputs::default())
    }

    /// The same from files that may be archived, or are kept.
    pub(crate) fn read_from(path: &Path, inputs: &Inputs) -> Result<Portfolio, Problems> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
            Portfolio::read_study(path, inputs)
        } else {
            Portfolio::read_tables(&[path], inputs)
        }
    }

    /// Reads several models files as one portfolio, with the default settings.
    ///
    /// # Errors
    /// All problems of all files.
    pub fn read_models(paths: &[impl AsRef<Path>]) -> Result<Portfolio, Problems> {
        Portfolio::read_tables(paths, &Inputs::default())
    }

    /// The portfolio with these outputs as well as those of its study.
    #[must_use]
    pub fn with_outputs(mut self, outputs: Outputs) -> Portfolio {
        self.study.outputs = self.study.outputs.and(outputs);
        if self.study.outputs.has(Further::Water) {
            self.warnings.retain(|w| w.rule != rules::WUE_UNUSED);
        }
        self
    }

    fn read_tables(paths: &[impl AsRef<Path>], inputs: &Inputs) -> Result<Portfolio, Problems> {
        let models: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_path_buf()).collect();
        let model_places = models.iter().map(|path| whole(path)).collect();
        let study = Study { models, ..Study::default() };
        let file = StudyFile { study, model_places, groups_place: whole(Path::new("")) };
        combine(file, Vec::new(), inputs)
    }

    fn read_study(path: &Path, inputs: &Inputs) -> Result<Portfolio, Problems> {
        let bytes = inputs.text(path).map_err(|e| Problem {
            place: whole(path),
            value: String::new(),
            message: e.to_string(),
        })?;
        let (mut file, problems) = study_file::read(path, &bytes);
        file.study.named = named::read(&file.study, inputs);
        combine(file, problems, inputs)
    }
}

/// [`Portfolio::read`] from files that may be archived, are kept, or are in memory.
///
/// # Errors
/// All problems of all files.
pub fn read_from(path: &Path, inputs: &Inputs) -> Result<Portfolio, Problems> {
    Portfolio::read_from(path, inputs)
}

/// The file as a whole.
fn whole(path: &Path) -> Place {
    Place { file: Arc::new(path.to_path_buf()), line: 0, column: String::new() }
}

/// Reads one models file, which the study names at `named_at`.
fn models_of(path: &Path, named_at: &Place, inputs: &Inputs) -> Result<ModelsFile, Problems> {
    let shown = if path == Path::new(STDIN) { Path::new("standard input") } else { path };
    let at = |e: CellError| {
        // A study names several files; a file given by itself is the place already.
        let value = if *named_at.file == *path { String::new() } else { shorten_path(shown) };
        Problem { place: named_at.clone(), value, message: e.to_string() }
    };
    if let Some(table) = inputs.in_memory(path) {
        return models_file::of_table(path, table, &inputs.folder(Path::new("")));
    }
    if let Some(files) = inputs.files(path).map_err(at)? {
        return folder_of(path, files, inputs, at);
    }
    let bytes = formats::is_table(path).and_then(|()| inputs.table(path)).map_err(at)?;
    models_file::read(shown, &bytes, &inputs.folder(path.parent().unwrap_or(Path::new(""))))
}

/// All files in a folder that are of a foreign format, as one models file. What is of none is passed over.
fn folder_of(
    path: &Path,
    files: Vec<PathBuf>,
    inputs: &Inputs,
    at: impl Fn(CellError) -> Problem,
) -> Result<ModelsFile, Problems> {
    let mut whole_folder = ModelsFile { models: Vec::new(), label_columns: Vec::new(), warnings: Vec::new() };
    let mut problems = Vec::new();
    let mut passed_over = 0usize;
    let all = files.len();
    for file in files {
        let problem = |message: String| Problem { place: whole(&file), value: String::new(), message };
        let read = inputs.table(&file).map_err(|e| problem(e.to_string()).into()).and_then(|bytes| {
            if import::recognised(&Source::new(&file, &bytes, GroupBy::default())).is_none() {
                return Ok(None);
            }
            models_file::read(&file, &bytes, &inputs.folder(file.parent().unwrap_or(Path::new("")))).map(Some)
        });
        match read {
            Ok(None) => passed_over += 1,
            Ok(Some(found)) => {
                whole_folder.models.extend(found.models);
                whole_folder.warnings.extend(found.warnings);
                whole_folder.label_columns.extend(found.label_columns);
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() && passed_over == all {
        let found = format!("no file in this folder is of a format that is imported ({all} were looked at)");
        problems.push(at(CellError::new(found, "name the models file in it")));
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    if passed_over > 0 {
        let message = format!(
            "{passed_over} of {all} files in the folder are of no format that is imported; they are passed over"
        );
        whole_folder.warnings.push(Warning { rule: READ_AS, place: whole(path), value: String::new(), message });
    }
    Ok(whole_folder)
}

/// The models of several files together, as a models file of all of them would have them.
///
/// # Errors
/// Ids that occur twice, and bases that cannot be.
pub fn joined(files: impl IntoIterator<Item = ModelsFile>) -> Result<Vec<Model>, Problems> {
    let files: Vec<Vec<Model>> = files.into_iter().map(|file| file.models).collect();
    let mut problems = again(&files);
    let mut models = together(files);
    problems.extend(bases::resolve(&mut models, &mut Vec::new()));
    if problems.is_empty() { Ok(models) } else { Err(problems.into()) }
}

/// The ids that another model has too.
fn again(files: &[Vec<Model>]) -> Vec<Problem> {
    let mut first_place: HashMap<&str, &Place> = HashMap::new();
    let mut problems = Vec::new();
    for model in files.iter().flatten() {
        match first_place.get(model.id.as_str()) {
            Some(first) => problems.push(Problem {
                place: Place { column: "id".into(), ..model.place.clone() },
                value: model.id.clone(),
                message: format!("the id is already used in {first}; ids must be unique across models files"),
            }),
            None => _ = first_place.insert(&model.id, &model.place),
        }
    }
    problems
}

/// The models of all files, without a copy where there is one.
fn together(files: Vec<Vec<Model>>) -> Vec<Model> {
    let mut files = files.into_iter();
    let mut models = files.next().unwrap_or_default();
    models.extend(files.flatten());
    models
}

/// Reads the models files of a study and checks what only shows when all are together.
fn combine(file: StudyFile, mut problems: Vec<Problem>, inputs: &Inputs) -> Result<Portfolio, Problems> {
    let mut files = Vec::new();
    let mut warnings = Vec::new();
    let mut columns: BTreeSet<String> = BTreeSet::new();
    let mut all_read = true;
    for (path, named_at) in file.study.models.iter().zip(&file.model_places) {
        let found = match models_of(path, named_at, inputs) {
            Ok(found) => found,
            Err(found) => {
                all_read = false;
                problems.extend(found);
                continue;
            }
        };
        files.push(found.models);
        columns.extend(found.label_columns);
        warnings.extend(found.warnings);
    }
    problems.extend(again(&files));
    let mut models = together(files);
    problems.extend(bases::resolve(&mut models, &mut warnings));
    let study = file.study;
    // A file that could not be read may have held the column.
    if all_read && !study.models.is_empty() {
        let asked = study.groups_by.iter().map(|by| (by, &file.groups_place, "groups.by"));
        let shared = study.shared.iter().flat_map(|s| s.by.iter().map(move |by| (by, &s.place, "shared.by")));
        // Labels that every row has, or has with its date.
        let derived: &[&str] = if columns.contains("date") { &["tier", YEAR] } else { &["tier"] };
        let known = |by: &str| columns.contains(by) || derived.contains(&by);
        let unknown = asked.chain(shared).filter(|(by, ..)| !known(by));
        let extra = derived.iter().copied().filter(|name| !columns.contains(*name));
        let names: Vec<&str> = columns.iter().map(String::as_str).chain(extra).collect();
        for (nth, (by, place, key)) in unknown.enumerate() {
            // The search takes time in the number of columns, and so does the list of them.
            let close = if nth < SUGGESTED { closest(by, &names) } else { None };
            problems.push(unknown_column(by, place, key, close, &names));
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut portfolio = Portfolio { models, study, warnings, opened: inputs.paths() };
    let suspicious = rules::check(&portfolio);
    portfolio.warnings.extend(suspicious);
    Ok(portfolio)
}

fn unknown_column(by: &str, place: &Place, key: &str, close: Option<&str>, names: &[&str]) -> Problem {
    let (first, others) = names.split_at(names.len().min(LISTED));
    let others = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let close = question(close.as_slice());
    Problem {
        place: Place { column: key.to_string(), ..place.clone() },
        value: shorten(by),
        message: format!("no models file has this column; {close}the columns are {}{others}", first.join(", ")),
    }
}
