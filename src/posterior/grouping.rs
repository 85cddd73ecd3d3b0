//! What a sampled analysis decomposes by: factors, tiers or the values of a label, as groups of a pick-freeze design.
//!
//! The groups divide all random inputs, so that each index has an exact counterpart in `super::shares`:
//!
//! - by factor, a group is one factor of all models with the shared effects on it;
//! - by tier or label, a group is all own inputs of the models with one value, and the shared effects are a group of
//!   their own. Own inputs of different models do not interact, hence no two of these groups do but with the shared
//!   effects: what interaction there is lies between pairs, and a Shapley effect is the mean of first-order and total
//!   index (Owen 2014, doi:10.1137/130936233).
//!
//! Up to [`MAX_CUBE`] groups make a full cube, more of them pairs of hybrids. Beyond [`MAX_GROUPS`] the values with the
//! smallest exact total indices go together as one group.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::intensity::value;
use crate::assess::{AssessedModel, Assessment, OUTPUTS, Output, Slot};
use crate::engine::plan::design::{Design, MAX_CUBE, MAX_GROUPS};
use crate::engine::plan::{Plan, WORD, WORDS};
use crate::exact;
use crate::exact::shares::{LabelShare, Shares};
use crate::portfolio::Factor;

/// What the groups are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// The factors, each of all models together.
    Factor,
    /// The values of a label; `tier` is one.
    Label(String),
}

/// What a group of inputs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One factor, own and shared.
    Factor,
    /// All shared effects.
    Shared,
    /// Own inputs of the models with one value of the label.
    Value,
    /// Own inputs of the models with all values that have no group of their own.
    Other,
}

/// One group of inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What the group is.
    pub kind: Kind,
    /// The factor or value; `None` for shared and other effects and for the models without a value.
    pub name: Option<String>,
    /// Models whose own inputs are in it.
    pub models: usize,
    /// Values of the label that it stands for.
    pub values: usize,
}

/// Exact indices of one group, for the emissions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Exact {
    /// First-order index, as a share of the variance.
    pub first_order: f64,
    /// Total index, as a share of the variance.
    pub total: f64,
    /// Shapley effect, as a share of the variance.
    pub shapley: f64,
}

impl Group {
    /// In words.
    pub fn title(&self) -> String {
        match (self.kind, &self.name) {
            (Kind::Shared, _) => "all shared effects".into(),
            (Kind::Other, _) => format!("{} other values", self.values),
            (Kind::Factor | Kind::Value, Some(name)) => name.clone(),
            (Kind::Factor | Kind::Value, None) => "(not stated)".into(),
        }
    }
}

impl Grouping {
    /// `factor`, or the name of a column.
    pub fn new(name: &str) -> Grouping {
        if name == "factor" { Grouping::Factor } else { Grouping::Label(name.into()) }
    }

    /// `factor`, or the name of the column.
    pub fn name(&self) -> &str {
        match self {
            Grouping::Factor => "factor",
            Grouping::Label(column) => column,
        }
    }

    /// The column whose shares `super::shares::shares` has to be asked for.
    pub fn column(&self) -> Option<&str> {
        match self {
            Grouping::Label(column) if column != "tier" => Some(column),
            _ => None,
        }
    }

    /// A design for a plan of this assessment, and its groups. Where there are too many values, `exact` says which
    /// matter; without it the most frequent stay.
    pub fn design(&self, assessment: &Assessment, plan: &Plan, exact: Option<&Shares>) -> (Design, Vec<Group>) {
        match self {
            Grouping::Factor => by_factor(assessment, plan),
            Grouping::Label(column) => by_label(column, assessment, exact),
        }
    }

    /// The groups' exact indices, in their order.
    pub fn exact(&self, groups: &[Group], shares: &Shares) -> Vec<Exact> {
        match self {
            Grouping::Factor => {
                let of = |g: &Group| shares.factors.iter().find(|f| Some(f.name) == g.name.as_deref());
                let exact = |g: &Group| {
                    of(g).map_or(Exact { first_order: 0.0, total: 0.0, shapley: 0.0 }, |f| Exact {
                        first_order: f.first_order,
                        total: f.total,
                        shapley: f.shapley,
                    })
                };
                groups.iter().map(exact).collect()
            }
            Grouping::Label(column) => {
                let values = of_column(column, shares);
                let named: BTreeSet<Option<&str>> =
                    groups.iter().filter(|g| g.kind == Kind::Value).map(|g| g.name.as_deref()).collect();
                let sum = |is: &dyn Fn(&LabelShare) -> bool| {
                    let parts = values.iter().filter(|v| is(v));
                    parts.fold((0.0, 0.0), |(first, total), v| (first + v.first_order, total + v.total))
                };
                let exact = |g: &Group| {
                    let (first_order, total) = match g.kind {
                        Kind::Value => sum(&|v| v.value == g.name),
                        Kind::Other => sum(&|v| !named.contains(&v.value.as_deref())),
                        Kind::Factor | Kind::Shared => {
                            (shares.shared_own.shared.first_order, shares.shared_own.shared.total)
                        }
                    };
                    Exact { first_order, total, shapley: 0.5 * (first_order + total) }
                };
                groups.iter().map(exact).collect()
            }
        }
    }
}

