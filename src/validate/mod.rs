//! Back-tests the intervals: published runs predicted from less than was published, and sums with the compute hidden.
//!
//! ```text
//! runs_file ─> predict (portfolio row ─> assess ─> plan ─> engine) ─> scores ─> Validation
//! ```
//!
//! `runs_file` reads published runs (`columns` its header, `wording` its free text, `regions` its places, `repeats` what
//! it says twice), `shipped` holds those that priors were derived from, `hierarchy` is the model that priors are fitted by:
//! `calibrate` fits those of MFU to runs, again without a family where that family is predicted, and `tokens` those of
//! training length to models, again without an organisation. `predict` lets the product itself predict a
//! quantity of a run, `baselines` are the constants it has to beat, `scores` are proper scores and coverage,
//! `masked_sum` is the test of imputed compute, `pit` says where truths lie in their predictions, `anchors` are published emissions over published
//! compute. Nothing here is a second model: a prediction is what `assess` makes of a
//! row that states only what the predictor may see, drawn by the engine.
//!
//! The protocol is in `docs/validation.md`.

pub mod anchors;
pub mod baselines;
pub mod calibrate;
pub mod columns;
pub mod hierarchy;
pub mod masked_sum;
pub mod pit;
pub mod predict;
pub mod regions;
pub mod repeats;
pub mod runs_file;
pub mod scores;
pub mod shipped;
pub mod summary;
pub mod tokens;
pub mod wording;

use serde::Serialize;

use crate::portfolio::Place;
use crate::run::{Progress, RunError, Sampler, Session, Settings};

pub use baselines::Baseline;
pub use masked_sum::{MaskedList, MaskedSum};
pub use pit::Histogram;
pub use runs_file::{Run, RunsFile};
pub use summary::{Coverage, Group, Scores, Summary};

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Accelerator-hours.
    Hours,
    /// kWh, in the scope of the source.
    Energy,
    /// tCO2e.
    Emissions,
}

impl Quantity {
    /// Every quantity, in the order of the chain.
    pub const ALL: [Quantity; 3] = [Quantity::Hours, Quantity::Energy, Quantity::Emissions];

    /// The name used in files, tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Hours => "hours",
            Quantity::Energy => "energy",
            Quantity::Emissions => "emissions",
        }
    }

    /// Of the file of published runs.
    pub fn column(self) -> &'static str {
        match self {
            Quantity::Hours => "gpu_hours",
            Quantity::Energy => "energy_kwh",
            Quantity::Emissions => "emissions_tco2e",
        }
    }

    /// As printed.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Hours => "accelerator-hours",
            Quantity::Energy => "kWh",
            Quantity::Emissions => "tCO2e",
        }
    }
}

/// Where a prediction starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The published energy.
    Energy,
    /// The published accelerator-hours.
    Hours,
    /// `training_flop`, else parameters and tokens.
    Compute,
}

/// Which priors a row was predicted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// Those of the program: no prior was derived from this row.
    Shipped,
    /// The same, derived again without the row's family.
    WithoutItsFamily,
}

/// One published figure and its prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Name of the run's model.
    pub model: String,
    /// Its line in the file.
    pub line: u64,
    /// Organisation and year, else the beginning of the name.
    pub family: String,
    /// Tier of the row as the predictor saw it.
    pub tier: &'static str,
    /// What is predicted.
    pub quantity: Quantity,
    /// What it is predicted from.
    pub from: Input,
    /// The published figure, in the unit of the quantity.
    pub published: f64,
    /// Median of the prediction, and its central intervals at 50, 80, 90 and 95 %.
    pub predicted: f64,
    /// Central 50 % interval, in the unit of the quantity.
    pub interval_50: [f64; 2],
    /// Central 80 % interval.
    pub interval_80: [f64; 2],
    /// Central 90 % interval.
    pub interval_90: [f64; 2],
    /// Central 95 % interval.
    pub interval_95: [f64; 2],
    /// Whether the published figure lies in the 90 % interval.
    pub inside_90: bool,
    /// Probability of the prediction at or below the published figure.
    pub pit: f64,
    /// ln(predicted / published).
    pub error_ln: f64,
    /// Of the natural logarithm.
    pub crps: f64,
    /// Of the logarithm, at 90 %.
    pub interval_score: f64,
    /// The figure was made from what the predictor sees, times constants.
    pub circular: bool,
    /// A prior that the prediction uses was derived from this row.
    pub in_sample: bool,
    /// Which priors it was predicted with.
    pub judged_by: Judged,
    /// The model was distilled from another; such rows are scored separately.
    pub distilled: bool,
    /// What was assumed because the row does not say.
    pub notes: Vec<String>,
}

