//! The graph of models: a node for each row and for each base that is in no row, an edge from each base to what was made
//! of it.
//!
//! Invariants: rows come first, in the order of their ids, and the bases that are in no row after them, in the order of
//! theirs; an edge is there once. Circles, which a file may hold, are reported and do not disturb: a set of descendants
//! is what can be reached.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::portfolio::{Model, Relation};

/// From a model to one that it was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The node of the base.
    pub base: u32,
    /// How the model was made from it.
    pub relation: Relation,
    /// Its weight in a merge, where it is stated.
    pub weight: Option<f64>,
}

/// Lists of unequal length, one after the other.
#[derive(Debug, Clone, PartialEq)]
struct Lists<T> {
    starts: Vec<usize>,
    all: Vec<T>,
}

impl<T> Lists<T> {
    fn of(&self, index: usize) -> &[T] {
        match (self.starts.get(index), self.starts.get(index + 1)) {
            (Some(&from), Some(&to)) => &self.all[from..to],
            _ => &[],
        }
    }
}

/// Models and what they were made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    ids: Vec<String>,
    rows: usize,
    bases: Lists<Edge>,
    derivatives: Lists<u32>,
    order: Vec<u32>,
    circles: Vec<Vec<u32>>,
}

impl Graph {
    /// Of the rows of a portfolio, whose ids are unique.
    pub fn new(models: &[Model]) -> Graph {
        let mut sorted: Vec<&Model> = models.iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let mut index: HashMap<&str, u32> = sorted.iter().map(|m| m.id.as_str()).zip(0..).collect();
        // Bases that are in no row, in the order of their ids.
        let absent: BTreeMap<&str, ()> =
            sorted.iter().flat_map(|m| m.base_ids()).filter(|id| !index.contains_key(id)).map(|id| (id, ())).collect();
        let rows = sorted.len();
        index.extend(absent.keys().copied().zip(rows as u32..));
        let mut bases = Lists { starts: vec![0], all: Vec::new() };
        for model in &sorted {
            for base in &model.base_models {
                if let Some(&node) = index.get(base.id.as_str()) {
                    bases.all.push(Edge { base: node, relation: relation(model, base.relation), weight: base.weight });
                }
            }
            bases.starts.push(bases.all.len());
        }
        bases.starts.resize(rows + absent.len() + 1, bases.all.len());
        let ids: Vec<String> =
            sorted.iter().map(|m| m.id.clone()).chain(absent.keys().map(|id| id.to_string())).collect();
        let derivatives = turned(&bases, ids.len());
        let mut graph = Graph { ids, rows, bases, derivatives, order: Vec::new(), circles: Vec::new() };
        graph.arrange();
        graph
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.ids.len()
    }

    /// How many of them are rows; these come first.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether a node is a row of the portfolio.
    pub fn is_row(&self, node: u32) -> bool {
        (node as usize) < self.rows
    }

    /// The id of a node.
    pub fn id(&self, node: u32) -> &str {
        self.ids.get(node as usize).map_or("", String::as_str)
    }

    /// The node of an id.
    pub fn node(&self, id: &str) -> Option<u32> {
        let (rows, absent) = self.ids.split_at(self.rows);
        let of = |ids: &[String]| ids.binary_search_by(|known| known.as_str().cmp(id)).ok();
        of(rows).or_else(|| of(absent).map(|place| place + self.rows)).map(|place| place as u32)
    }

    /// All ids, for suggestions.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    /// What a node was made from.
    pub fn bases(&self, node: u32) -> &[Edge] {
        self.bases.of(node as usize)
    }

    /// What was made from a node.
    pub fn derivatives(&self, node: u32) -> &[u32] {
        self.derivatives.of(node as usize)
    }

    /// All nodes, each after its bases, except in circles.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Groups of nodes that were each made from the next, back to the first.
    pub fn circles(&self) -> &[Vec<u32>] {
        &self.circles
    }

    /// Nodes that were made from nothing and that something was made from, by id. A circle that nothing leads into has
    /// its first node as a root.
    pub fn roots(&self) -> Vec<u32> {
        let all = 0..self.nodes() as u32;
        let plain = all.filter(|&node| self.bases(node).is_empty() && !self.derivatives(node).is_empty());
        let mut roots: Vec<u32> = plain.collect();
        let mut reached = vec![false; self.nodes()];
        self.mark(&roots, &mut reached);
        for circle in &self.circles {
            // Circles come with those that lead into others first.
            if let Some(first) = circle.first()
                && !reached[*first as usize]
            {
                roots.push(*first);
                self.mark(&[*first], &mut reached);
            }
        }
        roots.sort_by(|a, b| self.id(*a).cmp(self.id(*b)));
        roots
    }

