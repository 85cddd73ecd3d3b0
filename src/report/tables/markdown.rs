//! GitHub's tables. A bar in a cell is escaped, and so is what would be a tag or a link.

use super::{Cell, Table};
use crate::report::escape::markdown_cell;

pub fn write(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = format!("{}\n\n", markdown_cell(&table.caption));
    out.push_str(&line(table.columns.iter().map(|column| markdown_cell(&column.head)).collect()));
    let rule = |right: bool| if right { "---:" } else { "---" };
    out.push_str(&line(table.columns.iter().map(|column| rule(column.right).to_string()).collect()));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(cell).collect()));
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => markdown_cell(text),
        Cell::Number(text, _) | Cell::WithError(text, None, _) => text.replace('-', "−"),
        Cell::WithError(text, Some(error), _) => format!("{} ± {error}", text.replace('-', "−")),
        Cell::Range(lo, hi, _) => format!("{lo} to {hi}"),
        Cell::Nothing => "–".into(),
    }
}
