//! Tables that come from Python, through the Arrow PyCapsule interface.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::columns::Frame;
use crate::errors::Failure;

/// A table in memory that is shared with its owner.
#[pyclass(frozen, module = "carbonhaze._native")]
pub struct Arrow {
    batches: Vec<RecordBatch>,
    schema: SchemaRef,
}

impl Arrow {
    /// To be read.
    pub fn frame(&self) -> Frame {
        Frame::new(self.batches.clone(), &self.schema)
    }
}

#[pymethods]
impl Arrow {
    /// Of anything with `__arrow_c_stream__` or `__arrow_c_array__`.
    #[new]
    fn new(table: AnyRecordBatch) -> PyResult<Arrow> {
        let (batches, schema) = table.into_table()?.into_inner();
        Ok(Arrow { batches, schema })
    }

    /// Tables with the same number of rows as one table, column next to column.
    #[staticmethod]
    fn side_by_side(tables: Vec<PyRef<'_, Arrow>>) -> PyResult<Arrow> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut rows = None;
        for table in &tables {
            let batch = match table.batches.as_slice() {
                [one] => one.clone(),
                pieces => concat_batches(&table.schema, pieces).map_err(|e| Failure::Usage(format!("models: {e}")))?,
            };
            rows.get_or_insert(batch.num_rows());
            columns.extend(batch.columns().iter().cloned());
            fields.extend(table.schema.fields().iter().cloned());
        }
        let schema = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(rows);
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options);
        let batch = batch.map_err(|e| Failure::Usage(format!("models: {e}")))?;
        Ok(Arrow { batches: vec![batch], schema })
    }

    #[getter]
    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[getter]
    fn columns(&self) -> usize {
        self.schema.fields().len()
    }
}
