//! The header of a models file: which column each name is.
//!
//! Names are matched by `synonyms`. Of several that mean one column, its own name wins over another name for it; two
//! that are equally near are a problem, because the answer would hang on which of them is read. Everything that is read
//! under another name than its own is listed once (`read-as`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::columns::{self, Column, LABEL, meaning, names, quantity_of};
use super::formats::Record;
use super::labels::Names;
use super::model::YEAR;
use super::problem::{Findings, READ_AS, shorten};
use super::recognise;
use super::spelling::closest;
use super::suspect::{self, Suspicion};
use super::synonyms::{self, IDS, Match, Nearness};
use super::units::Scale;
use super::unread::Unread;
use super::words;

/// One column of a file.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    /// Its name as written.
    pub(super) name: Arc<str>,
    /// Its own name where it is read, and what its text is kept under.
    pub(super) own: Arc<str>,
    pub(super) column: Column,
}

/// The columns of one file.
pub(super) struct Header {
    meanings: Vec<Meaning>,
    /// What labels of its rows go by, with those that every model has.
    pub(super) names: Names,
    /// What is not read and should perhaps be.
    pub(super) unread: Unread,
}

impl Header {
    /// The header's meaning, with all that is wrong or suspicious in it; `None` where the rows cannot be read at all.
    pub(super) fn read(header: Record, found: &mut Findings) -> Option<Header> {
        let Record { line, cells: names } = header;
        if let Some(message) = other_separator(&names) {
            found.problem(line, "", &names.join(","), message);
            return None;
        }
        if let Some(message) = recognise::of_header(&names) {
            found.problem(line, "", "", message);
            return None;
        }
        same_names(&names, line, found);
        let mut matches: Vec<Option<Match>> = names.iter().map(|name| synonyms::find(name, columns::names())).collect();
        let dropped = settle(&names, &mut matches, line, found);
        let mut meanings: Vec<Meaning> = names.iter().zip(&matches).map(|(name, m)| of_match(name, *m)).collect();
        id_column(&mut meanings, line, found);
        if let Some(tier) = meanings.iter_mut().find(|m| m.name.eq_ignore_ascii_case("tier")) {
            let message = "the tier is derived from the row, so this column is not read";
            found.warning("tier-column", line, &tier.name, message.to_string());
            tier.column = Column::Ignored;
        }
        let unread = suspicions(&mut meanings, &matches, &dropped, line);
        read_as(&meanings, &matches, line, found);
        let texts = meanings.iter().flat_map(|m| [m.own.clone(), m.name.clone()]);
        let names = texts.chain([YEAR, "tier"].map(Arc::from)).collect();
        Some(Header { meanings, names, unread })
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.meanings.len()
    }

    /// How many there are up to the last that has a name: spreadsheets leave separators behind them.
    pub(super) fn named(&self) -> usize {
        self.meanings.iter().rposition(|m| !m.name.is_empty()).map_or(0, |last| last + 1)
    }

    /// Each column, in the order of the file.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Meaning> {
        self.meanings.iter()
    }

    /// The columns whose text groups and shared effects can use, in the order of the file; one that is read under
    /// another name has both.
    pub(super) fn labels(&self) -> Vec<String> {
        let text = |m: &&Meaning| matches!(m.column, Column::Text(_));
        let mut found: Vec<String> = Vec::new();
        for m in self.meanings.iter().filter(text) {
            found.push(m.own.to_string());
            if m.own != m.name {
                found.push(m.name.to_string());
            }
        }
        found
    }
}

fn of_match(name: &str, found: Option<Match>) -> Meaning {
    let Some(Match { column: own, scale, nearness }) = found else {
        let column = if name.is_empty() { Column::Ignored } else { LABEL };
        return Meaning { name: name.into(), own: name.into(), column };
    };
    let column = match (meaning(own), scale) {
        // Fields of model cards, which hold any text.
        _ if own == "source" && nearness == Nearness::Weak => Column::Text(words::source_of_card),
        _ if own == "relation" && nearness == Nearness::Weak => Column::Text(words::relation_of_card),
        (Column::Cell { dimension, quantity, of, .. }, Some(scale)) => Column::Cell { dimension, scale, quantity, of },
        (column, _) => column,
    };
    Meaning { name: name.into(), own: own.into(), column }
}

/// Names that are there twice.
fn same_names(names: &[String], line: u64, found: &mut Findings) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = seen.insert(name, i) {
            let message = format!("columns {} and {} have the same name; rename or delete one", first + 1, i + 1);
            found.problem(line, name, name, message);
        }
    }
}