    fn mark(&self, from: &[u32], reached: &mut [bool]) {
        let mut next: Vec<u32> = from.to_vec();
        while let Some(node) = next.pop() {
            if !std::mem::replace(&mut reached[node as usize], true) {
                next.extend_from_slice(self.derivatives(node));
            }
        }
    }

    /// A node and everything that was made from it, each with the number of steps of the shortest way, nearest first.
    pub fn family(&self, root: u32) -> Vec<(u32, u32)> {
        self.reach(root, |node, next| next.extend_from_slice(self.derivatives(node)))
    }

    /// A node and everything that it was made from, over the edges that `counts` lets through.
    pub fn ancestors(&self, node: u32, counts: impl Fn(&Edge) -> bool) -> Vec<(u32, u32)> {
        self.reach(node, |node, next| next.extend(self.bases(node).iter().filter(|e| counts(e)).map(|e| e.base)))
    }

    fn reach(&self, from: u32, step: impl Fn(u32, &mut Vec<u32>)) -> Vec<(u32, u32)> {
        let mut depth: HashMap<u32, u32> = HashMap::from([(from, 0)]);
        let mut found = vec![(from, 0)];
        let mut queue = VecDeque::from([(from, 0)]);
        let mut next = Vec::new();
        while let Some((node, d)) = queue.pop_front() {
            step(node, &mut next);
            for other in next.drain(..) {
                if let std::collections::hash_map::Entry::Vacant(entry) = depth.entry(other) {
                    entry.insert(d + 1);
                    found.push((other, d + 1));
                    queue.push_back((other, d + 1));
                }
            }
        }
        found
    }

    /// Puts bases before what was made of them; what is left lies in circles or behind them.
    fn arrange(&mut self) {
        let mut open: Vec<u32> = (0..self.nodes()).map(|node| self.bases.of(node).len() as u32).collect();
        let mut order: Vec<u32> = (0..self.nodes() as u32).filter(|&node| open[node as usize] == 0).collect();
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            at += 1;
            for &derivative in self.derivatives.of(node as usize) {
                open[derivative as usize] -= 1;
                if open[derivative as usize] == 0 {
                    order.push(derivative);
                }
            }
        }
        if order.len() < self.nodes() {
            let left: Vec<u32> = (0..self.nodes() as u32).filter(|&node| open[node as usize] > 0).collect();
            let components = self.components(&left);
            order.extend(components.iter().flatten());
            self.circles = components.into_iter().filter(|c| c.len() > 1).collect();
        }
        self.order = order;
    }

    /// Strongly connected components among these nodes, those that lead into others first (Tarjan 1972, with a stack of
    /// its own in the place of recursion); the nodes of each in the order of their ids.
    fn components(&self, nodes: &[u32]) -> Vec<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        let mut number = vec![NONE; self.nodes()];
        let mut low = vec![0; self.nodes()];
        let mut on_stack = vec![false; self.nodes()];
        let (mut stack, mut found, mut counter) = (Vec::new(), Vec::new(), 0);
        for &start in nodes {
            let mut path = if number[start as usize] == NONE { vec![(start, 0)] } else { vec![] };
            while let Some((node, next)) = path.last_mut() {
                let n = *node as usize;
                if *next == 0 {
                    (number[n], low[n]) = (counter, counter);
                    counter += 1;
                    on_stack[n] = true;
                    stack.push(*node);
                }
                if let Some(&to) = self.derivatives.of(n).get(*next) {
                    *next += 1;
                    let t = to as usize;
                    if number[t] == NONE {
                        path.push((to, 0));
                    } else if on_stack[t] {
                        low[n] = low[n].min(number[t]);
                    }
                    continue;
                }
                if low[n] == number[n] {
                    let first = stack.iter().rposition(|&other| other as usize == n).unwrap_or(0);
                    let mut component: Vec<u32> = stack.split_off(first);
                    component.iter().for_each(|&other| on_stack[other as usize] = false);
                    component.sort_unstable();
                    found.push(component);
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    let p = *parent as usize;
                    low[p] = low[p].min(low[n]);
                }
            }
        }
        found.reverse();
        found
    }
}

