//! Parquet: the columns of a file as text cells, batch by batch.
//!
//! Cells are what a CSV file of the same table would hold: a float is the shortest text that is read as the same float,
//! an integer and a decimal have all their digits, dates are ISO dates, a list is written as in JSON, and null and NaN are
//! empty. What types a program noted for itself (categories, large strings) is passed over: only what Parquet says counts.
//! A file has no lines; row n counts as line n + 1, below the names of the columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTimestampType, Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{Fault, Record, Table, guarded};
use crate::portfolio::problem::shorten;

/// The four bytes at both ends of a file, and those of one whose end is encrypted.
const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";
/// Rows that are in memory at the same time.
const BATCH: usize = 4096;
/// No table has more rows. A damaged file may claim any number of them.
const MOST_ROWS: i64 = 100_000_000;

/// What begins as a Parquet file does.
pub fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) || bytes.starts_with(ENCRYPTED)
}

/// Reads a Parquet file; the names of its columns are the header.
pub fn table(bytes: &[u8]) -> Table<'_> {
    let opened = guarded::call(|| opened(bytes));
    match opened.unwrap_or_else(|| Err(damaged("its metadata contradict themselves"))) {
        Ok((reader, faults)) => {
            let names = reader.schema().fields().iter().map(|field| field.name().trim().to_string()).collect();
            let records = Records { reader, batch: None, at: 0, row: 0, over: false };
            Table { header: Some(Record { line: 1, cells: names }), records: Box::new(records), faults }
        }
        Err(message) => {
            Table { header: None, records: Box::new(std::iter::empty()), faults: vec![Fault::new(0, "", message)] }
        }
    }
}

/// A reader of the columns that can be read, and what is wrong with the others.
fn opened(bytes: &[u8]) -> Result<(ParquetRecordBatchReader, Vec<Fault>), String> {
    if bytes.starts_with(ENCRYPTED) {
        return Err("the file is encrypted Parquet; give it without encryption".into());
    }
    if !bytes.starts_with(MAGIC) {
        return Err("the file is no Parquet (it does not begin with PAR1); give a name that says what it is".into());
    }
    if bytes.len() < 12 || !bytes.ends_with(MAGIC) {
        return Err("the file is cut off (Parquet ends with PAR1, as it begins); download it or write it again".into());
    }
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::copy_from_slice(bytes), options);
    let builder = builder.map_err(|e| damaged(&e.to_string()))?;
    let rows = builder.metadata().file_metadata().num_rows();
    if rows > MOST_ROWS {
        return Err(format!("the file says that it has {rows} rows, more than {MOST_ROWS}; split it up"));
    }
    let (mut readable, mut faults) = (Vec::new(), Vec::new());
    for (place, field) in builder.schema().fields().iter().enumerate() {
        match unreadable(field.data_type()) {
            // The index that pandas writes with a data frame is none of its columns.
            _ if field.name().starts_with("__index_level_") => {}
            None => readable.push(place),
            Some(what) => {
                let message = format!("the column holds {what}; write text or numbers into it, or leave it out");
                faults.push(Fault::new(1, field.name().as_str(), message));
            }
        }
    }
    let columns = ProjectionMask::roots(builder.parquet_schema(), readable);
    let reader =
        builder.with_batch_size(BATCH).with_projection(columns).build().map_err(|e| damaged(&e.to_string()))?;
    Ok((reader, faults))
}

fn damaged(error: &str) -> String {
    format!("the file is Parquet and damaged ({}); download it or write it again", shorten(error))
}

/// What a column holds that is no value of a table.
pub(super) fn unreadable(data_type: &DataType) -> Option<&'static str> {
    match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Date32
        | DataType::Timestamp(..)
        | DataType::Time32(TimeUnit::Millisecond)
        | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => None,
        DataType::List(of) => match of.data_type() {
            DataType::List(_) => Some("lists of lists"),
            of => unreadable(of),
        },
        DataType::Binary | DataType::FixedSizeBinary(_) => Some("bytes that are marked as no text"),
        DataType::Struct(_) => Some("structures of several values"),
        DataType::Map(..) => Some("maps of keys and values"),
        _ => Some("values of a type that no cell has"),
    }
}

/// The rows of a file.
struct Records {
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    /// The next row of the batch, and of the file, from 0.
    at: usize,
    row: u64,
    over: bool,
}

