//! Records of measurements, read again: one as a sentence, those of files as their sums.

use std::collections::BTreeMap;
use std::path::PathBuf;

use carbonhaze::low_level::portfolio::Problem;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::report::page::Style;
use carbonhaze::low_level::report::track as page;
use carbonhaze::track::joined::Joined;
use carbonhaze::track::measured::Energy;
use carbonhaze::track::read;
use carbonhaze::track::record::Record;
use carbonhaze::track::total::sum;
use pyo3::prelude::*;

use crate::errors::{Failure, Row, row};
use crate::watch::watched;

/// `1.24 Wh (90 % interval 0.92 to 1.67 Wh) in 2.0 s, estimated from the hardware`, of the line of a record.
#[pyfunction]
pub fn record_text(line: &str) -> PyResult<String> {
    let record: Record = serde_json::from_str(line).map_err(|e| Failure::Failed(format!("no record: {e}")))?;
    Ok(page::line(&record))
}

/// The runs of a name: how many, and the median and GSD of their energy in kWh.
type Sum = (String, usize, f64, f64);

/// The page, the lines of the records that count, what does not count, and the sums.
type Summary = (String, Vec<String>, Vec<Row>, Vec<Sum>);

/// Longer texts of lines that do not count are cut.
const LONGEST: usize = 60;

/// `haze track summary`: the page, the records that count, what does not, and the energy by name.
#[pyfunction]
pub fn track_summary(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Summary> {
    watched(py, None, move |_| {
        let joined = Joined::read(&paths, &Inputs::default())?;
        let found = read::records(&joined.text);
        let left_out = found.left_out.iter().map(|left| {
            let place = joined.place(left.line);
            let value = left.value.chars().take(LONGEST).collect();
            row(&Problem { place, value, message: left.reason.clone() })
        });
        let left_out = left_out.collect();
        if found.counted.is_empty() {
            return Err(Failure::Usage("paths: no record has an energy, so there is nothing to sum up".into()));
        }
        let mut energies: BTreeMap<&str, Vec<Energy>> = BTreeMap::new();
        for (_, record) in &found.counted {
            energies.entry(&record.name).or_default().extend(record.energy());
        }
        let sums = energies.into_iter().filter_map(|(name, energies)| {
            let (runs, energy) = (energies.len(), sum(energies)?);
            Some((name.to_string(), runs, energy.median_kwh, energy.gsd))
        });
        let text = page::terminal(&found, Style { colour: false, width: 100 });
        let lines = found.counted.iter().map(|(_, record)| record.line()).collect();
        Ok((text, lines, left_out, sums.collect()))
    })
}
