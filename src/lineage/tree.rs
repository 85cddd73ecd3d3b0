//! The part of a graph below a node that is worth showing: the heaviest branches, as a tree.
//!
//! A node is shown where it is first met; where another way leads to it, it stands again without its branches. What is
//! shown grows from the root, the heaviest branch next, until there are as many as asked for.

use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::portfolio::Relation;

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The node.
    pub node: u32,
    /// Steps from the root.
    pub depth: usize,
    /// How it hangs on the node above it; `None` for the root.
    pub relation: Option<Relation>,
    /// Branches of it that are not shown.
    pub hidden: usize,
    /// It stands elsewhere with its branches.
    pub again: bool,
}

/// What waits to be shown: heaviest first, then by node.
#[derive(PartialEq)]
struct Waiting {
    weight: f64,
    node: u32,
    above: usize,
    relation: Relation,
}

impl Eq for Waiting {}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        self.weight.total_cmp(&other.weight).then(other.node.cmp(&self.node)).then(other.above.cmp(&self.above))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// At most so many nodes of the tree below a root, each before its branches, heavier branches first. `branches` gives
/// the branches of a node, `weight` what a node and all below it weigh.
pub fn tree(
    root: u32,
    most: usize,
    branches: impl Fn(u32) -> Vec<(u32, Relation)>,
    weight: impl Fn(u32) -> f64,
) -> Vec<Shown> {
    let first = Shown { node: root, depth: 0, relation: None, hidden: 0, again: false };
    let (mut shown, mut below) = (vec![first], vec![Vec::new()]);
    let mut weights: HashMap<u32, f64> = HashMap::new();
    let mut seen = HashSet::from([root]);
    let mut waiting = BinaryHeap::new();
    let mut wait = |above: usize, node: u32, waiting: &mut BinaryHeap<Waiting>| {
        for (branch, relation) in branches(node) {
            let weight = *weights.entry(branch).or_insert_with(|| weight(branch));
            waiting.push(Waiting { weight, node: branch, above, relation });
        }
    };
    wait(0, root, &mut waiting);
    while shown.len() < most
        && let Some(Waiting { node, above, relation, .. }) = waiting.pop()
    {
        let again = !seen.insert(node);
        let place = shown.len();
        shown.push(Shown { node, depth: shown[above].depth + 1, relation: Some(relation), hidden: 0, again });
        below.push(Vec::new());
        below[above].push(place);
        if !again {
            wait(place, node, &mut waiting);
        }
    }
    for left in waiting {
        shown[left.above].hidden += 1;
    }
    let mut ordered = Vec::with_capacity(shown.len());
    let mut next = vec![0];
    while let Some(place) = next.pop() {
        ordered.push(shown[place]);
        next.extend(below[place].iter().rev());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    #[test]
    fn heavy_branches_come_first_and_shared_ones_once() {
        let g = graph(&["r", "a:r", "b:r", "c:r", "d:a b", "e:d"]);
        let weigh = |id: u32| f64::from(u8::from(g.id(id) == "b")) + g.family(id).len() as f64;
        let show = |most| {
            let branches = |n: u32| g.derivatives(n).iter().map(|&d| (d, Relation::Finetune)).collect();
            let found = tree(g.node("r").unwrap(), most, branches, weigh);
            let text = |s: &Shown| {
                format!("{}{}{}{}", s.depth, g.id(s.node), if s.again { "*" } else { "" }, "+".repeat(s.hidden))
            };
            found.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(show(20), "0r 1b 2d 3e 1a 2d* 1c");
        assert_eq!(show(3), "0r+ 1b+ 1a+");
        assert_eq!(show(1), "0r+++");
    }
}