impl Iterator for Records {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            if let Some(batch) = self.batch.as_ref().filter(|batch| self.at < batch.num_rows()) {
                let cells = batch.columns().iter().map(|column| text(column, self.at)).collect();
                self.at += 1;
                self.row += 1;
                return Some(Ok(Record { line: self.row + 1, cells }));
            }
            self.at = 0;
            let error = match guarded::call(|| self.reader.next()) {
                Some(Some(Ok(batch))) => {
                    self.batch = Some(batch);
                    continue;
                }
                Some(Some(Err(e))) => Some(shorten(&e.to_string())),
                Some(None) => None,
                None => Some("its pages contradict themselves".to_string()),
            };
            self.over = true;
            if let Some(error) = error {
                let from = self.row + 1;
                let message =
                    format!("the file is damaged from row {from} on ({error}); download it or write it again");
                return Some(Err(Fault::new(from + 1, "", message)));
            }
        }
        None
    }
}

/// A value as a CSV file has it in a cell.
pub(super) fn text(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int8 => integer::<Int8Type>(column, row),
        DataType::Int16 => integer::<Int16Type>(column, row),
        DataType::Int32 => integer::<Int32Type>(column, row),
        DataType::Int64 => integer::<Int64Type>(column, row),
        DataType::UInt8 => integer::<UInt8Type>(column, row),
        DataType::UInt16 => integer::<UInt16Type>(column, row),
        DataType::UInt32 => integer::<UInt32Type>(column, row),
        DataType::UInt64 => integer::<UInt64Type>(column, row),
        DataType::Float16 => of_f32(column.as_primitive::<Float16Type>().value(row).to_f32()),
        DataType::Float32 => of_f32(column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => of_f64(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => column.as_string::<i32>().value(row).trim().to_string(),
        DataType::Date32 => {
            let dates = column.as_primitive::<Date32Type>();
            dates.value_as_date(row).map_or_else(|| dates.value(row).to_string(), |date| date.to_string())
        }
        DataType::Timestamp(TimeUnit::Second, zone) => moment::<TimestampSecondType>(column, row, zone.is_some()),
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            moment::<TimestampMillisecondType>(column, row, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            moment::<TimestampMicrosecondType>(column, row, zone.is_some())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            moment::<TimestampNanosecondType>(column, row, zone.is_some())
        }
        DataType::Time32(_) => time(column.as_primitive::<Time32MillisecondType>().value_as_time(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            time(column.as_primitive::<Time64MicrosecondType>().value_as_time(row))
        }
        DataType::Time64(_) => time(column.as_primitive::<Time64NanosecondType>().value_as_time(row)),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Decimal256(..) => column.as_primitive::<Decimal256Type>().value_as_string(row),
        DataType::List(_) => list(&*column.as_list::<i32>().value(row)),
        // All others are refused before.
        _ => String::new(),
    }
}

fn integer<T: ArrowPrimitiveType<Native: ToString>>(column: &dyn Array, row: usize) -> String {
    column.as_primitive::<T>().value(row).to_string()
}

/// The shortest text that is read as the same number; without a point where the number is whole, as years and counts are
/// that share a column with gaps.
fn of_f64(x: f64) -> String {
    if x.is_nan() {
        String::new()
    } else if x.fract() == 0.0 && x.abs() < 1e15 {
        format!("{x:.0}")
    } else {
        format!("{x:?}")
    }
}

/// The same of a number of half the width: 0.1 is 0.1.
fn of_f32(x: f32) -> String {
    if x.is_nan() {
        String::new()
    } else if x.fract() == 0.0 && x.abs() < 1e7 {
        format!("{x:.0}")
    } else {
        format!("{x:?}")
    }
}

/// A date, and the time of day where there is one, in UTC where the file knows that.
fn moment<T: ArrowTimestampType>(column: &dyn Array, row: usize, utc: bool) -> String {
    let moments = column.as_primitive::<T>();
    let Some(moment) = moments.value_as_datetime(row) else { return moments.value(row).to_string() };
    let text = moment.to_string();
    match text.split_once(' ') {
        Some((date, "00:00:00")) => date.to_string(),
        Some((date, time)) => format!("{date}T{time}{}", if utc { "Z" } else { "" }),
        None => text,
    }
}

fn time(time: Option<impl ToString>) -> String {
    time.map_or_else(String::new, |time| time.to_string())
}

/// A list as in JSON.
fn list(elements: &dyn Array) -> String {
    let texts = matches!(elements.data_type(), DataType::Utf8);
    let element = |row: usize| match text(elements, row) {
        _ if elements.is_null(row) => "null".to_string(),
        text if texts => serde_json::Value::from(text).to_string(),
        text => text,
    };
    format!("[{}]", (0..elements.len()).map(element).collect::<Vec<_>>().join(", "))
}
