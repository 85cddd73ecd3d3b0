//! What is known of each model: the first stage.
//!
//! A [`Portfolio`] is what the user's files say, checked and typed, and nothing more: no default, no look-up.
//! `models_file` reads CSV, `study_file` reads TOML, [`distribution`] has the families and reads one cell, `quantity`
//! says what a value may be, `problem` is how errors and warnings name their place, `rules` finds what is legal but
//! suspicious. [`read()`] does all of it.

pub(crate) mod csv_text;
pub mod distribution;
pub mod formats;
pub mod models_file;
pub(crate) mod number;
pub mod problem;
pub mod quantity;
pub mod read;
pub mod rules;
pub mod study_file;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use distribution::cell::Value;
pub use distribution::{Distribution, cell, moments, quantile};
use formats::named::NamedFiles;
pub use problem::{Place, Problem, Warning};
pub use read::{read, read_models};

use problem::{did_you_mean, shorten};

/// Everything the user gave: the models of all files and the study's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// In the order of the files. Ids are unique.
    pub models: Vec<Model>,
    pub study: Study,
}

/// One row of a models file. `None` is "not stated"; a stated zero is kept as zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    pub id: String,
    pub place: Place,
    /// Every non-empty textual cell by its column name: the known ones (`name`, `organization`, `date`, `region`,
    /// `provider`, `hardware`, `task`, `base_model`, `relation`, `source`, …) and any other column.
    /// Groups and shared effects look here.
    pub labels: BTreeMap<String, String>,
    pub date: Option<Date>,
    pub hardware_count: Option<f64>,
    pub downloads: Option<f64>,
    /// Ids of the models this one was made from (several: a merge).
    pub base_models: Vec<String>,
    pub relation: Option<Relation>,
    /// Probability that the row is a training run of its own; `None` = not stated (column `base_probability`).
    pub base_probability: Option<f64>,
    pub source: Source,
    pub emissions_kg: Option<Value>,
    /// Stated in grams, as model cards do.
    pub emissions_from_card: bool,
    /// Whether the facility's overhead is in the emissions; `None` = not stated.
    pub emissions_include_pue: Option<bool>,
    pub emissions_basis: Basis,
    pub energy_kwh: Option<Value>,
    pub energy_includes_pue: bool,
    pub gpu_hours: Option<Value>,
    /// Watts per accelerator, as the source counted it.
    pub power_w: Option<Value>,
    pub compute_flop: Option<Value>,
    pub compute_confidence: Option<Confidence>,
    pub parameters: Option<Value>,
    pub active_parameters: Option<Value>,
    pub tokens: Option<Value>,
    pub epochs: Option<Value>,
    /// A fraction.
    pub mfu: Option<Value>,
    pub efficiency_flop_per_j: Option<Value>,
    pub pue: Option<Value>,
    pub grid_g_per_kwh: Option<Value>,
    /// Of the electricity as bought: contracts, certificates, supplier's mix. 0 where all of it is matched.
    pub market_g_per_kwh: Option<Value>,
    pub wue_l_per_kwh: Option<Value>,
}

/// A date of which the month and day may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    pub month: Option<u8>,
    pub day: Option<u8>,
}

impl Date {
    /// As a year with the part of it that is over; the middle of what is not stated.
    pub fn as_year(self) -> f64 {
        const DAYS_BEFORE: [f64; 12] = [0.0, 31.0, 59.0, 90.0, 120.0, 151.0, 181.0, 212.0, 243.0, 273.0, 304.0, 334.0];
        let before = self.month.and_then(|month| DAYS_BEFORE.get(usize::from(month).checked_sub(1)?).copied());
        let days = before.map_or(182.5, |before| before + self.day.map_or(15.0, |day| f64::from(day) - 1.0));
        f64::from(self.year) + days / 365.25
    }
}

/// How a derivative was made from its base (column `relation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    Finetune,
    Lora,
    Qlora,
    Adapter,
    Quantized,
    Merge,
    Distill,
    Fork,
}

/// Who says so (column `source`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Source {
    Metered,
    Audited,
    #[default]
    SelfReported,
    Calculator,
}

/// Epoch's word on how sure a compute figure is (column `compute_confidence`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    Confident,
    Likely,
    Speculative,
    Unknown,
    Wrong,
}

/// A study file's settings, or their defaults where only a models file was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Models files, resolved against the study file's folder.
    pub models: Vec<PathBuf>,
    /// `None`: not stated, the command line or the default decides.
    pub draws: Option<u64>,
    pub seed: Option<u64>,
    /// Level of the credible intervals, in (0, 1).
    pub interval: Option<f64>,
    pub default_shared: bool,
    pub scope: Scope,
    /// `[imputation] compute`.
    pub imputation: Imputation,
    /// `[imputation] fits`: the regressions to impute by, resolved against the study file's folder; `None`: the embedded
    /// ones.
    pub fits: Option<PathBuf>,
    /// `[outputs]`: what is told beside the headline.
    pub outputs: Outputs,
    /// `[priors]`, as written: section → key → value. The names and meanings are checked by `assess`.
    pub priors: toml::Table,
    /// What it names besides its models files, as read with it.
    pub named: NamedFiles,
    /// Where the study's text lies, for problems found later (`None` when there is no study file).
    pub path: Option<PathBuf>,
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
            seed: None,
            interval: None,
            default_shared: true,
            scope: Scope::default(),
            imputation: Imputation::default(),
            fits: None,
            outputs: Outputs::default(),
            priors: toml::Table::new(),
            named: NamedFiles::default(),
            path: None,
            shared: Vec::new(),
            groups_by: Vec::new(),
        }
    }
}

/// What is told beside the headline and never mixed into it (`[outputs]`). All off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outputs {
    pub water: bool,
    pub embodied: bool,
    pub development: bool,
}

impl Outputs {
    /// What either asks for.
    pub fn and(self, other: Outputs) -> Outputs {
        Outputs {
            water: self.water || other.water,
            embodied: self.embodied || other.embodied,
            development: self.development || other.development,
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
    pub run: Run,
    pub boundary: Boundary,
    pub basis: Basis,
    pub embodied: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Final,
    Development,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    Facility,
    It,
}

/// Whose electricity emissions are told of: the grid's at the place, or that which contracts and certificates assign
/// (GHG Protocol Scope 2 Guidance, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    #[default]
    Location,
    Market,
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
    pub factor: Factor,
    pub gsd: f64,
    /// Columns; empty = one draw for every model.
    pub by: Vec<String>,
    pub place: Place,
}

/// The factors that shared effects act on and by which sensitivity is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    Compute,
    Efficiency,
    Pue,
    Grid,
    Reporting,
    Lineage,
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
        }
    }
}
