//! `models.parquet` and `groups.parquet`: the rows of `models.csv` and `groups.csv` with types and units, and with what
//! they come from.
//!
//! Names are text as they are (no apostrophe), numbers are 64-bit floats and null where they are undefined. The metadata of
//! each column has its `unit`, that of the file version, draws, seed, level and the plan's hash; nothing says when or where
//! it was written. Rows may come block by block: what is in memory is bounded by one group of rows, and the bytes do not
//! depend on the blocks. [`models_batch`] and [`groups_batch`] give the same rows to readers in the same process.

use std::collections::HashMap;
use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::Result;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::columns::{self, Cell, Column, Kind};
use super::json::SCHEMA_VERSION;
use crate::posterior::{EachModel, GroupPosterior, ModelPosterior};

/// Rows that one reader takes at a time, and rows that are turned into columns at a time.
const ROW_GROUP: usize = 65_536;
const BATCH: usize = 8_192;

/// The run that the rows come from, for the metadata of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About<'a> {
    /// Number of draws.
    pub draws: u64,
    /// Seed of the run.
    pub seed: u64,
    /// Level of all intervals.
    pub level: f64,
    /// SHA-256 of the plan in hexadecimal.
    pub plan_hash: &'a str,
}

/// Writes `models.parquet`, one row per model, as the models come.
pub struct ModelsParquet<W: Write + Send>(Table<W>);

impl<W: Write + Send> ModelsParquet<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, about: &About<'_>) -> Result<ModelsParquet<W>> {
        Table::new(out, about, columns::of_models()).map(ModelsParquet)
    }

    /// Adds models, in the order of the file.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn push(&mut self, models: &[ModelPosterior]) -> Result<()> {
        models.iter().try_for_each(|model| self.0.push(columns::of_model(model)))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Its end cannot be written.
    pub fn finish(self) -> Result<W> {
        self.0.finish()
    }
}

/// Writes `groups.parquet`, one row per group; no rows where no groups were asked for.
///
/// # Errors
/// It cannot be written.
pub fn groups<W: Write + Send>(out: W, about: &About<'_>, groups: &[GroupPosterior]) -> Result<W> {
    let mut table = Table::new(out, about, columns::of_groups())?;
    groups.iter().try_for_each(|group| table.push(columns::of_group(group)))?;
    table.finish()
}

/// The rows of `models.parquet` in memory.
///
/// # Errors
/// More text than a column of Arrow holds (2 GiB), and those of a file that the models are kept in.
pub fn models_batch(models: &dyn EachModel) -> std::result::Result<RecordBatch, ArrowError> {
    let mut batch = Batch::new(columns::of_models());
    let failed = |e: std::io::Error| ArrowError::ExternalError(Box::new(e));
    models.each(&mut |model| batch.push(columns::of_model(model)).map_err(std::io::Error::other)).map_err(failed)?;
    batch.take()
}

/// The rows of `groups.parquet` in memory.
///
/// # Errors
/// More text than a column of Arrow holds (2 GiB).
pub fn groups_batch(groups: &[GroupPosterior]) -> std::result::Result<RecordBatch, ArrowError> {
    let mut batch = Batch::new(columns::of_groups());
    groups.iter().try_for_each(|group| batch.push(columns::of_group(group)))?;
    batch.take()
}

/// Rows in memory under way.
struct Batch {
    schema: SchemaRef,
    columns: Vec<Growing>,
    /// Bytes of all text.
    text: usize,
}

impl Batch {
    fn new(columns: Vec<Column>) -> Batch {
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        Batch { schema, columns: columns.iter().map(|column| Growing::of(column.kind)).collect(), text: 0 }
    }

    fn push<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> std::result::Result<(), ArrowError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if let Cell::Text(name) = cell {
                self.text += name.len();
            }
            // All columns together: none of them can have more.
            if i32::try_from(self.text).is_err() {
                return Err(ArrowError::OffsetOverflowError(self.text));
            }
            column.push(cell);
        }
        Ok(())
    }

    /// The rows since the last time.
    fn take(&mut self) -> std::result::Result<RecordBatch, ArrowError> {
        self.text = 0;
        RecordBatch::try_new(Arc::clone(&self.schema), self.columns.iter_mut().map(Growing::take).collect())
    }
}