fn of_column<'s>(column: &str, shares: &'s Shares) -> &'s [LabelShare] {
    if column == "tier" { &shares.tiers } else { shares.labels.get(column).map_or(&[], Vec::as_slice) }
}

/// IT energy alone is not looked at: it does not differ from energy in what is worth telling.
fn outputs() -> Vec<bool> {
    let mut outputs = [true; OUTPUTS];
    outputs[Output::ItEnergy as usize] = false;
    outputs.to_vec()
}

/// The factors as groups, of a full cube where there are few enough; a factor's shared effects go with it.
pub fn by_factor(assessment: &Assessment, plan: &Plan) -> (Design, Vec<Group>) {
    // Lineage and development are drawn only where something of them is random.
    let is_random = |slot: usize| plan.models.iter().any(|m| m.marginals[slot].is_random());
    let drawn = |factor: Factor| match factor {
        Factor::Lineage => is_random(Slot::Lineage as usize),
        Factor::Development => is_random(Slot::Development as usize),
        _ => true,
    };
    let factors: Vec<Factor> = exact::oracle::factors(assessment).iter().copied().filter(|f| drawn(*f)).collect();
    // What belongs to none of them is not drawn for these outputs.
    let group_of = |factor: Factor| factors.iter().position(|f| *f == factor).unwrap_or(factors.len() - 1) as u8;
    let mut own = [0; WORDS];
    for slot in Slot::ALL {
        own[WORD[slot as usize]] = group_of(slot.factor());
    }
    let effects = assessment.shared.iter().map(|e| group_of(e.factor)).collect();
    let group = |factor: &Factor| Group {
        kind: Kind::Factor,
        name: Some(factor.name().into()),
        models: plan.models.len(),
        values: 0,
    };
    let names = factors.iter().map(group).collect();
    let make = if factors.len() <= MAX_CUBE { Design::cube } else { Design::pairs };
    (make(factors.len(), vec![own; plan.models.len()], effects, outputs()), names)
}

fn by_label(column: &str, assessment: &Assessment, exact: Option<&Shares>) -> (Design, Vec<Group>) {
    let mut members: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for model in &assessment.models {
        *members.entry(value(model, column)).or_insert(0) += 1;
    }
    // Largest first; equals by value.
    let total: BTreeMap<Option<&str>, f64> =
        exact.map_or(&[][..], |s| of_column(column, s)).iter().map(|v| (v.value.as_deref(), v.total)).collect();
    let weight = |value: &Option<&str>, models: usize| total.get(value).copied().unwrap_or(models as f64);
    let mut values: Vec<(Option<&str>, usize)> = members.into_iter().collect();
    values.sort_by(|a, b| weight(&b.0, b.1).total_cmp(&weight(&a.0, a.1)));

    let has_shared = !assessment.shared.is_empty();
    let room = MAX_GROUPS - usize::from(has_shared);
    let kept = if values.len() <= room { values.len() } else { room - 1 };
    let (named, rest) = values.split_at(kept);
    let mut groups: Vec<Group> = named
        .iter()
        .map(|&(value, models)| Group { kind: Kind::Value, name: value.map(Into::into), models, values: 1 })
        .collect();
    if !rest.is_empty() {
        let models = rest.iter().map(|(_, models)| models).sum();
        groups.push(Group { kind: Kind::Other, name: None, models, values: rest.len() });
    }
    let own_groups = groups.len();
    if has_shared {
        groups.push(Group { kind: Kind::Shared, name: None, models: 0, values: 0 });
    }
    let place: BTreeMap<Option<&str>, usize> = named.iter().enumerate().map(|(g, (value, _))| (*value, g)).collect();
    let of = |model: &AssessedModel| {
        let group = place.get(&value(model, column)).copied().unwrap_or(own_groups.saturating_sub(1));
        [group as u8; WORDS]
    };
    let own = assessment.models.iter().map(of).collect();
    let effects = vec![own_groups as u8; assessment.shared.len()];
    let make = if groups.len() <= MAX_CUBE { Design::cube } else { Design::pairs };
    (make(groups.len(), own, effects, outputs()), groups)
}
