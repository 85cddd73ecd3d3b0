//! LaTeX, for booktabs and siunitx, with fonts in the encoding T1. Text is escaped character by character, so that no text
//! is a command. Letters that pdfTeX has no font for are written by their number: `[U+767E]`.

use std::fmt::Write;

use super::{Cell, Column, Table};
use crate::portfolio::problem::visible;
use crate::report::escape::tex;

/// Longest text of a cell.
const LONGEST: usize = 100;

/// A table of more rows than this goes over several pages.
const PAGE: usize = 35;

pub fn write(table: &Table) -> String {
    let mut out = String::new();
    let long = table.rows.len() > PAGE;
    let spec: String = table.columns.iter().map(|column| spec(column, long)).collect();
    let packages = if long { "array,booktabs,longtable,siunitx" } else { "booktabs,graphicx,siunitx" };
    let caption = format!("\\caption{{{}}}\\label{{tab:{}}}", escaped(&table.caption), table.label);
    let line = |cells: Vec<String>| cells.join(" & ") + " \\\\\n";
    let head = line(table.columns.iter().map(|column| escaped(&column.head)).collect());
    let of_cell = |at: &Cell| if long { breakable(&cell(at)) } else { cell(at) };
    let rows: String = table.rows.iter().map(|row| line(row.iter().map(of_cell).collect())).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "% Needs \\usepackage{{{packages}}} and \\usepackage[T1]{{fontenc}}.");
    let _ = if long {
        write!(
            out,
            "\\begingroup\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n\\begin{{longtable}}{{{spec}}}\n{caption}\\\\\n\\toprule\n\
             {head}\\midrule\n\\endfirsthead\n\\toprule\n{head}\\midrule\n\\endhead\n{rows}\\bottomrule\n\
             \\end{{longtable}}\n\\endgroup\n"
        )
    } else {
        // No wider than the text.
        write!(
            out,
            "\\begin{{table}}\n\\centering\n{caption}\n\
             \\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n\
             \\begin{{tabular}}{{{spec}}}\n\\toprule\n{head}\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}}}\n\
             \\end{{table}}\n"
        )
    };
    out
}

/// With places where a line may end inside of what has no blanks, such as the name of a prior.
fn breakable(text: &str) -> String {
    if text.starts_with("\\num") {
        return text.to_string();
    }
    ["\\_", ".", "/", ",", "("]
        .iter()
        .fold(text.to_string(), |text, sign| text.replace(sign, &format!("{sign}\\allowbreak{{}}")))
}

/// Of a column: in a long table its text is broken into lines.
fn spec(column: &Column, long: bool) -> String {
    match (column.right, long.then_some(column.share).flatten()) {
        (true, _) => "r".into(),
        (false, Some(share)) => format!(">{{\\raggedright\\arraybackslash}}p{{{share}\\linewidth}}"),
        (false, None) => "l".into(),
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escaped(&super::super::page::shorten(text, LONGEST)),
        Cell::Number(text, _) => number(text),
        Cell::WithError(text, Some(error), _) if is_plain(text) && is_plain(error) => {
            format!("\\num[separate-uncertainty]{{{} \\pm {}}}", digits(text), digits(error))
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
    let text = visible(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // As in 10^6.
            '^' if out.ends_with("10") && chars.peek().is_some_and(char::is_ascii_digit) => {
                out.truncate(out.len() - 2);
                out.push_str("$10^{");
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    out.push(digit);
                }
                out.push_str("}$");
            }
            // After the end of a row it would begin an argument.
            '[' | ']' => out.extend(['{', c, '}']),
            // Two of them would be a dash.
            '-' if out.ends_with('-') => out.push_str("{}-"),
            '…' => out.push_str("\\ldots{}"),
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
            c if c <= '\u{17f}' => match tex(c) {
                Some(command) => out.push_str(command),
                None => out.push(c),
            },
            c => {
                let _ = write!(out, "{{[}}U+{:04X}{{]}}", u32::from(c));
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
        assert_eq!(
            cell(&Cell::WithError("1,234.5".into(), Some("0.3".into()), None)),
            "\\num[separate-uncertainty]{1234.5 \\pm 0.3}"
        );
        assert_eq!(cell(&Cell::Range("−1.5".into(), "2".into(), None)), "\\numrange{-1.5}{2}");
        assert_eq!(cell(&Cell::Number("–".into(), None)), "--");
        assert_eq!(escaped("10^6 EFLOP"), "$10^{6}$ EFLOP");
        assert_eq!(escaped("[a]--b 模"), "{[}a{]}-{}-b {[}U+6A21{]}");
    }
}