/// Leaves at most one name for each column. The places of the others that are not read for that reason, with the place
/// of what is read.
fn settle(names: &[String], matches: &mut [Option<Match>], line: u64, found: &mut Findings) -> BTreeMap<usize, usize> {
    let mut by_column: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, m) in matches.iter().enumerate() {
        if let Some(m) = m {
            by_column.entry(quantity_of(m.column)).or_default().push(i);
        }
    }
    let mut dropped = BTreeMap::new();
    for (column, places) in by_column.into_iter().filter(|(_, places)| places.len() > 1) {
        let of = |wanted: &dyn Fn(Nearness) -> bool| -> Vec<usize> {
            places.iter().copied().filter(|i| matches[*i].is_some_and(|m| wanted(m.nearness))).collect()
        };
        let own = of(&|nearness| !matches!(nearness, Nearness::Synonym | Nearness::Weak));
        let synonyms = of(&|nearness| nearness == Nearness::Synonym);
        let first = places.iter().copied().min_by_key(|i| synonyms::weak_rank(&names[*i]));
        let rivals = if !own.is_empty() {
            &own
        } else if !synonyms.is_empty() {
            &synonyms
        } else {
            &Vec::from_iter(first)
        };
        if let [first, second, ..] = rivals[..]
            && names[first] != names[second]
        {
            let (first, second) = (&names[first], &names[second]);
            let message = if own.is_empty() {
                format!(
                    "{} and {} both mean {column}; rename the right one to {column}",
                    shorten(first),
                    shorten(second)
                )
            } else {
                format!(
                    "{} and {} are the same quantity; keep one of them, or merge them if each row fills only one",
                    shorten(first),
                    shorten(second)
                )
            };
            found.problem(line, second, second, message);
        }
        for place in places.iter().copied().filter(|place| !rivals.contains(place)) {
            matches[place] = None;
            dropped.insert(place, rivals[0]);
        }
    }
    dropped
}

/// Finds the column that identifies the rows, under another name if there is none of its own.
fn id_column(meanings: &mut [Meaning], line: u64, found: &mut Findings) {
    if meanings.iter().any(|m| matches!(m.column, Column::Id)) {
        return;
    }
    let named = |id: &&str| meanings.iter().position(|m| super::spelling::normal(&m.name) == **id);
    if let Some(place) = IDS.iter().find_map(named) {
        meanings[place].column = Column::Id;
        meanings[place].own = "id".into();
        return;
    }
    let near = meanings.iter().find(|m| closest("id", &[&*m.name]).is_some());
    let advice =
        near.map_or(String::new(), |m| format!(" (did you mean {}? the column must be named id)", shorten(&m.name)));
    let all: Vec<&str> = meanings.iter().map(|m| &*m.name).filter(|name| !name.is_empty()).collect();
    let columns = if all.len() > 40 { shorten(&all.join(", ")) } else { all.join(", ") };
    found.problem(line, "id", "", format!("there is no column id{advice}; the columns are {columns}"));
}

/// One note of everything that is read under another name.
fn read_as(meanings: &[Meaning], matches: &[Option<Match>], line: u64, found: &mut Findings) {
    let renamed = |(m, _): &(&Meaning, &Option<Match>)| m.own != m.name && !matches!(m.column, Column::Ignored);
    let mut listed = Vec::new();
    for (m, of) in meanings.iter().zip(matches).filter(renamed) {
        let usual = match meaning(of.map_or("", |of| of.column)) {
            Column::Cell { scale, .. } => scale,
            _ => Scale::ONE,
        };
        let unit = match m.column {
            Column::Cell { scale, .. } if scale != usual => format!(" in its unit (× {})", shown(scale.over(usual))),
            _ => String::new(),
        };
        listed.push(format!("{:?} as {}{unit}", shorten(&m.name), m.own));
    }
    if !listed.is_empty() {
        found.note(READ_AS, line, "", format!("columns are read as: {}", listed.join(", ")));
    }
}

fn shown(scale: Scale) -> String {
    super::number::Decimal(scale.of(1.0)).to_string()
}

/// What of the columns that are not read should be looked at, row by row.
fn suspicions(
    meanings: &mut [Meaning],
    matches: &[Option<Match>],
    dropped: &BTreeMap<usize, usize>,
    line: u64,
) -> Unread {
    let read: BTreeSet<&'static str> = matches.iter().flatten().map(|m| quantity_of(m.column)).collect();
    let mut unread = Unread::of(line, suspect::dimensions(&read));
    for (i, m) in meanings.iter_mut().enumerate() {
        if m.name.is_empty() || m.name.starts_with("Unnamed:") {
            unread.watch(i, &m.name, Suspicion::Nameless);
            m.column = Column::Ignored;
        }
        if !matches!(m.column, Column::Text(_)) || matches[i].is_some() {
            continue;
        }
        let suspicion = match dropped.get(&i) {
            // A country next to a region is a label like any other.
            Some(rival) => synonyms::find(&m.name, names())
                .filter(|of| !matches!(meaning(of.column), Column::Text(_)))
                .map(|_| Suspicion::Dropped(matches[*rival].map_or("", |of| of.column), *rival)),
            None => Some(suspect::of_name(&m.name, &read)),
        };
        if let Some(suspicion) = suspicion {
            unread.watch(i, &m.name, suspicion);
        }
    }
    unread
}

/// What to say of a header whose columns are not separated by commas.
fn other_separator(names: &[String]) -> Option<String> {
    let joined = names.join(",");
    [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")].into_iter().find_map(|(separator, name)| {
        let split = joined.matches(separator).count();
        (split > 0 && split >= names.len() && !names.iter().any(|n| n == "id")).then(|| {
            format!("the columns are separated by {name}; save the file with commas (and a point as the decimal sign)")
        })
    })
}
