//! Columns that are not read although they may matter: what is in them decides whether to say so.
//!
//! A column `hours` without a `gpu_hours` once turned 1 t into 387 t in silence. A suspicious name (`suspect`) and a label
//! whose cells are numbers with a unit are an important warning (`not-read`), once the rows show that the column is not
//! empty. A column without a name is a problem unless it is empty or the index of a data frame, which counts the rows
//! from 0 or 1 in the first column.

use super::missing;
use super::numeral;
use super::problem::{Findings, NOT_READ, shorten};
use super::suspect::{Cells, Suspicion, column_of, measured};
use super::units::Dimension;

struct Watched {
    index: usize,
    name: String,
    suspicion: Suspicion,
    filled: usize,
    numbers: usize,
    /// Cells that are a number with a unit or a suffix, and the first of them.
    measured: usize,
    first: Option<(Dimension, String)>,
    /// Rows in which the column that is read in the place of this one is filled too.
    both: usize,
    /// Cells with a tag of a base model.
    tags: usize,
    /// What the index of a data frame would have in the first row, as long as all rows agree.
    from: Option<usize>,
}

/// The columns that are looked at as the rows go by.
pub(super) struct Unread {
    line: u64,
    rows: usize,
    /// What the columns that are read measure.
    read: Vec<Dimension>,
    watched: Vec<Watched>,
}

fn stated(cells: &[String], index: usize) -> &str {
    let text = cells.get(index).map_or("", String::as_str);
    if missing::is_word(text) { "" } else { text }
}

impl Unread {
    /// Of the header on this line, whose columns measure these.
    pub(super) fn of(line: u64, read: Vec<Dimension>) -> Unread {
        Unread { line, rows: 0, read, watched: Vec::new() }
    }

    /// Looks at the column at `index` from now on.
    pub(super) fn watch(&mut self, index: usize, name: &str, suspicion: Suspicion) {
        self.watched.push(Watched {
            index,
            name: name.to_string(),
            suspicion,
            filled: 0,
            numbers: 0,
            measured: 0,
            first: None,
            both: 0,
            tags: 0,
            from: None,
        });
    }

    /// A row goes by.
    pub(super) fn see(&mut self, cells: &[String]) {
        if cells.iter().all(String::is_empty) {
            return;
        }
        for w in &mut self.watched {
            let text = stated(cells, w.index);
            if text.is_empty() {
                continue;
            }
            match w.suspicion {
                Suspicion::Label(counts) => {
                    if let Some(dimension) = measured(text, counts).filter(|of| !self.read.contains(of)) {
                        w.measured += 1;
                        w.first.get_or_insert_with(|| (dimension, shorten(text)));
                    }
                }
                Suspicion::Dropped(_, rival) => w.both += usize::from(!stated(cells, rival).is_empty()),
                Suspicion::Tags => w.tags += usize::from(text.contains("base_model:")),
                _ => {}
            }
            let start =
                text.strip_suffix(".0").unwrap_or(text).parse::<usize>().ok().and_then(|n| n.checked_sub(self.rows));
            // Every row up to this one was filled and counted on.
            w.from = if w.filled == 0 { start } else { w.from.filter(|from| start == Some(*from)) };
            w.filled += 1;
            w.numbers += usize::from(numeral::leading(text).is_some());
        }
        self.rows += 1;
    }

    /// What is to be said when all rows have been seen.
    pub(super) fn tell(self, found: &mut Findings) {
        let Unread { line, rows, watched, .. } = self;
        for w in watched.into_iter().filter(|w| w.filled > 0) {
            let is_index = w.index == 0 && w.filled == rows && w.from.is_some_and(|from| from <= 1);
            if w.suspicion == Suspicion::Nameless && w.name.is_empty() && !is_index {
                let message = format!("column {} has no name; name it, or delete it", w.index + 1);
                found.problem(line, "", "", message);
            } else if let Some(message) = w.message() {
                found.warning(NOT_READ, line, &w.name, message);
            }
        }
    }
}

impl Watched {
    fn message(&self) -> Option<String> {
        let all_numbers = self.numbers == self.filled;
        let most = |count: usize| 3 * count >= 2 * self.filled;
        Some(match &self.suspicion {
            Suspicion::Nameless => return None,
            Suspicion::Clock => {
                "the column is not read: it may be time by the clock; write accelerator-hours (hours × \
                                 hardware_count) into a column gpu_hours"
                    .to_string()
            }
            Suspicion::NoUnit(advice) => format!("the column is not read: {advice}"),
            Suspicion::Near(close) => format!("the column is read as a label; did you mean {close}?"),
            Suspicion::Named(dimension, advice) if all_numbers => format!(
                "the column is not read although it holds numbers, and its name a word or unit of {}; if it is that of the \
                 model's training, {advice}",
                dimension.described()
            ),
            Suspicion::Means(columns, cells) => {
                let fits = match cells {
                    Cells::Text => !most(self.numbers),
                    Cells::Numbers => most(self.numbers),
                    Cells::Any => true,
                };
                return fits
                    .then(|| format!("the column is read as a label; if it states the {columns}, name it {columns}"));
            }
            Suspicion::Dropped(column, _) if self.both == 0 => format!(
                "the column is not read because there is a column {column} too; no row fills both, so move its values \
                 there, in the unit of that column"
            ),
            Suspicion::Dropped(column, _) => {
                format!("the column is not read because there is a column {column} too; delete the one that is wrong")
            }
            Suspicion::Tags if self.tags > 0 => "the column is read as a label, and tags in it name base models \
                                                 (base_model:…); write them into a column base_model"
                .to_string(),
            Suspicion::Label(_) if most(self.measured) => {
                let (dimension, text) = self.first.as_ref()?;
                let (column, unit) = column_of(*dimension);
                let hours =
                    if *dimension == Dimension::Hours { format!(", which holds {unit}") } else { String::new() };
                format!(
                    "the column is read as a label although it holds numbers with a unit or suffix ({text:?}); if they \
                     are {}, name it {column}{hours}",
                    dimension.described()
                )
            }
            Suspicion::Named(..) | Suspicion::Tags | Suspicion::Label(_) => return None,
        })
    }
}
