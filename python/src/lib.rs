//! The native half of the Python package: what `carbonhaze/*.py` is written over.
//!
//! Thin: each function reads or draws through the library that the program `haze` uses, with Python's lock released, and
//! gives back bytes, texts and Arrow tables. What these look like to a user is decided in Python. Nothing here panics into
//! Python: values are checked before they are used, and a panic of the library becomes [`errors::Failure::Failed`].

mod arrow;
mod columns;
mod commands;
mod errors;
mod forms;
#[path = "../../src/cli/memory.rs"]
mod memory;
mod opened;
mod outcome;
mod parts;
mod report;
mod session;
mod settings;
mod table;
mod tracked;
#[cfg(target_os = "linux")]
mod tracking;
mod watch;

use pyo3::prelude::*;

/// The module `carbonhaze._native`.
#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    m.add("MAX_DRAWS", carbonhaze::low_level::portfolio::study_file::MAX_DRAWS)?;
    m.add("Problems", m.py().get_type::<errors::Problems>())?;
    m.add("Usage", m.py().get_type::<errors::Usage>())?;
    m.add("Failed", m.py().get_type::<errors::Failed>())?;
    m.add_class::<arrow::Arrow>()?;
    m.add_class::<table::Table>()?;
    m.add_class::<opened::Opened>()?;
    m.add_class::<outcome::Outcome>()?;
    m.add_function(wrap_pyfunction!(settings::study_text, m)?)?;
    m.add_function(wrap_pyfunction!(parts::draw_part, m)?)?;
    m.add_function(wrap_pyfunction!(parts::merge, m)?)?;
    m.add_function(wrap_pyfunction!(commands::sensitivity, m)?)?;
    m.add_function(wrap_pyfunction!(commands::sampled, m)?)?;
    m.add_function(wrap_pyfunction!(commands::lineage, m)?)?;
    m.add_function(wrap_pyfunction!(commands::coverage, m)?)?;
    m.add_function(wrap_pyfunction!(commands::validate, m)?)?;
    m.add_function(wrap_pyfunction!(commands::diff, m)?)?;
    m.add_function(wrap_pyfunction!(forms::export, m)?)?;
    m.add_function(wrap_pyfunction!(forms::import_files, m)?)?;
    m.add_function(wrap_pyfunction!(outcome::number_text, m)?)?;
    m.add_function(wrap_pyfunction!(report::page, m)?)?;
    m.add_function(wrap_pyfunction!(report::calibration, m)?)?;
    m.add_function(wrap_pyfunction!(tracked::record_text, m)?)?;
    m.add_function(wrap_pyfunction!(tracked::track_summary, m)?)?;
    #[cfg(target_os = "linux")]
    m.add_class::<tracking::Tracking>()?;
    Ok(())
}