/// How a model was made from a base: as it says of this base, else as it says of all; else several bases are a merge,
/// and one was trained further.
fn relation(model: &Model, of_base: Option<Relation>) -> Relation {
    let usual = if model.base_models.len() > 1 { Relation::Merge } else { Relation::Finetune };
    of_base.or(model.relation).unwrap_or(usual)
}

/// From bases to what was made of them.
fn turned(bases: &Lists<Edge>, nodes: usize) -> Lists<u32> {
    let mut starts = vec![0; nodes + 1];
    for edge in &bases.all {
        starts[edge.base as usize + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    let mut filled = starts.clone();
    let mut all = vec![0; bases.all.len()];
    for node in 0..nodes {
        for edge in bases.of(node) {
            let place = &mut filled[edge.base as usize];
            all[*place] = node as u32;
            *place += 1;
        }
    }
    Lists { starts, all }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::portfolio::Base;

    /// `d: b c` is d made from b and c.
    pub fn graph(lines: &[&str]) -> Graph {
        let model = |line: &&str| {
            let (id, bases) = line.split_once(':').unwrap_or((line, ""));
            let base = |text: &str| {
                let (id, weight) = text.split_once('*').map_or((text, None), |(id, w)| (id, w.parse().ok()));
                Base { weight, ..Base::of(id) }
            };
            let base_models = bases.split_whitespace().map(base).collect();
            Model { id: id.to_string(), base_models, ..Model::default() }
        };
        Graph::new(&lines.iter().map(model).collect::<Vec<_>>())
    }

    fn names(graph: &Graph, nodes: &[(u32, u32)]) -> Vec<String> {
        nodes.iter().map(|(node, depth)| format!("{}{depth}", graph.id(*node))).collect()
    }

    #[test]
    fn a_diamond_has_each_node_once() {
        let g = graph(&["m:d e", "d:b", "e:b", "b"]);
        assert_eq!(names(&g, &g.family(g.node("b").unwrap())), ["b0", "d1", "e1", "m2"]);
        assert_eq!(names(&g, &g.ancestors(g.node("m").unwrap(), |_| true)), ["m0", "d1", "e1", "b2"]);
        assert_eq!(g.roots(), [g.node("b").unwrap()]);
        assert_eq!(g.bases(g.node("m").unwrap())[0].relation, Relation::Merge);
        assert_eq!(g.bases(g.node("d").unwrap())[0].relation, Relation::Finetune);
        let place = |id: &str| g.order().iter().position(|&n| g.id(n) == id);
        assert!(place("b") < place("d") && place("d") < place("m") && place("e") < place("m"));
        assert!(g.circles().is_empty());
    }

    #[test]
    fn a_base_in_no_row_is_a_node() {
        let g = graph(&["b:z", "a:z", "c"]);
        let z = g.node("z").unwrap();
        assert_eq!((g.rows(), g.nodes(), g.is_row(z)), (3, 4, false));
        assert_eq!(names(&g, &g.family(z)), ["z0", "a1", "b1"]);
        assert_eq!((g.roots(), g.node("y")), (vec![z], None));
    }

    #[test]
    fn circles_are_found_and_reached() {
        let g = graph(&["a:c", "b:a", "c:b", "d:c", "e:f", "f:e", "g:e", "e2:d"]);
        let circles: Vec<Vec<&str>> = g.circles().iter().map(|c| c.iter().map(|&n| g.id(n)).collect()).collect();
        assert!(circles.len() == 2 && circles.contains(&vec!["a", "b", "c"]) && circles.contains(&vec!["e", "f"]));
        assert_eq!(g.order().len(), g.nodes());
        assert_eq!(g.roots().iter().map(|&n| g.id(n)).collect::<Vec<_>>(), ["a", "e"]);
        assert_eq!(g.family(g.node("a").unwrap()).len(), 5);
        // Negative control: without the closing edge there is none.
        assert!(graph(&["a", "b:a", "c:b"]).circles().is_empty());
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let n = 200_000;
        let model = |i: usize| Model {
            id: format!("{i:09}"),
            base_models: if i == 0 { vec![] } else { vec![Base::of(format!("{:09}", i - 1))] },
            ..Model::default()
        };
        let mut models: Vec<Model> = (0..n).map(model).collect();
        assert_eq!(Graph::new(&models).family(0).last(), Some(&(n as u32 - 1, n as u32 - 1)));
        models[0].base_models.push(Base::of(format!("{:09}", n - 1)));
        assert_eq!(Graph::new(&models).circles()[0].len(), n);
    }
}
