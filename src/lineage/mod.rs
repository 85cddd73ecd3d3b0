//! Which model was made from which: the graph, the families in it, and how a shared merge is divided between them.
//!
//! ```text
//! rows ─> Graph ─> sets of nodes (a family, the ancestors of a model, a relation, a depth) ─> Partition: cells of nodes
//! ```
//!
//! A node carries the footprint of its own run only, so that the footprint of a set is the sum over its nodes, each
//! counted once however many ways lead to it. Sets overlap where a model was merged from several families. A
//! [`Partition`] cuts all sets of a question into cells that no two sets divide: the cells are drawn once, and every set,
//! union and difference is a sum of cells in the same draw.
//!
//! Nothing here recurses, and everything takes time and memory in proportion to the nodes and edges that it looks at: a
//! chain of a million derivatives is a graph like any other. Nothing knows of carbon either.

mod graph;
mod partition;
mod shares;
mod tree;

pub use graph::Graph;
pub use partition::{Cell, Partition};
pub use shares::{Allocation, shares};
pub use tree::{Shown, tree};
