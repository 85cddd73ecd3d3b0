//! A question as sets of nodes: which there are, and what each is for.

use std::collections::{BTreeMap, HashMap};

use super::{Question, RunError};
use crate::assess::{AssessedModel, Assessment, Output, Tier};
use crate::exact::terms::{Known, products};
use crate::lineage::{Graph, Shown, shares, tree};
use crate::portfolio::Relation;
use crate::portfolio::problem::shorten;
use crate::portfolio::spelling::closest;

/// In a family of more rows the branches of a tree are ordered by their numbers of rows, not by their expected emissions.
const MOST_EXPECTED: usize = 50_000;

/// Deeper models are one part of what is listed by depth.
pub(super) const DEEPEST: u32 = 10;

/// The sets of a question. Only rows are in sets: what is in no row has no footprint.
pub(super) struct Asked<'g> {
    graph: &'g Graph,
    /// By number of the set.
    pub sets: Vec<Vec<u32>>,
    /// Whether a row states emissions, energy or accelerator-hours that are used.
    pub reported: Vec<bool>,
    pub families: Vec<FamilySets>,
    /// Places of the families by the numbers of their sets.
    places: HashMap<u32, usize>,
    /// Rows that belong to no family, where all families were asked for.
    pub alone: Option<u32>,
    pub ancestries: Vec<AncestrySets>,
    /// Sets of nodes that are divided between families in the same way: shares by place of the family.
    pub divided: HashMap<u32, Vec<(u32, f64)>>,
}

