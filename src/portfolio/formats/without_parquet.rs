//! Parquet in a build without the feature `parquet`: recognised, and refused with what to do.

use super::{Fault, Table};

/// What begins as a Parquet file does.
pub fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}

/// Refuses the file.
pub fn table(_bytes: &[u8]) -> Table<'_> {
    let message = "the file is Parquet, which this build does not read; build with the feature parquet (it is one of the \
                   default features), or give the table as CSV or JSON Lines";
    Table { header: None, records: Box::new(std::iter::empty()), faults: vec![Fault::new(0, "", message)] }
}
