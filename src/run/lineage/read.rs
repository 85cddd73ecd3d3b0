//! From columns of draws to what is said of families.

use std::collections::BTreeSet;

use super::asked::{AncestrySets, Asked, BranchSets, DEEPEST, FamilySets};
use crate::engine::Reduce;
use crate::lineage::{Cell, Graph};
use crate::posterior::Estimate;
use crate::posterior::families::{Ancestry, Branch, Family, Part, Stated, Sum};
use crate::posterior::joint::{Column, exact_sum};

/// A group of cells that were drawn, with what is needed to read them.
pub(super) struct Drawn<'a> {
    pub graph: &'a Graph,
    pub asked: &'a Asked<'a>,
    /// By row: emissions as they are stated, in t.
    pub stated: &'a [Option<f64>],
    /// The cells, each with its draws.
    pub cells: Vec<(&'a Cell, Column)>,
    pub level: f64,
    pub reduce: &'a dyn Reduce,
}

/// `3`; `10 or more`
fn steps(depth: u32) -> String {
    if depth < DEEPEST { depth.to_string() } else { format!("{depth} or more") }
}

/// Some cells added up.
#[derive(Default)]
pub(super) struct Tally {
    members: usize,
    reported: usize,
    stated: Stated,
    pub column: Column,
    imputed: Column,
}

impl Tally {
    /// Together with other cells.
    pub fn and(self, other: Tally) -> Tally {
        let stated = Stated {
            models: self.stated.models + other.stated.models,
            emissions_t: self.stated.emissions_t + other.stated.emissions_t,
        };
        Tally {
            members: self.members + other.members,
            reported: self.reported + other.reported,
            stated,
            column: Column::sum([&self.column, &other.column].into_iter()),
            imputed: Column::sum([&self.imputed, &other.imputed].into_iter()),
        }
    }

    pub fn sum(&self, level: f64, reduce: &dyn Reduce) -> Sum {
        let emissions_t = self.column.estimate(level, reduce);
        let share = |(imputed, all): (f64, f64)| (all > 0.0).then(|| (imputed / all).clamp(0.0, 1.0));
        Sum {
            members: self.members,
            reported: self.reported,
            imputed_share: self.imputed.mean().zip(emissions_t.mean).and_then(share),
            emissions_t,
            stated: self.stated,
        }
    }
}

impl Drawn<'_> {
    /// The cells that are let through, added up.
    pub fn tally(&self, holds: impl Fn(&Cell) -> bool) -> Tally {
        let cells: Vec<&(&Cell, Column)> = self.cells.iter().filter(|(cell, _)| holds(cell)).collect();
        let rows = cells.iter().flat_map(|(cell, _)| &cell.nodes);
        let stated = rows.clone().filter_map(|&node| *self.stated.get(node as usize)?);
        Tally {
            members: rows.clone().count(),
            reported: cells.iter().filter(|(cell, _)| cell.marked).map(|(cell, _)| cell.nodes.len()).sum(),
            stated: Stated { models: stated.clone().count(), emissions_t: exact_sum(stated) },
            column: Column::sum(cells.iter().map(|(_, column)| column)),
            imputed: Column::sum(cells.iter().filter(|(cell, _)| !cell.marked).map(|(_, column)| column)),
        }
    }

    /// The sets of this group of cells.
    pub fn sets(&self) -> BTreeSet<u32> {
        self.cells.iter().flat_map(|(cell, _)| &cell.sets).copied().collect()
    }

    fn column(&self, holds: impl Fn(&Cell) -> bool) -> Column {
        Column::sum(self.cells.iter().filter(|(cell, _)| holds(cell)).map(|(_, column)| column))
    }

    fn estimate(&self, holds: impl Fn(&Cell) -> bool) -> Estimate {
        self.column(holds).estimate(self.level, self.reduce)
    }

    pub fn family(&self, sets: &FamilySets, whole: &Tally, allocated: Option<&Column>) -> Family {
        let is_own = |cell: &Cell| sets.own.is_some_and(|own| cell.is_in(own));
        let descendants = self.column(|cell| cell.is_in(sets.all) && !is_own(cell));
        let part = |of: String, set: u32| {
            let sum = self.tally(|cell| cell.is_in(set)).sum(self.level, self.reduce);
            Part { of, sum }
        };
        Family {
            root: self.graph.id(sets.root).to_string(),
            in_file: sets.own.is_some(),
            sum: whole.sum(self.level, self.reduce),
            own_t: sets.own.map(|own| self.estimate(|cell| cell.is_in(own))),
            descendants_t: descendants.estimate(self.level, self.reduce),
            descendants_share: descendants.share_of(&whole.column, self.level, self.reduce),
            allocated_t: allocated.map(|column| column.estimate(self.level, self.reduce)),
            by_relation: sets.by_relation.iter().map(|(name, set)| part(name.to_string(), *set)).collect(),
            by_depth: sets.by_depth.iter().map(|(depth, set)| part(steps(*depth), *set)).collect(),
            tree: self.branches(&sets.tree),
        }
    }

    pub fn ancestry(&self, sets: &AncestrySets) -> Ancestry {
        let is_own = |cell: &Cell| sets.own.is_some_and(|own| cell.is_in(own));
        Ancestry {
            model: self.graph.id(sets.model).to_string(),
            sum: self.tally(|cell| cell.is_in(sets.all)).sum(self.level, self.reduce),
            own_t: sets.own.map(|own| self.estimate(|cell| cell.is_in(own))),
            ancestors_t: self.estimate(|cell| cell.is_in(sets.all) && !is_own(cell)),
            absent: sets.absent.iter().map(|&node| self.graph.id(node).to_string()).collect(),
            tree: self.branches(&sets.tree),
        }
    }

    fn branches(&self, sets: &[BranchSets]) -> Vec<Branch> {
        let branch = |branch: &BranchSets| {
            let shown = branch.shown;
            Branch {
                id: self.graph.id(shown.node).to_string(),
                depth: shown.depth,
                relation: shown.relation.map(|relation| relation.name()),
                in_file: branch.own.is_some(),
                reported: self.asked.reported.get(shown.node as usize).copied().unwrap_or(false),
                own_t: branch.own.map(|own| self.estimate(|cell| cell.is_in(own))),
                cumulative_t: self.estimate(|cell| cell.is_in(branch.cumulative)),
                below: branch.below,
                hidden: shown.hidden,
                again: shown.again,
            }
        };
        sets.iter().map(branch).collect()
    }

    /// What of shared models each family is given, added to its own.
    pub fn allocated(&self) -> Vec<Column> {
        let mut parts: Vec<Vec<Column>> = self.asked.families.iter().map(|_| Vec::new()).collect();
        for (cell, column) in &self.cells {
            let shares = cell.sets.iter().find_map(|set| self.asked.divided.get(set));
            let Some(shares) = shares else { continue };
            let sizes: Vec<f64> = shares.iter().map(|(_, share)| *share).collect();
            for ((family, _), part) in shares.iter().zip(column.divided(&sizes)) {
                parts[*family as usize].push(part);
            }
        }
        parts.iter().map(|of| Column::sum(of.iter())).collect()
    }
}
