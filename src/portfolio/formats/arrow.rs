//! Tables of Arrow that are in memory already, as the data frames of other languages are: their columns as text cells.
//!
//! A cell is what it would be in a Parquet file of the same table ([`super::parquet`]). Row n counts as line n + 1.

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::parquet::{text, unreadable};
use super::{Fault, Record, Table};

/// Reads batches of one schema, one by one; the names of the columns are the header. A batch that could not be made says
/// why, and ends the table.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
/// use carbonhaze::low_level::portfolio::formats::arrow;
///
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["llama", "bert"]));
/// let tokens: ArrayRef = Arc::new(Float64Array::from(vec![Some(2e12), None]));
/// let batch = RecordBatch::try_from_iter([("id", ids), ("tokens", tokens)])?;
/// let mut table = arrow::table(&batch.schema(), [Ok(batch)].into_iter());
/// assert_eq!(table.header.unwrap().cells, ["id", "tokens"]);
/// let row = table.records.nth(1).unwrap().unwrap();
/// assert_eq!((row.line, row.cells), (3, vec!["bert".to_string(), String::new()]));
/// # Ok::<(), arrow_schema::ArrowError>(())
/// ```
pub fn table<'b>(schema: &Schema, batches: impl Iterator<Item = Result<RecordBatch, String>> + 'b) -> Table<'b> {
    let (mut readable, mut faults, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (place, field) in schema.fields().iter().enumerate() {
        match unreadable(field.data_type()) {
            None => {
                readable.push(place);
                names.push(field.name().trim().to_string());
            }
            Some(what) => {
                let message = format!("the column holds {what}; write text or numbers into it, or leave it out");
                faults.push(Fault::new(1, field.name().as_str(), message));
            }
        }
    }
    let mut line = 1;
    let rows = batches.flat_map(move |batch| -> Vec<Result<Record, Fault>> {
        let batch = batch.and_then(|batch| batch.project(&readable).map_err(|e| e.to_string()));
        let batch = match batch {
            Ok(batch) => batch,
            Err(why) => return vec![Err(Fault::new(line + 1, "", format!("the table cannot be read on ({why})")))],
        };
        let cells = |row: usize| batch.columns().iter().map(|column| text(column, row)).collect();
        let records = (0..batch.num_rows()).map(|row| {
            line += 1;
            Ok(Record { line, cells: cells(row) })
        });
        records.collect()
    });
    Table { header: Some(Record { line: 1, cells: names }), records: Box::new(rows), faults }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BinaryArray, StringArray};

    use super::*;

    #[test]
    fn what_no_cell_can_hold_is_a_fault_and_the_rest_is_read() {
        let ids: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"x"]));
        let batch = RecordBatch::try_from_iter([("raw", bytes), ("id", ids)]).unwrap();
        let batches = [Ok(batch.clone()), Err("lost".to_string())];
        let mut table = table(&batch.schema(), batches.into_iter());
        assert_eq!(table.header.as_ref().map(|header| header.cells.as_slice()), Some(&["id".to_string()][..]));
        assert_eq!((table.faults.len(), table.faults[0].value.as_str()), (1, "raw"));
        assert_eq!(table.records.next(), Some(Ok(Record { line: 2, cells: vec!["a".into()] })));
        let broken = table.records.next().unwrap().unwrap_err();
        assert!(broken.line == 3 && broken.message.contains("lost"), "{broken:?}");
        assert_eq!(table.records.next(), None);
    }
}
