//! From an assessment to a plan: distributions to marginals, products to sums of logarithms, names to keys.
//!
//! The only place where carbon's words and the engine's meet. `factor` compiles one factor, `model` one model, `tables`
//! keeps the tables that distributions of one shape share, `key` makes keys of names.
//!
//! Every decision about one model is made from that model's own row (and the sizes of the effects it is exposed to),
//! so that removing other models changes none of its numbers. What depends on all models, the units of totals and
//! groups, is in [`crate::engine::plan::range`].

mod factor;
pub mod key;
mod model;
pub mod tables;

use std::collections::{BTreeMap, HashMap};

use crate::assess::{Assessment, OUTPUTS, Output};
use crate::engine::plan::range;
use crate::engine::plan::{Cell, GroupPlan, Header, KEPT_GROUPS, MAX_BINNED_MODELS, ModelPlan, OutputPlan, Plan};
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::{Model, Problem};
use factor::shapes;
use key::effect_key;
use tables::{Compiled, Tables};

/// The output that models and groups are summarised for.
const HEADLINE: usize = Output::Emissions as usize;
/// What it is divided by: ATCI is emissions per compute.
const DENOMINATOR: usize = Output::Compute as usize;

/// Why an assessment cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Two models, by id, that would have the same random numbers.
    #[error("models {0:?} and {1:?} have the same 64-bit key: rename one of them")]
    SameKey(String, String),
    /// A factor or shared effect whose spread the engine cannot hold.
    #[error("model {id:?}: the spread of {factor} is beyond a geometric standard deviation of 2^31")]
    TooWide {
        /// The model's id.
        id: String,
        /// Name of the factor.
        factor: &'static str,
    },
    /// A model whose outputs may be too large or too small for the engine's numbers.
    #[error(
        "model {id:?}: its values range beyond 2^±450, more than the engine's numbers can hold; check units and spreads"
    )]
    OutOfRange {
        /// The model's id.
        id: String,
    },
    /// A factor whose distribution has no table.
    #[error("model {id:?}: {factor} cannot be compiled: {reason}")]
    Table {
        /// The model's id.
        id: String,
        /// Name of the factor.
        factor: &'static str,
        /// Why not.
        reason: String,
    },
    /// A factor that is or can be 0 and that an output is divided by.
    #[error("model {id:?}: {factor} is zero, but something is divided by it")]
    DividedByZero {
        /// The model's id.
        id: String,
        /// Name of the factor.
        factor: &'static str,
    },
}

impl PlanError {
    /// The model whose numbers the engine cannot hold.
    pub fn model(&self) -> &str {
        match self {
            PlanError::SameKey(_, id)
            | PlanError::TooWide { id, .. }
            | PlanError::OutOfRange { id }
            | PlanError::Table { id, .. }
            | PlanError::DividedByZero { id, .. } => id,
        }
    }

    /// The problem of the row in question.
    pub fn at<'m>(&self, models: impl IntoIterator<Item = &'m Model>) -> Problem {
        let row = models.into_iter().find(|m| m.id == self.model());
        Problem {
            place: row.map(|m| m.place.clone()).unwrap_or_default(),
            value: String::new(),
            message: self.to_string(),
        }
    }
}

/// What `[groups] by` asks for, in the order of `Plan::groups`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The column.
    pub by: String,
    /// A value of it.
    pub value: String,
}

/// The groups that have at least one model, sorted by (by, value).
pub fn groups(assessment: &Assessment) -> Vec<Group> {
    let mut groups: Vec<Group> = assessment
        .groups_by
        .iter()
        .flat_map(|by| {
            let values = assessment.models.iter().filter_map(|m| m.labels.get(by)).filter(|v| !v.is_empty());
            values.map(|value| Group { by: by.clone(), value: value.clone() })
        })
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Compiles an assessment.
///
/// # Errors
/// The first model whose numbers the engine cannot hold.
pub fn compile(assessment: &Assessment) -> Result<Plan, PlanError> {
    compile_with(assessment, &mut Tables::default())
}

/// Compiles an assessment with the tables that are at hand, and adds those that were not. The plan is that of [`compile`].
///
/// # Errors
/// As [`compile`].
pub fn compile_with(assessment: &Assessment, tables: &mut Tables) -> Result<Plan, PlanError> {
    let (shapes, table_of) = shapes(assessment);
    let tables = tables.of(&shapes);
    let mut compiler = Compiler {
        assessment,
        outputs: OUTPUTS + assessment.further.len(),
        tables,
        table_of,
        cells: Vec::new(),
        cell_of: HashMap::new(),
        groups: groups(assessment),
    };
    let mut ids: BTreeMap<u64, &str> = BTreeMap::new();
    let mut models = Vec::with_capacity(assessment.models.len());
    let mut spreads = Vec::with_capacity(assessment.models.len());
    for model in &assessment.models {
        let (plan, spread) = compiler.model(model)?;
        if let Some(other) = ids.insert(plan.key, &model.id) {
            return Err(PlanError::SameKey(other.to_string(), model.id.clone()));
        }
        models.push(plan);
        spreads.push(spread);
    }
    Ok(Plan::new(compiler.header(&models, &spreads), models))
}

/// What is compiled so far.
struct Compiler<'a> {
    assessment: &'a Assessment,
    outputs: usize,
    tables: Vec<Compiled>,
    table_of: HashMap<ShapeKey, u32>,
    cells: Vec<Cell>,
    cell_of: HashMap<Cell, u32>,
    groups: Vec<Group>,
}

impl Compiler<'_> {
    /// What depends on all models.
    fn header(self, models: &[ModelPlan], spreads: &[range::Spread]) -> Header {
        let totals = range::totals(spreads, self.outputs, HEADLINE, Some(DENOMINATOR));
        let mut members: Vec<Vec<usize>> = vec![vec![]; self.groups.len()];
        for (m, model) in models.iter().enumerate() {
            model.groups.iter().for_each(|&g| members[g as usize].push(m));
        }
        let mut saturable = totals.saturable;
        let groups: Vec<GroupPlan> = (0..self.groups.len())
            .map(|g| {
                let (plan, over) = range::group(spreads, g, &members[g], HEADLINE, Some(DENOMINATOR));
                saturable |= over;
                plan
            })
            .collect();
        let shares = |m: &ModelPlan| m.products_of(HEADLINE).iter().any(|p| m.shares(p));
        Header {
            has_independent: models.iter().any(shares),
            tables: self.tables.into_iter().filter_map(Result::ok).collect(),
            effects: self.assessment.shared.iter().map(effect_key).collect(),
            cells: self.cells,
            outputs: totals.units.iter().map(|&unit| OutputPlan { unit, kept: true }).collect(),
            headline: HEADLINE,
            denominator: Some(DENOMINATOR),
            binned: models.len() <= MAX_BINNED_MODELS || groups.len() <= KEPT_GROUPS,
            saturable,
            groups,
            ratio_shift: totals.ratio_shift,
        }
    }
}