pub(super) struct FamilySets {
    pub root: u32,
    pub all: u32,
    pub own: Option<u32>,
    pub by_relation: Vec<(&'static str, u32)>,
    pub by_depth: Vec<(u32, u32)>,
    pub tree: Vec<BranchSets>,
}

pub(super) struct AncestrySets {
    pub model: u32,
    pub all: u32,
    pub own: Option<u32>,
    pub absent: Vec<u32>,
    pub tree: Vec<BranchSets>,
}

pub(super) struct BranchSets {
    pub shown: Shown,
    pub own: Option<u32>,
    pub cumulative: u32,
    pub below: usize,
}

impl<'g> Asked<'g> {
    /// # Errors
    /// An id that no row and no base has.
    pub fn new(graph: &'g Graph, assessment: &Assessment, question: &Question) -> Result<Asked<'g>, RunError> {
        let reported = assessment.models.iter().map(|model| model.tier <= Tier::T3).collect();
        let mut asked = Asked {
            graph,
            sets: Vec::new(),
            reported,
            families: Vec::new(),
            places: HashMap::new(),
            alone: None,
            ancestries: Vec::new(),
            divided: HashMap::new(),
        };
        let roots = question.roots.iter().map(|id| known(graph, id)).collect::<Result<Vec<u32>, _>>()?;
        let all = if question.all { graph.roots() } else { Vec::new() };
        for &root in roots.iter().chain(all.iter().filter(|root| !roots.contains(root))) {
            let detailed = roots.contains(&root);
            let family = asked.family(assessment, root, if detailed { question.branches } else { 0 });
            asked.places.insert(family.all, asked.families.len());
            asked.families.push(family);
        }
        if question.all {
            asked.those_alone();
        }
        for id in &question.ancestors_of {
            let model = known(graph, id)?;
            let ancestry = asked.ancestry(assessment, model, question.branches);
            asked.ancestries.push(ancestry);
        }
        if let Some(allocation) = question.allocation {
            let roots: Vec<u32> = asked.families.iter().map(|family| family.root).collect();
            let mut alike: BTreeMap<Vec<(u32, u64)>, Vec<u32>> = BTreeMap::new();
            for (node, of) in shares(graph, &roots, allocation) {
                alike.entry(of.iter().map(|(root, share)| (*root, share.to_bits())).collect()).or_default().push(node);
            }
            for (of, nodes) in alike {
                let set = asked.set(nodes.into_iter());
                asked.divided.insert(set, of.into_iter().map(|(root, bits)| (root, f64::from_bits(bits))).collect());
            }
        }
        Ok(asked)
    }

    /// The family that a set is, with its place.
    pub fn family_of(&self, set: u32) -> Option<(usize, &FamilySets)> {
        let place = *self.places.get(&set)?;
        Some((place, &self.families[place]))
    }

    /// Row by row, whether it is in any set.
    pub fn rows(&self) -> usize {
        let mut any = vec![false; self.graph.rows()];
        self.sets.iter().flatten().for_each(|&node| any[node as usize] = true);
        any.into_iter().filter(|in_any| *in_any).count()
    }

    fn set(&mut self, nodes: impl Iterator<Item = u32>) -> u32 {
        self.sets.push(nodes.filter(|&node| self.graph.is_row(node)).collect());
        self.sets.len() as u32 - 1
    }

    fn single(&mut self, node: u32) -> Option<u32> {
        self.graph.is_row(node).then(|| self.set(std::iter::once(node)))
    }

    fn family(&mut self, assessment: &Assessment, root: u32, branches: usize) -> FamilySets {
        let graph = self.graph;
        let nodes = graph.family(root);
        let all = self.set(nodes.iter().map(|(node, _)| *node));
        let own = self.single(root);
        let (mut by_relation, mut by_depth, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        if branches > 0 {
            let mut relations: BTreeMap<Relation, Vec<u32>> = BTreeMap::new();
            let mut depths: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for &(node, depth) in &nodes {
                depths.entry(depth.min(DEEPEST)).or_default().push(node);
                if let Some(edge) = graph.bases(node).first().filter(|_| node != root) {
                    relations.entry(edge.relation).or_default().push(node);
                }
            }
            by_relation = relations.into_iter().map(|(of, nodes)| (of.name(), self.set(nodes.into_iter()))).collect();
            by_depth = depths.into_iter().map(|(of, nodes)| (of, self.set(nodes.into_iter()))).collect();
            let below = |node: u32| graph.family(node);
            let of = |node: u32| graph.derivatives(node).iter().map(|&d| (d, relation_to(graph, d, node))).collect();
            let expected = self.expected(assessment, &nodes);
            let found = tree(root, branches, of, |node| weight(&expected, &below(node)));
            shown = self.branches(&found, below);
        }
        FamilySets { root, all, own, by_relation, by_depth, tree: shown }
    }

    fn ancestry(&mut self, assessment: &Assessment, model: u32, branches: usize) -> AncestrySets {
        let graph = self.graph;
        let above = |node: u32| graph.ancestors(node, |_| true);
        let nodes = above(model);
        let all = self.set(nodes.iter().map(|(node, _)| *node));
        let own = self.single(model);
        let absent = nodes.iter().map(|(node, _)| *node).filter(|&node| !graph.is_row(node)).collect();
        let of = |node: u32| graph.bases(node).iter().map(|edge| (edge.base, edge.relation)).collect();
        let expected = self.expected(assessment, &nodes);
        let found = tree(model, branches.max(1), of, |node| weight(&expected, &above(node)));
        let tree = self.branches(&found, above);
        AncestrySets { model, all, own, absent, tree }
    }

    fn branches(&mut self, shown: &[Shown], reach: impl Fn(u32) -> Vec<(u32, u32)>) -> Vec<BranchSets> {
        let of = |shown: &Shown| {
            let own = self.single(shown.node);
            let cumulative = self.set(reach(shown.node).into_iter().map(|(node, _)| node));
            let below = self.sets[cumulative as usize].len() - usize::from(own.is_some());
            BranchSets { shown: *shown, own, cumulative, below }
        };
        shown.iter().map(of).collect()
    }

    /// Expected emissions by row; empty where they are not known.
    fn expected(&self, assessment: &Assessment, nodes: &[(u32, u32)]) -> HashMap<u32, f64> {
        let rows: Vec<u32> = nodes.iter().map(|(node, _)| *node).filter(|&node| self.graph.is_row(node)).collect();
        if rows.len() > MOST_EXPECTED {
            return HashMap::new();
        }
        let models: Vec<AssessedModel> =
            rows.iter().filter_map(|&node| assessment.models.get(node as usize)).cloned().collect();
        let mut means = HashMap::new();
        for product in products(&assessment.with(models), &mut Known::default()).unwrap_or_default() {
            *means.entry(rows[product.model]).or_default() += product.mean_t;
        }
        means
    }

    fn those_alone(&mut self) {
        let mut in_family = vec![false; self.graph.rows()];
        for family in &self.families {
            self.sets[family.all as usize].iter().for_each(|&node| in_family[node as usize] = true);
        }
        let alone: Vec<u32> = (0..self.graph.rows() as u32).filter(|&node| !in_family[node as usize]).collect();
        if !alone.is_empty() {
            self.alone = Some(self.set(alone.into_iter()));
        }
    }
}

/// What a node weighs with all that is below it: expected emissions, or rows where these are not known.
fn weight(expected: &HashMap<u32, f64>, nodes: &[(u32, u32)]) -> f64 {
    match expected.is_empty() {
        true => nodes.len() as f64,
        false => nodes.iter().map(|(node, _)| expected.get(node).copied().unwrap_or(0.0)).sum(),
    }
}

fn relation_to(graph: &Graph, node: u32, base: u32) -> Relation {
    graph.bases(node).iter().find(|edge| edge.base == base).map_or(Relation::Finetune, |edge| edge.relation)
}

/// The node of an id.
///
/// # Errors
/// [`RunError::Usage`] where no row and no base has it, with what may have been meant.
pub(in crate::run) fn known(graph: &Graph, id: &str) -> Result<u32, RunError> {
    if let Some(node) = graph.node(id) {
        return Ok(node);
    }
    let lower = id.to_lowercase();
    let same = graph.ids().find(|known| known.to_lowercase() == lower);
    let near = same.or_else(|| closest(id, &graph.ids().collect::<Vec<_>>()));
    let hint = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
    Err(RunError::Usage(format!("no row has the id {:?}, and none names it as its base{hint}", shorten(id))))
}

/// The outputs that a lineage is drawn for.
pub(super) const DRAWN: Output = Output::Emissions;
