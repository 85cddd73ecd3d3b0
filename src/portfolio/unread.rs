//! Columns that are not read although they may matter: what is in them decides whether to say so.
//!
//! A column `hours` beside no `gpu_hours` once turned 1 t into 387 t in silence. A name that resembles a column, lacks
//! its unit, or ends in a unit and holds only numbers is an important warning (`not-read`), once the rows show that the
//! column is not empty. A column without a name is a problem unless it is empty or the index of a data frame, which
//! counts the rows from 0 or 1 in the first column.

use super::missing;
use super::numeral;
use super::problem::{Findings, NOT_READ};
use super::units::Dimension;

/// Why a column is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Suspicion {
    /// It has no name, or the one that pandas gives.
    Nameless,
    /// It may be wall-clock time.
    Clock,
    /// A quantity without a unit: the columns that it may be, and what it would measure.
    NoUnit(String, Dimension),
    /// Its name is nearly that of a column.
    Near(&'static str),
    /// Its name ends in a unit.
    Unit(Dimension),
    /// Another name for a column that is there under its own.
    Dropped(&'static str),
}

struct Watched {
    index: usize,
    name: String,
    suspicion: Suspicion,
    filled: usize,
    numbers: usize,
    /// What the index of a data frame would have in the first row, as long as all rows agree.
    from: Option<usize>,
}

/// The columns that are looked at as the rows go by.
pub(super) struct Unread {
    line: u64,
    rows: usize,
    watched: Vec<Watched>,
}

impl Unread {
    /// Of the header on this line.
    pub(super) fn of(line: u64) -> Unread {
        Unread { line, rows: 0, watched: Vec::new() }
    }

    /// Looks at the column at `index` from now on.
    pub(super) fn watch(&mut self, index: usize, name: &str, suspicion: Suspicion) {
        let name = name.to_string();
        self.watched.push(Watched { index, name, suspicion, filled: 0, numbers: 0, from: None });
    }

    /// A row goes by.
    pub(super) fn see(&mut self, cells: &[String]) {
        if cells.iter().all(String::is_empty) {
            return;
        }
        for w in &mut self.watched {
            let text = cells.get(w.index).map_or("", String::as_str);
            if text.is_empty() || missing::is_word(text) {
                continue;
            }
            let number = numeral::leading(text).is_some_and(|(number, ..)| number.is_ok());
            let start =
                text.strip_suffix(".0").unwrap_or(text).parse::<usize>().ok().and_then(|n| n.checked_sub(self.rows));
            // Every row up to this one was filled and counted on.
            w.from = if w.filled == 0 { start } else { w.from.filter(|from| start == Some(*from)) };
            w.filled += 1;
            w.numbers += usize::from(number);
        }
        self.rows += 1;
    }

    /// What is to be said when all rows have been seen.
    pub(super) fn tell(self, found: &mut Findings) {
        let Unread { line, rows, watched } = self;
        for w in watched.into_iter().filter(|w| w.filled > 0) {
            let is_index = w.index == 0 && w.filled == rows && w.from.is_some_and(|from| from <= 1);
            let message = match w.suspicion {
                Suspicion::Nameless if is_index => continue,
                Suspicion::Nameless if w.name.is_empty() => {
                    let message = format!("column {} has no name; name it, or delete it", w.index + 1);
                    found.problem(line, "", "", message);
                    continue;
                }
                Suspicion::Nameless => continue,
                Suspicion::Clock => "the column is not read: it may be time by the clock; write accelerator-hours \
                                     (hours × hardware_count) into a column gpu_hours"
                    .to_string(),
                Suspicion::NoUnit(columns, dimension) => format!(
                    "the column is not read because its name has no unit that is known here; it would be {}: name it {columns}",
                    dimension.described()
                ),
                Suspicion::Near(close) => {
                    format!("the column is read as a label; did you mean {close}?")
                }
                Suspicion::Unit(dimension) if w.numbers == w.filled => format!(
                    "the column is not read although it holds numbers with a unit of {}; if it is \
                     what the model took to train, give it the name of that column (docs/columns.md lists them)",
                    dimension.described()
                ),
                Suspicion::Unit(_) => continue,
                Suspicion::Dropped(column) => {
                    format!(
                        "the column is not read because there is a column {column} too; delete the one that is wrong"
                    )
                }
            };
            found.warning(NOT_READ, line, &w.name, message);
        }
    }
}
