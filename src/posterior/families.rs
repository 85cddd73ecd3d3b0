//! What a base model and everything made of it emit together: the results of a question about lineage.
//!
//! All totals of one answer come from the same draws, so that families, their union and their differences belong
//! together. A model for which neither emissions nor energy nor accelerator-hours are stated is imputed; how much of a
//! total that is stands with it.

use serde::Serialize;

use super::Estimate;
use super::joint::Chance;

/// Some models together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sum {
    /// How many rows they are.
    pub members: usize,
    /// How many of them have emissions, energy or accelerator-hours that are stated or published, and used.
    pub reported: usize,
    /// Their emissions, in t.
    pub emissions_t: Estimate,
    /// The part of the mean that comes from the other rows.
    pub imputed_share: Option<f64>,
    /// What the rows state as their emissions, added up as it stands.
    pub stated: Stated,
}

/// Stated emissions, added up as they stand: no correction of scope, no error, nothing for rows that state none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Stated {
    /// Rows that state emissions.
    pub models: usize,
    /// Their sum, of a distribution its mean, in t.
    pub emissions_t: f64,
}

/// The models of one relation or at one depth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The relation, or the number of steps from the root.
    pub of: String,
    /// The models of it.
    #[serde(flatten)]
    pub sum: Sum,
}

/// A base model and everything made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Family {
    /// Id of the base model.
    pub root: String,
    /// Whether the root is a row of the file; one that is not has no footprint here.
    pub in_file: bool,
    /// All of it.
    #[serde(flatten)]
    pub sum: Sum,
    /// The root alone; `None` where it is in no row.
    pub own_t: Option<Estimate>,
    /// Everything but the root.
    pub descendants_t: Estimate,
    /// What the derivatives are of the whole family, between 0 and 1.
    pub descendants_share: Option<Estimate>,
    /// The family's part where shared models are divided between families.
    pub allocated_t: Option<Estimate>,
    /// The derivatives by how they were made.
    pub by_relation: Vec<Part>,
    /// The family by steps from the root.
    pub by_depth: Vec<Part>,
    /// The largest branches.
    pub tree: Vec<Branch>,
}

/// A model in the tree of a family, or of what went into a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Branch {
    /// The model's id.
    pub id: String,
    /// Steps from the root.
    pub depth: usize,
    /// How it was made from the model above it; `None` for the root. In a tree of ancestors, how the one above was made
    /// from it.
    pub relation: Option<&'static str>,
    /// Whether it is a row of the file.
    pub in_file: bool,
    /// Whether emissions, energy or accelerator-hours are stated or published.
    pub reported: bool,
    /// It alone, in t; `None` where it is in no row.
    pub own_t: Option<Estimate>,
    /// With everything below it, in t.
    pub cumulative_t: Estimate,
    /// Rows below it.
    pub below: usize,
    /// Branches of it that are not shown.
    pub hidden: usize,
    /// Its branches are shown where it was met first.
    pub again: bool,
}

/// Everything that went into a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ancestry {
    /// Id of the model.
    pub model: String,
    /// The model and all that it was made from.
    #[serde(flatten)]
    pub sum: Sum,
    /// The model alone; `None` where it is in no row.
    pub own_t: Option<Estimate>,
    /// All that it was made from.
    pub ancestors_t: Estimate,
    /// Models it was made from that are in no row: their footprint is not in the sum.
    pub absent: Vec<String>,
    /// The tree of them, the model at its root.
    pub tree: Vec<Branch>,
}

/// Two families compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Root of the one.
    pub a: String,
    /// Root of the other.
    pub b: String,
    /// Emissions of the one less those of the other, in t.
    pub difference_t: Estimate,
    /// How likely the one emits more.
    pub a_above_b: Chance,
    /// What belongs to both.
    pub overlap: Sum,
}

/// What of the graph deserves a look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shape {
    /// Rows of the file.
    pub models: usize,
    /// Rows that were made from at least one other model.
    pub derivatives: usize,
    /// Rows that were made from several.
    pub of_several: usize,
    /// Base models that are in no row, the first of them.
    pub absent: Vec<String>,
    /// How many there are.
    pub absent_count: usize,
    /// Circles: their models, the first few of each.
    pub circles: Vec<Vec<String>>,
    /// How many there are.
    pub circles_count: usize,
}
