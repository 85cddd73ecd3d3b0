//! One row of a models file, typed.

use std::collections::BTreeMap;

use super::dates;
use super::distribution::cell::Value;
use super::labels::Labels;
use super::problem::{CellError, Place};
use super::study::Basis;

/// One row of a models file. `None` is "not stated"; a stated zero is kept as zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// Unique among all models.
    pub id: String,
    /// The line it came from.
    pub place: Place,
    /// Every non-empty textual cell by its column name: the known ones (`name`, `organization`, `date`, `region`,
    /// `provider`, `hardware`, `task`, `base_model`, `relation`, `source`, …) and any other column.
    /// Groups and shared effects look here.
    pub labels: Labels,
    /// Of publication.
    pub date: Option<Date>,
    /// Accelerators.
    pub hardware_count: Option<f64>,
    /// What the coverage by downloads sweeps a threshold over.
    pub downloads: Option<f64>,
    /// The models this one was made from (several: a merge).
    pub base_models: Vec<Base>,
    /// How it was made from them.
    pub relation: Option<Relation>,
    /// Probability that the row is a training run of its own; `None` = not stated (column `base_probability`).
    pub base_probability: Option<f64>,
    /// Standard deviation of that probability, common to the rows of one `lineage_class`.
    pub base_probability_sd: Option<f64>,
    /// Who states the figures.
    pub source: Source,
    /// Of the training run.
    pub emissions_kg: Option<Value>,
    /// Stated in grams, as model cards do.
    pub emissions_from_card: bool,
    /// Whether the facility's overhead is in the emissions; `None` = not stated.
    pub emissions_include_pue: Option<bool>,
    /// Whose grid intensity is in the emissions.
    pub emissions_basis: Basis,
    /// Of the training run.
    pub energy_kwh: Option<Value>,
    /// Whether the facility's overhead is in the energy.
    pub energy_includes_pue: bool,
    /// Accelerators times hours.
    pub gpu_hours: Option<Value>,
    /// Watts per accelerator, as the source counted it.
    pub power_w: Option<Value>,
    /// Floating-point operations of the training run.
    pub compute_flop: Option<Value>,
    /// How sure the source is of them.
    pub compute_confidence: Option<Confidence>,
    /// All of them.
    pub parameters: Option<Value>,
    /// Those that a token passes through (mixtures of experts).
    pub active_parameters: Option<Value>,
    /// Training tokens of one epoch.
    pub tokens: Option<Value>,
    /// How often the tokens were repeated.
    pub epochs: Option<Value>,
    /// Model FLOP utilisation, a fraction of the dense peak.
    pub mfu: Option<Value>,
    /// Operations per joule of IT energy.
    pub efficiency_flop_per_j: Option<Value>,
    /// Facility energy over IT energy.
    pub pue: Option<Value>,
    /// Emission intensity of the grid at the place.
    pub grid_g_per_kwh: Option<Value>,
    /// Of the electricity as bought: contracts, certificates, supplier's mix. 0 where all of it is matched.
    pub market_g_per_kwh: Option<Value>,
    /// Litres of water per kWh of IT energy.
    pub wue_l_per_kwh: Option<Value>,
    /// The figures are those of a list, not of the publisher (column `figures_from`): a published fact replaces them.
    pub from_list: bool,
    /// Columns that a published fact has filled or replaced.
    pub published: BTreeMap<&'static str, Published>,
}

/// The label that is the year of the date where no column of this name says otherwise.
pub const YEAR: &str = "year";

impl Model {
    /// The ids of the models this one was made from.
    pub fn base_ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.base_models.iter().map(|base| base.id.as_str())
    }

    /// What the row counts as in groups and effects by year: its column `year`, else the year of its date. Where the
    /// date was read from that column, the year of it alone.
    pub fn year(&self) -> Option<String> {
        let stated = self.labels.stated(YEAR);
        let is_date = stated == self.labels.get("date");
        match (stated, self.date) {
            (Some(year), None) => Some(year.to_string()),
            (Some(year), Some(_)) if !is_date => Some(year.to_string()),
            (_, date) => date.map(|date| date.year.to_string()),
        }
    }
}

/// A model that another one was made from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Base {
    /// Of its row, or of no row.
    pub id: String,
    /// How the other was made from this one, where the row says so of each; else [`Model::relation`] holds.
    pub relation: Option<Relation>,
    /// Its weight in a merge (column `merge_weights`).
    pub weight: Option<f64>,
}

impl Base {
    /// With nothing stated but its id.
    pub fn of(id: impl Into<String>) -> Base {
        Base { id: id.into(), ..Base::default() }
    }
}

/// A published fact in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// In the unit of its column.
    pub value: String,
    /// That states it.
    pub document: String,
    /// When the document was read.
    pub read: String,
    /// Doubts about the run's figures, and what they include; empty if there are none.
    pub note: String,
}

/// A date of which the month and day may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Common era.
    pub year: i32,
    /// 1 to 12.
    pub month: Option<u8>,
    /// From 1.
    pub day: Option<u8>,
}

impl std::str::FromStr for Date {
    type Err = CellError;

    /// As in a models file.
    fn from_str(text: &str) -> Result<Date, CellError> {
        dates::read(text)
    }
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
    /// Trained further.
    Finetune,
    /// Trained further, with low-rank adapters.
    Lora,
    /// The same on a quantised base.
    Qlora,
    /// With other adapters.
    Adapter,
    /// Fewer bits per weight; no training.
    Quantized,
    /// Weights of several models combined; no training.
    Merge,
    /// Trained on the outputs of the base.
    Distill,
    /// A copy; no training.
    Fork,
}

/// Who says so (column `source`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Source {
    /// A meter.
    Metered,
    /// A third party has checked it.
    Audited,
    /// The organisation itself.
    #[default]
    SelfReported,
    /// A tool that estimates.
    Calculator,
}

/// Epoch's word on how sure a compute figure is (column `compute_confidence`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// "Confident".
    Confident,
    /// "Likely".
    Likely,
    /// "Speculative".
    Speculative,
    /// "Unknown".
    Unknown,
    /// Known to be wrong: the figure is not used.
    Wrong,
}
