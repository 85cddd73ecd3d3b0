//! Tables that come from Python, as tables of text cells.
//!
//! Data frames hold text as large strings, views and dictionaries, and dates in several widths. Each column is brought to
//! the types that a Parquet file has, some thousand rows at a time, so that no second copy of a frame is made.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use carbonhaze::low_level::portfolio::formats::{self, Table};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// Rows that are in memory as text at the same time.
const ROWS: usize = 4096;

/// A table of Python: batches of one schema, shared with their owner.
#[derive(Debug, Clone)]
pub struct Frame {
    batches: Vec<RecordBatch>,
    plain: SchemaRef,
}

impl Frame {
    /// Of batches of one schema.
    pub fn new(batches: Vec<RecordBatch>, schema: &Schema) -> Frame {
        let fields: Vec<Field> =
            schema.fields().iter().map(|f| Field::new(f.name(), plain(f.data_type()), true)).collect();
        Frame { batches, plain: Arc::new(Schema::new(fields)) }
    }

    /// As the library reads it. The rows are those of a Parquet file of the same table.
    pub fn table(&self) -> Table<'static> {
        let (rows, plain) = (self.clone(), Arc::clone(&self.plain));
        formats::arrow::table(&plain, rows.slices())
    }

    /// As the bytes of a Parquet file, in which all columns that can be read are: reading it gives the same cells.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn parquet(&self) -> Result<Vec<u8>, String> {
        let table = self.table();
        let names = table.header.map(|header| header.cells).unwrap_or_default();
        let keep: Vec<usize> = self
            .plain
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, f)| names.contains(&f.name().trim().to_string()))
            .map(|(i, _)| i)
            .collect();
        let packed = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let schema = self.plain.project(&keep).map_err(|e| e.to_string())?;
        let mut writer = ArrowWriter::try_new(Vec::new(), Arc::new(schema), Some(packed)).map_err(|e| e.to_string())?;
        for batch in self.clone().slices() {
            let batch = batch?.project(&keep).map_err(|e| e.to_string())?;
            writer.write(&batch).map_err(|e| e.to_string())?;
        }
        writer.into_inner().map_err(|e| e.to_string())
    }

    /// The text of a CSV file of the first rows, or of all, in which each row is one line: what a frame of another tool's
    /// table is recognised by, and read from.
    ///
    /// # Errors
    /// A column that no cell can hold.
    pub fn csv(&self, rows: usize) -> Result<Vec<u8>, String> {
        let table = self.table();
        let line = |cells: Vec<String>| cells.into_iter().map(|cell| cell.replace(['\n', '\r'], " "));
        let mut writer = csv::Writer::from_writer(Vec::new());
        if let Some(fault) = table.faults.first() {
            return Err(fault.message.clone());
        }
        let header = table.header.map(|header| header.cells).unwrap_or_default();
        writer.write_record(line(header)).map_err(|e| e.to_string())?;
        for record in table.records.take(rows) {
            let record = record.map_err(|fault| fault.message)?;
            writer.write_record(line(record.cells)).map_err(|e| e.to_string())?;
        }
        writer.into_inner().map_err(|e| e.to_string())
    }

    /// The rows, some thousand at a time, in plain types.
    fn slices(self) -> impl Iterator<Item = Result<RecordBatch, String>> {
        let Frame { batches, plain, .. } = self;
        batches
            .into_iter()
            .flat_map(|batch| {
                (0..batch.num_rows())
                    .step_by(ROWS)
                    .map(move |from| batch.slice(from, ROWS.min(batch.num_rows() - from)))
            })
            .map(move |slice| {
                let columns: Result<Vec<_>, _> = slice
                    .columns()
                    .iter()
                    .zip(plain.fields())
                    .map(|(column, field)| cast(column, field.data_type()))
                    .collect();
                let options = RecordBatchOptions::new().with_row_count(Some(slice.num_rows()));
                RecordBatch::try_new_with_options(Arc::clone(&plain), columns.map_err(|e| e.to_string())?, &options)
                    .map_err(|e| e.to_string())
            })
    }
}

/// The type of a Parquet file that says the same; what has none stays and is refused by name.
fn plain(of: &DataType) -> DataType {
    match of {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::List(of)
        | DataType::LargeList(of)
        | DataType::ListView(of)
        | DataType::LargeListView(of)
        | DataType::FixedSizeList(of, _) => {
            DataType::List(Arc::new(Field::new(of.name(), plain(of.data_type()), true)))
        }
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Decimal32(digits, scale) | DataType::Decimal64(digits, scale) => {
            DataType::Decimal128(*digits, *scale)
        }
        other => other.clone(),
    }
}
