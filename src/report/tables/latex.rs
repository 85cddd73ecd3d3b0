//! LaTeX, for booktabs and siunitx, with fonts in the encoding T1. Text is escaped character by character, so that no text
//! is a command. Letters that pdfTeX has no font for are written by their number: `[U+767E]`.

use std::fmt::Write;

use super::{Cell, Table};
use crate::portfolio::problem::visible;

/// Longest text of a cell.
const LONGEST: usize = 60;

pub fn write(table: &Table) -> String {
    let mut out = String::new();
    let spec: String = table.columns.iter().map(|column| if column.right { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| cells.join(" & ") + " \\\\\n";
    // Writing to a string cannot fail.
    let _ = writeln!(out, "% Needs \\usepackage{{booktabs,siunitx}} and \\usepackage[T1]{{fontenc}}.");
    out.push_str("\\begin{table}\n\\centering\n");
    let _ = writeln!(out, "\\caption{{{}}}\n\\label{{tab:{}}}", escaped(&table.caption), table.label);
    let _ = writeln!(out, "\\begin{{tabular}}{{{spec}}}\n\\toprule");
    out.push_str(&line(table.columns.iter().map(|column| escaped(&column.head)).collect()));
    out.push_str("\\midrule\n");
    for row in &table.rows {
        out.push_str(&line(row.iter().map(cell).collect()));
    }
    out.push_str("\\bottomrule\n\\end{tabular}\n\\end{table}\n");
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escaped(&super::super::page::shorten(text, LONGEST)),
        Cell::Number(text, _) => number(text),
        Cell::WithError(text, Some(error), _) if is_plain(text) && is_plain(error) => {
            format!("\\num{{{} \\pm {}}}", digits(text), digits(error))
        }
        Cell::WithError(text, _, _) => number(text),
        Cell::Range(lo, hi, _) if is_plain(lo) && is_plain(hi) => {
            format!("\\numrange{{{}}}{{{}}}", digits(lo), digits(hi))
        }
        Cell::Range(lo, hi, _) => format!("{} to {}", number(lo), number(hi)),
        Cell::Nothing => "--".into(),
    }
}

fn number(text: &str) -> String {
    if is_plain(text) { format!("\\num{{{}}}", digits(text)) } else { escaped(text) }
}

/// Whether siunitx reads it as a number.
fn is_plain(text: &str) -> bool {
    digits(text).parse::<f64>().is_ok_and(f64::is_finite)
}

/// Without the marks that people read by.
fn digits(text: &str) -> String {
    text.replace(',', "").replace('−', "-")
}

/// What begins a command, and what the default fonts lack, as LaTeX writes it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '`' => out.push_str("\\textasciigrave{}"),
            '\'' => out.push_str("\\textquotesingle{}"),
            '–' => out.push_str("--"),
            '−' => out.push_str("$-$"),
            '×' => out.push_str("$\\times$"),
            '·' => out.push_str("$\\cdot$"),
            '±' => out.push_str("$\\pm$"),
            '≥' => out.push_str("$\\geq$"),
            '≤' => out.push_str("$\\leq$"),
            'σ' => out.push_str("$\\sigma$"),
            'µ' | 'μ' => out.push_str("$\\mu$"),
            '²' => out.push_str("$^2$"),
            '³' => out.push_str("$^3$"),
            '’' => out.push('\''),
            '\u{a0}' | '\u{202f}' => out.push('~'),
            // Latin letters with their accents; beyond them pdfTeX stops.
            c if c <= '\u{17f}' => out.push(c),
            c => {
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_command() {
        assert_eq!(escaped("\\input{/etc/passwd}"), "\\textbackslash{}input\\{/etc/passwd\\}");
        assert_eq!(
            escaped("50 % of a_b & $x$ #1 ~^"),
            "50 \\% of a\\_b \\& \\$x\\$ \\#1 \\textasciitilde{}\\textasciicircum{}"
        );
        let all: String = (0..=0x7f_u8).map(char::from).collect();
        let text = escaped(&all);
        // A backslash stands only before what is meant.
        for (place, _) in text.match_indices('\\') {
            let rest = &text[place + 1..];
            assert!(rest.starts_with("text") || rest.starts_with(['{', '}', '$', '&', '#', '%', '_']), "{rest}");
        }
    }

    #[test]
    fn numbers_are_siunitx() {
        assert_eq!(cell(&Cell::WithError("1,234.5".into(), Some("0.3".into()), None)), "\\num{1234.5 \\pm 0.3}");
        assert_eq!(cell(&Cell::Range("−1.5".into(), "2".into(), None)), "\\numrange{-1.5}{2}");
        assert_eq!(cell(&Cell::Number("–".into(), None)), "--");
    }
}
