//! GitHub's tables. A bar in a cell is escaped, and so is what would be a tag or a link.

use super::{Cell, Table};
use crate::portfolio::problem::visible;

pub fn write(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = format!("{}\n\n", escaped(&table.caption));
    out.push_str(&line(table.columns.iter().map(|column| escaped(&column.head)).collect()));
    let rule = |right: bool| if right { "---:" } else { "---" };
    out.push_str(&line(table.columns.iter().map(|column| rule(column.right).to_string()).collect()));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(cell).collect()));
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escaped(text),
        Cell::Number(text, _) | Cell::WithError(text, None, _) => text.replace('-', "−"),
        Cell::WithError(text, Some(error), _) => format!("{} ± {error}", text.replace('-', "−")),
        Cell::Range(lo, hi, _) => format!("{lo} to {hi}"),
        Cell::Nothing => "–".into(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        if matches!(c, '\\' | '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text() {
        assert_eq!(escaped("a|b <i> [x](y) `c`"), "a\\|b \\<i\\> \\[x\\](y) \\`c\\`");
    }
}
