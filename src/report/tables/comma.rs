//! CSV: every digit of a number, and text that no spreadsheet takes for a formula.

use super::{Cell, Table};
use crate::report::csv::as_text;
use crate::report::numbers::round_trip;

pub fn write(table: &Table) -> String {
    let is_range = |column: usize| table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Range(..))));
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut head = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        if is_range(place) {
            head.extend([format!("{}, lower end", column.head), format!("{}, upper end", column.head)]);
        } else {
            head.push(column.head.clone());
        }
    }
    // Writing into memory cannot fail.
    let _ = out.write_record(head);
    for row in &table.rows {
        let mut cells = Vec::new();
        for (place, cell) in row.iter().enumerate() {
            match cell {
                Cell::Text(text) => cells.push(as_text(text)),
                Cell::Number(_, Some(x)) if x.fract() == 0.0 && x.abs() < 1e15 => cells.push(format!("{x:.0}")),
                Cell::Number(_, x) | Cell::WithError(_, _, x) => cells.push(round_trip(*x)),
                Cell::Range(_, _, ends) => cells.extend([0, 1].map(|end| round_trip(ends.map(|ends| ends[end])))),
                Cell::Nothing if is_range(place) => cells.extend([String::new(), String::new()]),
                Cell::Nothing => cells.push(String::new()),
            }
        }
        let _ = out.write_record(cells);
    }
    out.into_inner().map_or(String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}