/// A row that is not scored for a quantity although that quantity is published, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// Name of the run's model.
    pub model: String,
    /// Its line in the file.
    pub line: u64,
    /// The quantity that is not scored.
    pub quantity: Quantity,
    /// Why it is not.
    pub reason: String,
}

/// Everything that `haze validate` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Draws of each prediction.
    pub draws: u64,
    /// Seed of the run.
    pub seed: u64,
    /// Runs in the file.
    pub rows_read: usize,
    /// Scores by quantity.
    pub quantities: Vec<Summary>,
    /// Runs with a scored figure, and of these those whose chip or place is not stated or not in the tables.
    pub runs_scored: usize,
    /// Of the scored runs, those whose chip is not stated or not in the table.
    pub chips_unknown: usize,
    /// Of the scored runs, those whose place is not stated or has no known grid.
    pub regions_unknown: usize,
    /// Every scored figure, in the order of the names, whatever that of the file.
    pub rows: Vec<Row>,
    /// Published figures that are not scored.
    pub left_out: Vec<LeftOut>,
    /// One for each list.
    pub masked_sums: Vec<MaskedSum>,
}

impl Session {
    /// Predicts every usable figure of a file of published runs and scores the predictions, then the masked sums of the
    /// lists. `settings` are those of each prediction; its level is not used.
    ///
    /// # Errors
    /// A prediction that cannot be compiled or drawn, and an interruption.
    pub fn validate(
        &self,
        file: &RunsFile,
        lists: &[MaskedList],
        settings: Settings,
        progress: &dyn Progress,
    ) -> Result<Validation, RunError> {
        // Up to three predictions of a run, of one or two rows each.
        let model_draws = settings.draws.saturating_mul(file.runs.len() as u64).saturating_mul(4);
        validate(file, lists, &self.sampler(settings, model_draws, progress))
    }
}

/// Predicts every usable figure of the file and scores the predictions, then the masked sums of the lists.
///
/// # Errors
/// A prediction that cannot be compiled or drawn, and an interruption.
pub fn validate(file: &RunsFile, lists: &[MaskedList], sampler: &Sampler<'_>) -> Result<Validation, RunError> {
    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    let mut runs: Vec<Run> =
        if file.annotated { file.runs.clone() } else { file.runs.iter().map(shipped::annotated).collect() };
    // By name and then all that they say: the order of the file changes no result.
    runs.sort_by_cached_key(|run| (run.name.clone(), format!("{:?}", Run { place: Place::default(), ..run.clone() })));
    // Warnings are the reader's.
    let (repeated, _) = repeats::of(&runs);
    let (mut runs_scored, mut chips_unknown, mut regions_unknown) = (0, 0, 0);
    for (run, repeats) in runs.iter().zip(repeated) {
        let before = rows.len();
        for quantity in Quantity::ALL {
            let usable = predict::usable(run, quantity);
            let reason = match (usable, repeats) {
                (predict::Usable::No, _) => continue,
                (predict::Usable::LeftOut(reason), _) => reason.to_string(),
                (predict::Usable::From(_), Some(line)) => format!("repeats line {line}"),
                (predict::Usable::From(input), None) => {
                    rows.push(predict::row(run, quantity, input, sampler)?);
                    continue;
                }
            };
            left_out.push(LeftOut { model: run.name.clone(), line: run.place.line, quantity, reason });
        }
        if rows.len() > before {
            runs_scored += 1;
            chips_unknown += usize::from(predict::chips(run).is_none());
            regions_unknown += usize::from(predict::region(run).is_none());
        }
    }
    let by_line = runs.iter().map(|run| (run.place.line, run)).collect();
    let quantities = Quantity::ALL.map(|q| summary::of(q, &rows, &by_line)).into();
    let mut masked_sums = Vec::new();
    for list in lists {
        masked_sums.push(masked_sum::masked_sum(list, sampler)?);
    }
    Ok(Validation {
        draws: sampler.draws,
        seed: sampler.seed,
        rows_read: file.runs.len(),
        quantities,
        runs_scored,
        chips_unknown,
        regions_unknown,
        rows,
        left_out,
        masked_sums,
    })
}
