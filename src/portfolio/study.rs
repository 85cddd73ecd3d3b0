//! A study's settings, typed: what is run, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::named::NamedFiles;
use super::output::Outputs;
use super::problem::Place;

/// A study file's settings, or their defaults where only a models file was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Models files, resolved against the study file's folder.
    pub models: Vec<PathBuf>,
    /// Draws of a run; `None`: not stated, the command line or the default decides.
    pub draws: Option<u64>,
    /// `precision`; not together with `draws`.
    pub precision: Option<f64>,
    /// Key of the random stream.
    pub seed: Option<u64>,
    /// Level of the credible intervals, in (0, 1).
    pub interval: Option<f64>,
    /// Whether the default shared effects are there.
    pub default_shared: bool,
    /// Rows that state figures inform the shared effects on all rows.
    pub learn: bool,
    /// Rows are completed by published facts of the run that they name.
    pub facts: bool,
    /// `[scope]`.
    pub scope: Scope,
    /// `[imputation] compute`.
    pub imputation: Imputation,
    /// `[imputation] fits`: the regressions to impute by, resolved against the study file's folder; `None`: the embedded
    /// ones.
    pub fits: Option<PathBuf>,
    /// `[outputs]`: what is reported besides the emissions.
    pub outputs: Outputs,
    /// `[priors]`, as written: section → key → value. The names and meanings are checked by `assess`.
    pub priors: toml::Table,
    /// What it names besides its models files, as read with it.
    pub named: NamedFiles,
    /// The study file (`None` when there is none).
    pub path: Option<PathBuf>,
    /// The line of each key of the study file, by its dotted path, for problems found later: see [`Study::place`].
    pub lines: BTreeMap<String, u64>,
    /// `[[shared]]`, in the order of the file.
    pub shared: Vec<SharedSpec>,
    /// `[groups] by`: columns (or `tier`) by which totals are also given.
    pub groups_by: Vec<String>,
}

impl Default for Study {
    /// What holds where only models files are given.
    fn default() -> Study {
        Study {
            models: Vec::new(),
            draws: None,
            precision: None,
            seed: None,
            interval: None,
            default_shared: true,
            learn: true,
            facts: true,
            scope: Scope::default(),
            imputation: Imputation::default(),
            fits: None,
            outputs: Outputs::default(),
            priors: toml::Table::new(),
            named: NamedFiles::default(),
            path: None,
            lines: BTreeMap::new(),
            shared: Vec::new(),
            groups_by: Vec::new(),
        }
    }
}

impl Study {
    /// The place of a key such as `priors.grid.unknown`, for a problem with its value. The line is that of the key, or of
    /// the value around it where that is no section; 0 where the file does not have the key.
    pub fn place(&self, key: &str) -> Place {
        let file = Arc::new(self.path.clone().unwrap_or_else(|| PathBuf::from("study")));
        Place { file, line: self.line(key), column: key.to_string() }
    }

    fn line(&self, key: &str) -> u64 {
        let has_keys = |section: &str| {
            let first = format!("{section}.");
            self.lines.range(first.clone()..).next().is_some_and(|(key, _)| key.starts_with(&first))
        };
        let mut shorter = key;
        loop {
            match (self.lines.get(shorter), shorter.rsplit_once('.')) {
                (Some(line), _) if shorter == key || !has_keys(shorter) => return *line,
                (None, Some((section, _))) => shorter = section,
                _ => return 0,
            }
        }
    }
}

/// How compute is imputed where parameters are known and compute is not (`[imputation] compute`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Imputation {
    /// By the tokens prior of its era.
    #[default]
    Tokens,
    /// By a regression on size and date.
    Regression,
}

impl Imputation {
    /// As in a study file.
    pub fn name(self) -> &'static str {
        match self {
            Imputation::Tokens => "tokens",
            Imputation::Regression => "regression",
        }
    }
}

/// Which part of the footprint is counted (`[scope]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Which runs.
    pub run: Run,
    /// Whose energy.
    pub boundary: Boundary,
    /// Which grid intensity.
    pub basis: Basis,
    /// Whether making the hardware counts.
    pub embodied: bool,
}

/// Which runs count (`[scope] run`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// The run that made the model.
    Final,
    /// All runs on the way to it too.
    Development,
}

/// Whose energy counts (`[scope] boundary`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// The facility's: with cooling and losses.
    Facility,
    /// The IT equipment's.
    It,
}

/// Whose emission intensity electricity has: the grid's at the place, or that which contracts and certificates assign
/// (GHG Protocol Scope 2 Guidance, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The grid's at the place.
    #[default]
    Location,
    /// As bought.
    Market,
}

impl Run {
    /// As in a study file.
    pub fn name(self) -> &'static str {
        match self {
            Run::Final => "final",
            Run::Development => "development",
        }
    }
}

impl Boundary {
    /// As in a study file.
    pub fn name(self) -> &'static str {
        match self {
            Boundary::Facility => "facility",
            Boundary::It => "it",
        }
    }
}

impl Basis {
    /// As in a study file.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Location => "location",
            Basis::Market => "market",
        }
    }
}

impl Default for Scope {
    /// Final run, facility, location-based, operational.
    fn default() -> Scope {
        Scope { run: Run::Final, boundary: Boundary::Facility, basis: Basis::Location, embodied: false }
    }
}

/// One `[[shared]]` entry: a lognormal multiplier drawn once for all models with the same value of `by`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedSpec {
    /// What it multiplies.
    pub factor: Factor,
    /// Its geometric standard deviation.
    pub gsd: f64,
    /// Columns; empty = one draw for every model.
    pub by: Vec<String>,
    /// Where the study file has it.
    pub place: Place,
}

/// The factors that shared effects act on, and that variance is attributed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// Floating-point operations.
    Compute,
    /// Operations per joule.
    Efficiency,
    /// Facility energy over IT energy.
    Pue,
    /// Emissions per energy.
    Grid,
    /// Errors of what is disclosed.
    Reporting,
    /// Whether a derivative is a run of its own.
    Lineage,
    /// All runs of the development over the final one.
    Development,
}

impl Factor {
    /// The name used in files, tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Factor::Compute => "compute",
            Factor::Efficiency => "efficiency",
            Factor::Pue => "pue",
            Factor::Grid => "grid",
            Factor::Reporting => "reporting",
            Factor::Lineage => "lineage",
            Factor::Development => "development",
        }
    }
}