/// A file under way.
struct Table<W: Write + Send> {
    writer: ArrowWriter<W>,
    batch: Batch,
    rows: usize,
}

/// The rows of a column that are not written yet.
enum Growing {
    Text(StringBuilder),
    Count(UInt64Builder),
    Number(Float64Builder),
}

impl<W: Write + Send> Table<W> {
    fn new(out: W, about: &About<'_>, columns: Vec<Column>) -> Result<Table<W>> {
        let batch = Batch::new(columns);
        let writer = ArrowWriter::try_new(out, Arc::clone(&batch.schema), Some(properties(about)))?;
        Ok(Table { writer, batch, rows: 0 })
    }

    fn push<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> Result<()> {
        self.batch.push(cells)?;
        self.rows += 1;
        // Batches end at the same rows however the models come: so do the pages of the file.
        if self.rows == BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.rows = 0;
        self.writer.write(&self.batch.take()?)
    }

    fn finish(mut self) -> Result<W> {
        if self.rows > 0 {
            self.write()?;
        }
        self.writer.into_inner()
    }
}

impl Growing {
    fn of(kind: Kind) -> Growing {
        match kind {
            Kind::Text => Growing::Text(StringBuilder::new()),
            Kind::Count => Growing::Count(UInt64Builder::new()),
            Kind::Number => Growing::Number(Float64Builder::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Growing::Text(column), Cell::Text(text)) => column.append_value(text),
            (Growing::Count(column), Cell::Count(count)) => column.append_value(count),
            (Growing::Number(column), Cell::Number(number)) => column.append_option(number),
            // Columns and cells are listed together, and a test goes through them.
            _ => debug_assert!(false, "a cell of another kind than its column"),
        }
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            Growing::Text(column) => Arc::new(mem::take(column).finish()),
            Growing::Count(column) => Arc::new(column.finish()),
            Growing::Number(column) => Arc::new(column.finish()),
        }
    }
}

fn field(column: &Column) -> Field {
    let data_type = match column.kind {
        Kind::Text => DataType::Utf8,
        Kind::Count => DataType::UInt64,
        Kind::Number => DataType::Float64,
    };
    let unit = column.unit.map(|unit| ("unit".to_string(), unit.to_string()));
    Field::new(&column.name, data_type, column.kind == Kind::Number).with_metadata(HashMap::from_iter(unit))
}

