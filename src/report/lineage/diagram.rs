//! The trees of a lineage as diagrams: DOT for Graphviz, and Mermaid, which many pages show.
//!
//! Names come from input: in both languages they stand between quotation marks, with everything that could end or
//! change the text taken out, so that they are text only. Nodes are numbered.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::estimate;
use super::super::numbers::Quantity;
use crate::portfolio::problem::visible;
use crate::posterior::families::Branch;
use crate::run::lineage::Lineage;

/// A node with its label, and edges with theirs, as numbers.
struct Diagram {
    nodes: Vec<(usize, String, bool)>,
    edges: Vec<(usize, usize, &'static str)>,
}

/// For `dot -Tsvg`.
pub fn dot(found: &Lineage) -> String {
    let diagram = diagram(found);
    let mut text = String::from("digraph lineage {\n  rankdir = LR;\n  node [shape = box];\n");
    for (number, label, reported) in &diagram.nodes {
        let style = if *reported { "solid" } else { "dashed" };
        let label = quoted(label, "\\n");
        let _ = writeln!(text, "  n{number} [label = \"{label}\", style = {style}];");
    }
    for (from, to, relation) in &diagram.edges {
        let _ = writeln!(text, "  n{from} -> n{to} [label = \"{relation}\"];");
    }
    text + "}\n"
}

/// For a page that shows Mermaid.
pub fn mermaid(found: &Lineage) -> String {
    let diagram = diagram(found);
    let mut text = String::from("flowchart LR\n");
    for (number, label, reported) in &diagram.nodes {
        let label = quoted(label, "<br>");
        let _ = writeln!(text, "  n{number}[\"{label}\"]");
        if !reported {
            let _ = writeln!(text, "  style n{number} stroke-dasharray: 4 4");
        }
    }
    for (from, to, relation) in &diagram.edges {
        let _ = writeln!(text, "  n{from} -->|{relation}| n{to}");
    }
    text
}

/// A label between quotation marks, its lines joined by `line`.
fn quoted(label: &str, line: &str) -> String {
    let safe = |text: &str| {
        let text = visible(text);
        text.chars().map(|c| if "\"\\<>&#;`{}[]|".contains(c) { '_' } else { c }).collect::<String>()
    };
    label.split('\n').map(safe).collect::<Vec<_>>().join(line)
}

fn diagram(found: &Lineage) -> Diagram {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut diagram = Diagram { nodes: Vec::new(), edges: Vec::new() };
    let families = found.families.iter().map(|family| (&family.tree, false));
    for (tree, upwards) in families.chain(found.ancestries.iter().map(|ancestry| (&ancestry.tree, true))) {
        let mut above: Vec<usize> = Vec::new();
        for branch in tree {
            let next = numbers.len();
            let number = *numbers.entry(branch.id.as_str()).or_insert_with(|| {
                diagram.nodes.push((next, label(branch), branch.reported));
                next
            });
            above.truncate(branch.depth);
            if let (Some(&parent), Some(relation)) = (above.last(), branch.relation) {
                let edge = if upwards { (number, parent, relation) } else { (parent, number, relation) };
                if !diagram.edges.contains(&edge) {
                    diagram.edges.push(edge);
                }
            }
            above.push(number);
        }
    }
    diagram
}

/// Id, and the interval of the model with everything below it.
fn label(branch: &Branch) -> String {
    let e = &branch.cumulative_t;
    let unit = estimate::unit(Quantity::Emissions, e);
    let hidden = if branch.hidden > 0 { format!("\n{} more", branch.hidden) } else { String::new() };
    let below = if branch.below > 0 { " with all below" } else { "" };
    format!("{}\n{} {}{below}{hidden}", branch.id, estimate::interval(e, unit.factor), unit.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_only() {
        assert_eq!(quoted("a\"];x[\"b\\<script>", "\\n"), "a___x__b__script_");
        assert_eq!(quoted("lab/7b-v1.0\n3 t", "<br>"), "lab/7b-v1.0<br>3 t");
    }
}
