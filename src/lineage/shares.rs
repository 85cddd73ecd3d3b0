//! How a model that belongs to several families is divided between them.
//!
//! The shares of a node add up to 1 over the families that it belongs to, so that the families' allocated footprints add
//! up to that of their union. Equal: one over the number of families. By weights: what a node inherits from its bases, by
//! the weights of its merge (equal among bases that state none), each base handing on its own shares; bases outside the
//! families hand on nothing, and the rest is scaled to 1. A root belongs to its own family alone.

use std::collections::{BTreeMap, HashMap};

use super::graph::Graph;

/// By what a shared model is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// In equal parts.
    Equal,
    /// By the weights of merges.
    Weights,
}

/// The shares of every node that belongs to the family of at least one root: by place of the root, in ascending order.
/// Only shares above 0 are listed; they add up to 1 for every node.
pub fn shares(graph: &Graph, roots: &[u32], allocation: Allocation) -> HashMap<u32, Vec<(u32, f64)>> {
    match allocation {
        Allocation::Equal => equal(graph, roots),
        Allocation::Weights => by_weights(graph, roots),
    }
}

fn equal(graph: &Graph, roots: &[u32]) -> HashMap<u32, Vec<(u32, f64)>> {
    let mut of: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
    for (place, &root) in roots.iter().enumerate() {
        for (node, _) in graph.family(root) {
            of.entry(node).or_default().push((place as u32, 1.0));
        }
    }
    for (node, shares) in &mut of {
        // A root that was made from another root stays its own.
        if let Some(own) = roots.iter().position(|root| root == node) {
            *shares = vec![(own as u32, 1.0)];
        }
        let each = 1.0 / shares.len() as f64;
        shares.iter_mut().for_each(|(_, share)| *share = each);
    }
    of
}

fn by_weights(graph: &Graph, roots: &[u32]) -> HashMap<u32, Vec<(u32, f64)>> {
    // In circles a base may come later; what it would hand on is shared out equally then.
    let equal = equal(graph, roots);
    let mut of: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
    for node in graph.order().iter().filter(|node| equal.contains_key(node)) {
        let own = roots.iter().position(|root| root == node);
        let shares = own.map_or_else(|| inherited(graph, *node, &of), |own| vec![(own as u32, 1.0)]);
        let shares = if shares.is_empty() { equal[node].clone() } else { shares };
        of.insert(*node, shares);
    }
    of
}

/// What a node has from its bases.
fn inherited(graph: &Graph, node: u32, of: &HashMap<u32, Vec<(u32, f64)>>) -> Vec<(u32, f64)> {
    let edges = graph.bases(node);
    let weighted = edges.iter().any(|edge| edge.weight.is_some());
    let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
    for edge in edges {
        let weight = if weighted { edge.weight.unwrap_or(0.0) } else { 1.0 };
        for &(root, share) in of.get(&edge.base).map_or(&[][..], Vec::as_slice) {
            *sums.entry(root).or_default() += weight * share;
        }
    }
    let total: f64 = sums.values().sum();
    sums.into_iter().filter(|(_, sum)| *sum > 0.0).map(|(root, sum)| (root, sum / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    fn of(lines: &[&str], node: &str, allocation: Allocation) -> Vec<(u32, f64)> {
        let g = graph(lines);
        let roots = [g.node("a").unwrap(), g.node("b").unwrap()];
        shares(&g, &roots, allocation).remove(&g.node(node).unwrap()).unwrap_or_default()
    }

    #[test]
    fn shares_add_up_to_one() {
        let lines = ["a", "b", "m:a*3 b*1", "n:m", "o:n b", "p:x a", "x"];
        assert_eq!(of(&lines, "m", Allocation::Equal), [(0, 0.5), (1, 0.5)]);
        assert_eq!(of(&lines, "m", Allocation::Weights), [(0, 0.75), (1, 0.25)]);
        // A derivative of the merge is divided as the merge is.
        assert_eq!(of(&lines, "n", Allocation::Weights), [(0, 0.75), (1, 0.25)]);
        assert_eq!(of(&lines, "o", Allocation::Weights), [(0, 0.375), (1, 0.625)]);
        assert_eq!(of(&lines, "p", Allocation::Weights), [(0, 1.0)]);
        assert_eq!(of(&lines, "x", Allocation::Weights), []);
        assert_eq!(of(&lines, "a", Allocation::Equal), [(0, 1.0)]);
    }

    #[test]
    fn a_root_below_another_root_is_its_own() {
        let lines = ["a", "b:a", "c:b"];
        assert_eq!(of(&lines, "b", Allocation::Equal), [(1, 1.0)]);
        assert_eq!(of(&lines, "c", Allocation::Weights), [(1, 1.0)]);
        assert_eq!(of(&lines, "c", Allocation::Equal), [(0, 0.5), (1, 0.5)]);
    }

    #[test]
    fn circles_are_divided_equally_where_nothing_is_inherited() {
        assert_eq!(of(&["a", "b", "m:n a", "n:m b"], "m", Allocation::Weights), [(0, 1.0)]);
        assert_eq!(of(&["a", "b", "m:n a", "n:m b"], "n", Allocation::Weights), [(0, 0.5), (1, 0.5)]);
    }
}