fn properties(about: &About<'_>) -> WriterProperties {
    let facts = [
        ("carbonhaze.schema_version", SCHEMA_VERSION.to_string()),
        ("carbonhaze.version", env!("CARGO_PKG_VERSION").to_string()),
        ("carbonhaze.draws", about.draws.to_string()),
        ("carbonhaze.seed", about.seed.to_string()),
        ("carbonhaze.interval", about.level.to_string()),
        ("carbonhaze.plan_hash", about.plan_hash.to_string()),
    ];
    let facts = facts.into_iter().map(|(key, value)| KeyValue::new(key.to_string(), value)).collect();
    let properties = WriterProperties::builder()
        .set_created_by(concat!("carbonhaze ", env!("CARGO_PKG_VERSION")).to_string())
        .set_key_value_metadata(Some(facts))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Few values are there twice, but for those of two columns.
        .set_dictionary_enabled(false);
    let repeated = ["tier", "by"].map(ColumnPath::from);
    repeated.into_iter().fold(properties, |p, column| p.set_column_dictionary_enabled(column, true)).build()
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, UInt64Type};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, Estimate, Posterior, example};

    const ABOUT: About<'static> = About { draws: 640, seed: 1, level: 0.95, plan_hash: "0123" };

    fn example() -> Posterior {
        let (mut assessment, plan, summary, oracle) = example::lognormal(6, 640);
        assessment.models[0].id = "=a, \"quoted\" id".into();
        let mut p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        p.models[3].atci_kg_per_eflop = Estimate::default();
        p.models[4].share = Some(f64::NAN);
        p.groups[1].compute_eflop = None;
        p
    }

    fn models(blocks: &[&[ModelPosterior]]) -> Vec<u8> {
        let mut file = ModelsParquet::new(Vec::new(), &ABOUT).unwrap();
        blocks.iter().for_each(|block| file.push(block).unwrap());
        file.finish().unwrap()
    }

    /// The columns of a file and its rows, which are one batch.
    fn read(bytes: Vec<u8>) -> (SchemaRef, RecordBatch) {
        let file = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = file.map(Result::unwrap).collect();
        (batches[0].schema(), batches[0].clone())
    }

    fn cell<'b>(batch: &'b RecordBatch, column: usize, row: usize) -> Cell<'b> {
        let column = batch.column(column);
        match column.data_type() {
            DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row)),
            DataType::UInt64 => Cell::Count(column.as_primitive::<UInt64Type>().value(row)),
            _ if column.is_null(row) => Cell::Number(None),
            _ => Cell::Number(Some(column.as_primitive::<Float64Type>().value(row))),
        }
    }

    #[test]
    fn rows_read_back_as_the_posterior() {
        let p = example();
        let (schema, batch) = read(models(&[&p.models]));
        assert_eq!(batch.num_rows(), p.models.len());
        for (row, model) in p.models.iter().enumerate() {
            for (column, want) in columns::of_model(model).enumerate() {
                assert_eq!(cell(&batch, column, row), want, "{} of {}", schema.field(column).name(), model.id);
            }
        }
        assert_eq!(cell(&batch, 0, 0), Cell::Text("=a, \"quoted\" id"));
        assert_eq!(cell(&batch, 2, 4), Cell::Number(None));
        let (schema, batch) = read(groups(Vec::new(), &ABOUT, &p.groups).unwrap());
        for (row, group) in p.groups.iter().enumerate() {
            for (column, want) in columns::of_group(group).enumerate() {
                assert_eq!(cell(&batch, column, row), want, "{} of row {row}", schema.field(column).name());
            }
        }
        // Negative control: another column has other values.
        let mean = schema.index_of("emissions_mean_t").unwrap();
        assert_ne!(cell(&batch, mean, 0), cell(&batch, mean + 1, 0));
    }

    #[test]
    fn units_and_the_run_stand_in_the_file() {
        let bytes = models(&[&example().models]);
        let file = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        let unit = |name: &str| file.schema().field_with_name(name).unwrap().metadata().get("unit").cloned();
        assert_eq!(unit("emissions_mean_t").as_deref(), Some("t"));
        assert_eq!(unit("atci_hi_mcse_kg_per_eflop").as_deref(), Some("kg/EFLOP"));
        assert_eq!(unit("id"), None);
        let about = file.metadata().file_metadata();
        let facts = about.key_value_metadata().unwrap();
        let fact = |key: &str| facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.clone());
        let of_run = ["draws", "seed", "interval", "plan_hash"].map(|key| fact(&format!("carbonhaze.{key}")).unwrap());
        assert_eq!(of_run, ["640", "1", "0.95", "0123"]);
        assert!(about.created_by().unwrap().starts_with("carbonhaze "));
    }

    #[test]
    fn the_bytes_depend_on_the_rows_and_not_on_the_blocks() {
        let six = example().models;
        let many: Vec<ModelPosterior> = six.iter().cycle().take(2 * ROW_GROUP + 7).cloned().collect();
        let whole = models(&[&many]);
        let blocks: Vec<&[ModelPosterior]> = many.chunks(10_007).collect();
        assert_eq!(models(&blocks), whole);
        let file = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(whole.clone())).unwrap();
        let rows: Vec<i64> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(rows, [ROW_GROUP as i64, ROW_GROUP as i64, 7]);
        let mut other = many.clone();
        other[5].share = Some(0.123);
        assert_ne!(models(&[&other]), whole);
        // No rows are a file too.
        assert_eq!(
            ParquetRecordBatchReaderBuilder::try_new(Bytes::from(models(&[]))).unwrap().metadata().num_row_groups(),
            0
        );
    }
}
