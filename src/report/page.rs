//! A page for the terminal: lines, sections, aligned columns, wrapped text, bars.
//!
//! Numbers are never cut: names are, and bars are shortened, to fit the width.

use std::fmt::Write;

use super::numbers;
use crate::portfolio::problem::visible;

/// How the page may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours and bold.
    pub colour: bool,
    /// Columns of the terminal; names are cut and bars shortened to fit, numbers never.
    pub width: usize,
}

/// Below this width a page is wider than the terminal.
const NARROWEST: usize = 60;

pub(super) struct Page {
    pub(super) text: String,
    pub(super) style: Style,
}

/// A cell of a table: text, and how it stands in its column.
#[derive(Clone)]
pub(super) enum Cell {
    Left(String),
    Right(String),
    /// Aligned with its column but not counted in its width: ends the line.
    Last(String),
}

/// Names come from input: they are shown as text only.
pub(super) fn left(text: impl Into<String>) -> Cell {
    Cell::Left(visible(&text.into()))
}

pub(super) fn right(text: impl Into<String>) -> Cell {
    Cell::Right(text.into())
}

/// Heads of a table: so many columns of names, then numbers.
pub(super) fn heads(names: usize, heads: &[&str]) -> Vec<Cell> {
    heads.iter().enumerate().map(|(i, head)| if i < names { left(*head) } else { right(*head) }).collect()
}

impl Page {
    pub(super) fn new(style: Style) -> Page {
        Page { text: String::new(), style: Style { width: style.width.max(NARROWEST), ..style } }
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn bold(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.into() }
    }

    /// A line of less importance.
    pub(super) fn note(&mut self, text: &str) {
        let line = self.dim(text);
        self.line(&line);
    }

    /// A line that must be noticed.
    pub(super) fn alarm(&mut self, text: &str) {
        let line = self.bold(text);
        self.line(&line);
    }

    fn dim(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[2m{text}\x1b[0m") } else { text.into() }
    }

    pub(super) fn section(&mut self, title: &str, note: &str) {
        self.line("");
        let title = self.bold(title);
        let note = if note.is_empty() { String::new() } else { self.dim(&format!("  {note}")) };
        self.line(&format!("{title}{note}"));
    }

    /// Rows in aligned columns, two blanks apart, after two blanks.
    pub(super) fn rows(&mut self, rows: &[Vec<Cell>], header: bool) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                if let Cell::Left(text) | Cell::Right(text) = cell {
                    *width = (*width).max(text.chars().count());
                }
            }
        }
        for (i, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (&width, cell) in widths.iter().zip(row) {
                // Writing to a string cannot fail.
                let _ = match cell {
                    Cell::Left(text) => write!(line, "  {text:<width$}"),
                    Cell::Right(text) => write!(line, "  {text:>width$}"),
                    Cell::Last(text) => write!(line, "  {text}"),
                };
            }
            if header && i == 0 {
                self.note(line.trim_end());
            } else {
                self.line(&line);
            }
        }
    }

    /// Text as wide as the page.
    pub(super) fn prose(&mut self, text: &str) {
        filled(text, self.style.width).iter().for_each(|line| self.line(line));
    }

    /// Text of less importance, with the last column free.
    pub(super) fn aside(&mut self, text: &str) {
        filled(text, self.style.width - 1).iter().for_each(|line| self.note(line));
    }

    /// How many entries of a list are not shown: all but the first `shown`.
    pub(super) fn more(&mut self, entries: usize, shown: usize, place: &str) {
        if let Some(more) = entries.checked_sub(shown).filter(|n| *n > 0) {
            self.note(&format!("  and {} more, in {place}", numbers::count(more as u64)));
        }
    }

    /// Words in lines that fit the width, each after four blanks.
    pub(super) fn paragraph(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && 4 + line.chars().count() + 1 + word.chars().count() > self.style.width {
                self.line(&format!("    {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&format!("    {line}"));
    }

    /// Items after a heading, separated by ` · ` and wrapped under it.
    pub(super) fn wrapped(&mut self, heading: &str, items: &[String]) {
        let mut line = heading.to_string();
        let mut empty = true;
        for item in items {
            if !empty && line.chars().count() + 3 + item.chars().count() > self.style.width {
                self.line(&line);
                line = "    ".into();
                empty = true;
            }
            if !empty {
                line.push_str(" · ");
            }
            line.push_str(item);
            empty = false;
        }
        self.line(&line);
    }
}

/// Words in lines of at most `width` columns, each after two blanks.
fn filled(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::from(" ");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, String::from(" ")));
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// A bar as long as the first-order share, lengthened by interactions in a lighter shade.
pub(super) fn bar(first_order: f64, total: f64, longest: usize) -> String {
    let cells = |share: f64| (share.clamp(0.0, 1.0) * longest as f64).round() as usize;
    let (alone, all) = (cells(first_order), cells(total));
    format!("{}{}", "█".repeat(alone), "░".repeat(all.saturating_sub(alone)))
}

/// Cut in the middle, where ids differ least.
pub(super) fn shorten(text: &str, width: usize) -> String {
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if chars.len() <= width {
        return chars.into_iter().collect();
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::{bar, shorten};

    #[test]
    fn bars() {
        assert_eq!(bar(0.5, 0.75, 8), "████░░");
        assert_eq!(bar(0.0, 0.0, 8), "");
        assert_eq!(bar(1.0, 1.0, 4), "████");
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!((shorten("organisation/model", 9), shorten("a/b", 9)), ("orga…odel".into(), "a/b".into()));
    }
}
