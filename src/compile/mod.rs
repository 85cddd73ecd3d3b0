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

use crate::assess::{AssessedModel, Assessment, OUTPUTS, Output};
use crate::engine::plan::by_hash::ByHash;
use crate::engine::plan::range;
use crate::engine::plan::{Cell, GroupPlan, Header, KEPT_GROUPS, MAX_BINNED_MODELS, ModelPlan, OutputPlan, Plan};
use crate::hashed::Map;
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

impl Group {
    /// The groups that a model is in.
    pub fn of<'m>(model: &'m AssessedModel, groups_by: &'m [String]) -> impl Iterator<Item = Group> + 'm {
        groups_by.iter().filter_map(|by| {
            let value = model.labels.stated(by)?;
            Some(Group { by: by.clone(), value: value.to_string() })
        })
    }
}

/// The groups that have at least one model, sorted by (by, value).
pub fn groups(assessment: &Assessment) -> Vec<Group> {
    let mut groups: Vec<Group> =
        assessment.models.iter().flat_map(|model| Group::of(model, &assessment.groups_by)).collect();
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
    let mut compiler = Compiler::new(assessment, groups(assessment), tables);
    let models = compiler.models(&assessment.models)?;
    let id = |model: usize| assessment.models.get(model).map_or(String::new(), |m| m.id.clone());
    Ok(Plan::new(compiler.header(&id)?, models))
}

/// Compiles models that come one after the other, and gathers what depends on all of them.
pub struct Compiler<'a> {
    /// Shared effects, further outputs, columns of groups: of its models nothing is looked at.
    frame: &'a Assessment,
    outputs: usize,
    known: &'a mut Tables,
    tables: Vec<Compiled>,
    table_of: Map<ShapeKey, u32>,
    cells: Vec<Cell>,
    cell_of: ByHash,
    groups: Vec<Group>,
    sums: range::Sums,
    group_sums: Vec<range::Sums>,
    shares: bool,
    /// Of each model so far.
    keys: Vec<u64>,
}

impl<'a> Compiler<'a> {
    /// For models under the shared effects and columns of `frame`; `groups` are those of all models, sorted.
    pub fn new(frame: &'a Assessment, groups: Vec<Group>, tables: &'a mut Tables) -> Compiler<'a> {
        let outputs = OUTPUTS + frame.further.len();
        Compiler {
            frame,
            outputs,
            known: tables,
            tables: Vec::new(),
            table_of: Map::default(),
            cells: Vec::new(),
            cell_of: ByHash::default(),
            sums: range::Sums::none(outputs),
            group_sums: vec![range::Sums::none(outputs); groups.len()],
            groups,
            shares: false,
            keys: Vec::new(),
        }
    }

    /// The next models.
    ///
    /// # Errors
    /// The first whose numbers the engine cannot hold.
    pub fn models(&mut self, models: &[AssessedModel]) -> Result<Vec<ModelPlan>, PlanError> {
        self.learn(models);
        let mut plans = Vec::with_capacity(models.len());
        for model in models {
            let (plan, spread) = self.model(model)?;
            self.sums.add(&spread);
            plan.groups.iter().for_each(|&group| self.group_sums[group as usize].add(&spread));
            self.shares |= plan.products_of(HEADLINE).iter().any(|p| plan.shares(p));
            self.keys.push(plan.key);
            plans.push(plan);
        }
        Ok(plans)
    }

    /// What all models so far have in common; `id` gives the id of one by its place.
    ///
    /// # Errors
    /// Two models with the same random numbers.
    pub fn header(self, id: &dyn Fn(usize) -> String) -> Result<Header, PlanError> {
        let models = self.keys.len();
        if let Some([a, b]) = twice(&self.keys) {
            return Err(PlanError::SameKey(id(a), id(b)));
        }
        let totals = self.sums.totals(HEADLINE, Some(DENOMINATOR));
        let mut saturable = totals.saturable;
        let groups: Vec<GroupPlan> = (self.group_sums.iter().enumerate())
            .map(|(g, sums)| {
                let (plan, over) = sums.group(g, HEADLINE, Some(DENOMINATOR));
                saturable |= over;
                plan
            })
            .collect();
        Ok(Header {
            has_independent: self.shares,
            tables: self.tables.into_iter().filter_map(Result::ok).collect(),
            effects: self.frame.shared.iter().map(effect_key).collect(),
            cells: self.cells,
            outputs: totals.units.iter().map(|&unit| OutputPlan { unit, kept: true }).collect(),
            headline: HEADLINE,
            denominator: Some(DENOMINATOR),
            binned: models <= MAX_BINNED_MODELS || groups.len() <= KEPT_GROUPS,
            saturable,
            groups,
            ratio_shift: totals.ratio_shift,
        })
    }

    /// Compiles the tables of shapes that no model before had, on all cores.
    fn learn(&mut self, models: &[AssessedModel]) {
        let mut new = Vec::new();
        for (key, shape) in shapes(models) {
            let next = self.table_of.len() as u32;
            self.table_of.entry(key.clone()).or_insert_with(|| {
                new.push((key, shape));
                next
            });
        }
        self.tables.extend(self.known.of(&new));
    }
}

/// The places of two equal keys.
fn twice(keys: &[u64]) -> Option<[usize; 2]> {
    let mut places: Vec<usize> = (0..keys.len()).collect();
    places.sort_by_key(|&place| keys[place]);
    let found = places.windows(2).find(|pair| keys[pair[0]] == keys[pair[1]])?;
    Some([found[0], found[1]])
}
