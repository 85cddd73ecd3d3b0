//! Tables that go to Python: anything that speaks Arrow reads them without a copy.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyByteArray, PyCapsule, PyList};
use pyo3_arrow::PyTable;

/// A table of results: columns of text, numbers and truth values.
#[pyclass(frozen, subclass, module = "carbonhaze._native")]
pub struct Table {
    batch: RecordBatch,
}

impl From<RecordBatch> for Table {
    fn from(batch: RecordBatch) -> Table {
        Table { batch }
    }
}

impl Table {
    fn shared(&self) -> PyResult<PyTable> {
        PyTable::try_new(vec![self.batch.clone()], self.batch.schema())
    }

    fn find(&self, name: &str) -> PyResult<&ArrayRef> {
        self.batch.column_by_name(name).ok_or_else(|| PyKeyError::new_err(name.to_string()))
    }
}

#[pymethods]
impl Table {
    /// From another table, or from columns: (name, values). The values of a column are all text, all truth values, all whole
    /// numbers or all numbers; None is a null.
    #[new]
    fn new(columns: &Bound<'_, PyAny>) -> PyResult<Table> {
        if let Ok(other) = columns.cast::<Table>() {
            return Ok(Table { batch: other.get().batch.clone() });
        }
        let columns: Vec<(String, Bound<'_, PyList>)> = columns.extract()?;
        let arrays: Vec<ArrayRef> = columns.iter().map(|(_, values)| array(values)).collect::<PyResult<_>>()?;
        let field = |(name, array): (&String, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
        let fields: Vec<Field> = columns.iter().map(|(name, _)| name).zip(&arrays).map(field).collect();
        let rows = RecordBatchOptions::new().with_row_count(Some(arrays.first().map_or(0, |array| array.len())));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &rows);
        batch.map(Table::from).map_err(|e| PyValueError::new_err(e.to_string()))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.shared()?.into_bound_py_any(py)?.call_method1("__arrow_c_stream__", (requested_schema,))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shared()?.into_bound_py_any(py)?.call_method0("__arrow_c_schema__")
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Units by column, of the columns that have one.
    #[getter]
    fn units(&self) -> Vec<(String, String)> {
        let unit = |field: &Arc<Field>| Some((field.name().clone(), field.metadata().get("unit")?.clone()));
        self.batch.schema_ref().fields().iter().filter_map(unit).collect()
    }

    /// The values of a column as a list, None where there is none.
    fn values<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let column = self.find(name)?;
        match column.data_type() {
            DataType::Float64 => PyList::new(py, column.as_primitive::<Float64Type>().iter()),
            DataType::UInt64 => PyList::new(py, column.as_primitive::<UInt64Type>().iter()),
            DataType::Int64 => PyList::new(py, column.as_primitive::<Int64Type>().iter()),
            DataType::Boolean => PyList::new(py, column.as_boolean().iter()),
            _ => PyList::new(py, column.as_string::<i32>().iter()),
        }
    }

    /// The numbers of a column as the bytes of 64-bit floats, NaN where there is none; None for a column of another kind.
    fn floats<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyByteArray>>> {
        let column = self.find(name)?;
        match column.data_type() {
            DataType::Float64 => {
                let numbers = column.as_primitive::<Float64Type>();
                numbers_to_bytes(py, numbers.len(), numbers.iter().map(|x| x.unwrap_or(f64::NAN))).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// So many floats as bytes, made once.
pub fn numbers_to_bytes<'py>(
    py: Python<'py>,
    length: usize,
    numbers: impl Iterator<Item = f64>,
) -> PyResult<Bound<'py, PyByteArray>> {
    PyByteArray::new_with(py, length * size_of::<f64>(), |bytes| {
        bytes.chunks_exact_mut(size_of::<f64>()).zip(numbers).for_each(|(to, x)| to.copy_from_slice(&x.to_ne_bytes()));
        Ok(())
    })
}

/// A column of values of one kind.
fn array(values: &Bound<'_, PyList>) -> PyResult<ArrayRef> {
    if let Ok(truths) = values.extract::<Vec<Option<bool>>>()
        && truths.iter().any(Option::is_some)
    {
        return Ok(Arc::new(BooleanArray::from(truths)));
    }
    if let Ok(whole) = values.extract::<Vec<Option<i64>>>()
        && whole.iter().any(Option::is_some)
    {
        return Ok(Arc::new(Int64Array::from(whole)));
    }
    if let Ok(numbers) = values.extract::<Vec<Option<f64>>>()
        && numbers.iter().any(Option::is_some)
    {
        return Ok(Arc::new(Float64Array::from(numbers)));
    }
    let texts = values.extract::<Vec<Option<String>>>()?;
    let length: usize = texts.iter().flatten().map(String::len).sum();
    if i32::try_from(length).is_err() {
        return Err(PyValueError::new_err(
            "a column holds more than 2 GiB of text; leave out what no figure is read from",
        ));
    }
    Ok(Arc::new(StringArray::from(texts)))
}
