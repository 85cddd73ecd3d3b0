//! Sets of nodes that overlap, cut into cells that no set divides.
//!
//! A cell is all nodes that lie in the same sets. What is summed by cell gives every set, every union of sets and every
//! difference between them by adding cells, each node once. The cells are found by refining one class of all nodes set by
//! set, in time proportional to the sets' sizes. A mark of each node divides cells too and is no set: it joins nothing.

use std::collections::HashMap;

/// Nodes that lie in the same sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// In ascending order.
    pub nodes: Vec<u32>,
    /// The sets that they lie in, in ascending order; at least one.
    pub sets: Vec<u32>,
    /// Their mark.
    pub marked: bool,
}

impl Cell {
    /// Whether the cell is part of a set.
    pub fn is_in(&self, set: u32) -> bool {
        self.sets.binary_search(&set).is_ok()
    }
}

/// All cells of some sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// In the order of their first nodes.
    pub cells: Vec<Cell>,
}

impl Partition {
    /// Of sets of nodes, of each of which there is a mark. A node that is in a set twice is in it once.
    pub fn new(marks: &[bool], sets: &[Vec<u32>]) -> Partition {
        const NONE: u32 = u32::MAX;
        // A class is where it was before its last set, and that set; the first two are those of no set.
        let mut made: Vec<(u32, u32)> = vec![(NONE, NONE); 2];
        let mut class_of: Vec<u32> = marks.iter().map(|&mark| u32::from(mark)).collect();
        for (set, members) in sets.iter().enumerate() {
            let mut refined: HashMap<u32, u32> = HashMap::new();
            for &node in members {
                let class = class_of[node as usize];
                if made[class as usize].1 == set as u32 {
                    continue;
                }
                class_of[node as usize] = *refined.entry(class).or_insert_with(|| {
                    made.push((class, set as u32));
                    made.len() as u32 - 1
                });
            }
        }
        let mut cell_of: HashMap<u32, usize> = HashMap::new();
        let mut cells: Vec<Cell> = Vec::new();
        for (node, &class) in class_of.iter().enumerate().filter(|(_, class)| **class > 1) {
            let place = *cell_of.entry(class).or_insert_with(|| {
                let (sets, first) = history(&made, class);
                cells.push(Cell { nodes: Vec::new(), sets, marked: first == 1 });
                cells.len() - 1
            });
            cells[place].nodes.push(node as u32);
        }
        Partition { cells }
    }

    /// Groups of cells, by index, that have no set in common with each other.
    pub fn apart(&self, sets: usize) -> Vec<Vec<usize>> {
        let mut parent: Vec<usize> = (0..sets).collect();
        fn top(parent: &mut [usize], mut set: usize) -> usize {
            while parent[set] != set {
                parent[set] = parent[parent[set]];
                set = parent[set];
            }
            set
        }
        for cell in &self.cells {
            let first = top(&mut parent, cell.sets[0] as usize);
            for &other in &cell.sets[1..] {
                let other = top(&mut parent, other as usize);
                parent[other] = first;
            }
        }
        let mut group_of: HashMap<usize, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let top = top(&mut parent, cell.sets[0] as usize);
            let group = *group_of.entry(top).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(index);
        }
        groups
    }
}

/// The sets that made a class, in ascending order, and the class before all of them.
fn history(made: &[(u32, u32)], mut class: u32) -> (Vec<u32>, u32) {
    let mut sets = Vec::new();
    while class > 1 {
        let (before, set) = made[class as usize];
        sets.push(set);
        class = before;
    }
    sets.reverse();
    (sets, class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_no_set_divides() {
        // 0 and 1 in the first alone, 2 in both, 3 in the second and the third, 4 in none.
        let sets = [vec![0, 1, 2], vec![2, 3, 3], vec![3]];
        let cell = |nodes: &[u32], sets: &[u32], marked| Cell { nodes: nodes.to_vec(), sets: sets.to_vec(), marked };
        let found = Partition::new(&[false; 5], &sets);
        let want = [cell(&[0, 1], &[0], false), cell(&[2], &[0, 1], false), cell(&[3], &[1, 2], false)];
        assert_eq!(found.cells, want);
        assert_eq!(found.apart(3), [vec![0, 1, 2]]);
        // A mark divides and does not join.
        let marks = [true, false, true, true, true];
        let found = Partition::new(&marks, &[vec![0, 1], vec![2, 3]]);
        assert_eq!(found.cells, [cell(&[0], &[0], true), cell(&[1], &[0], false), cell(&[2, 3], &[1], true)]);
        assert_eq!(found.apart(2), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn every_node_of_a_set_is_in_one_of_its_cells() {
        // Sets from a fixed linear congruence: as many overlaps as there are.
        let mut x = 12_345u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 33) as u32
        };
        let sets: Vec<Vec<u32>> = (0..12).map(|_| (0..40).map(|_| next() % 100).collect()).collect();
        let found = Partition::new(&[false; 100], &sets);
        let distinct = |mut nodes: Vec<u32>| {
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        };
        for (set, members) in sets.iter().enumerate() {
            let of = found.cells.iter().filter(|cell| cell.is_in(set as u32));
            assert_eq!(distinct(of.flat_map(|cell| cell.nodes.clone()).collect()), distinct(members.clone()));
        }
        let all: usize = found.cells.iter().map(|c| c.nodes.len()).sum();
        assert_eq!(all, distinct(sets.concat()).len());
    }
}
