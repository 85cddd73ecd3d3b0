//! What an importer gives: rows of text cells under the columns of a models file, and everything that was changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::portfolio::columns;
use crate::portfolio::formats::{Record, Table};

/// What was done to a value of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It is not used.
    Dropped,
    /// It is used in another form than it is written in, and the form was not certain.
    Repaired,
    /// It was taken from elsewhere, or read under an assumption of the format that the file does not state.
    Assumed,
}

/// One value that is not used as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was done.
    pub what: What,
    /// The physical line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The field of the foreign file.
    pub field: String,
    /// As it is written.
    pub value: String,
    /// Why, and what is used instead.
    pub reason: String,
}

/// One row of a models file to be: cells by column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The physical line of the foreign file on which it starts, from 1.
    pub line: u64,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// A row with nothing in it but its id.
    pub fn new(line: u64, id: impl Into<String>) -> Row {
        Row { line, cells: BTreeMap::from([("id", id.into())]) }
    }

    /// Writes a cell; an empty text leaves it empty.
    pub fn set(&mut self, column: &'static str, text: impl Into<String>) {
        let text = text.into();
        // A table's cell is one line, and no terminal acts on it.
        let shown = |c: char| if c.is_whitespace() { ' ' } else { char::REPLACEMENT_CHARACTER };
        let text: String = text.chars().map(|c| if c.is_control() { shown(c) } else { c }).collect();
        if !text.trim().is_empty() {
            self.cells.insert(column, text);
        }
    }

    /// Empties a cell; its text, if it had any.
    pub fn take(&mut self, column: &str) -> Option<String> {
        self.cells.remove(column)
    }

    /// The text of a cell, if it has any.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }
}

/// What a foreign file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// In the order in which they were found.
    pub changes: Vec<Change>,
}

impl Imported {
    /// A value that is not used.
    pub fn dropped(&mut self, line: u64, field: &str, value: impl Into<String>, reason: impl Into<String>) {
        self.change(What::Dropped, line, field, value, reason);
    }

    /// A value that is used in another form.
    pub fn repaired(&mut self, line: u64, field: &str, value: impl Into<String>, reason: impl Into<String>) {
        self.change(What::Repaired, line, field, value, reason);
    }

    /// Something that the file does not state.
    pub fn assumed(&mut self, line: u64, field: &str, value: impl Into<String>, reason: impl Into<String>) {
        self.change(What::Assumed, line, field, value, reason);
    }

    fn change(&mut self, what: What, line: u64, field: &str, value: impl Into<String>, reason: impl Into<String>) {
        let (field, value, reason) = (field.to_string(), value.into(), reason.into());
        self.changes.push(Change { what, line, field, value, reason });
    }

    /// The columns that have a cell in any row: those with a meaning in the order of `docs/columns.md`, then labels.
    pub fn columns(&self) -> Vec<&'static str> {
        let used: BTreeSet<&'static str> = self.rows.iter().flat_map(|row| row.cells.keys().copied()).collect();
        let known = columns::known();
        let mut found: Vec<&'static str> = known.iter().copied().filter(|name| used.contains(name)).collect();
        found.extend(used.iter().copied().filter(|name| !known.contains(name)));
        found
    }

    /// The rows under these columns.
    pub fn records(self, columns: &[&'static str]) -> impl Iterator<Item = Record> {
        self.rows.into_iter().map(move |mut row| Record {
            line: row.line,
            cells: columns.iter().map(|name| row.cells.remove(name).unwrap_or_default().trim().to_string()).collect(),
        })
    }

    /// As a models file.
    pub fn into_table(self) -> Table<'static> {
        let columns = self.columns();
        let header = Record { line: 1, cells: columns.iter().map(|name| name.to_string()).collect() };
        let records: Vec<Record> = self.records(&columns).collect();
        Table { header: Some(header), records: Box::new(records.into_iter().map(Ok)), faults: Vec::new() }
    }
}
