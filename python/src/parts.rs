//! A run in parts, and the run that parts make.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use carbonhaze::facts;
use carbonhaze::low_level::assess::assess;
use carbonhaze::low_level::portfolio::formats::archive::Archive;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::{Outputs, Portfolio, read_from};
use carbonhaze::low_level::report::numbers::round_trip;
use carbonhaze::low_level::run::part::{self, Head, MOST_PARTS, Part, Run};
use carbonhaze::low_level::run::{Backend, RunError, Session, Settings};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::errors::{Failure, at_row};
use crate::memory;
use crate::outcome::Outcome;
use crate::session::Drawing;
use crate::watch::watched;

/// Draws part `shard` of `of` of a run of what an archive holds: the bytes that `haze run --shard` writes into a file.
#[pyfunction]
#[pyo3(signature = (archive, file, settings, shard, of, drawing, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn draw_part<'py>(
    py: Python<'py>,
    archive: PyBackedBytes,
    file: String,
    settings: (u64, u64, f64),
    shard: u64,
    of: u64,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (draws, seed, level) = settings;
    if !(1..=of).contains(&shard) || of > MOST_PARTS || of > draws {
        let message = format!("shards: expected from 1 to {} of them for {draws} draws", draws.min(MOST_PARTS));
        return Err(Failure::Usage(message).into());
    }
    let bytes = watched(py, progress.as_ref(), move |watch| {
        let run = Run {
            draws,
            seed,
            interval: round_trip(Some(level)),
            file,
            facts: true,
            outputs: vec![],
            input: part::digest(&archive),
        };
        let portfolio = portfolio(&run, &archive)?;
        let assessment = assess(&portfolio)?;
        let range = part::draws_of(shard, of, draws);
        let session = drawing.session()?;
        let drawn = session.part(&portfolio, &assessment, Settings { draws, seed, level }, range, watch);
        let drawn = drawn.map_err(at_row(&portfolio.models))?;
        let head = Head { version: env!("CARGO_PKG_VERSION").into(), shard, of, run };
        let mut bytes = Vec::new();
        part::write(&mut bytes, &head, &archive, &drawn)
            .map_err(|e| Failure::Failed(format!("the part cannot be written: {e}")))?;
        Ok(bytes)
    })?;
    Ok(PyBytes::new(py, &bytes))
}

/// A part: its bytes, or the file that holds them.
#[derive(FromPyObject)]
pub enum Given {
    Bytes(PyBackedBytes),
    File(PathBuf),
}

impl Given {
    fn name(&self, place: usize) -> String {
        match self {
            Given::Bytes(_) => format!("parts[{place}]"),
            Given::File(path) => path.display().to_string(),
        }
    }

    fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Given::Bytes(bytes) => Ok(Box::new(Cursor::new(&**bytes))),
            Given::File(path) => Ok(Box::new(BufReader::new(File::open(path)?))),
        }
    }

    fn open(&self, place: usize) -> Result<Part<Box<dyn Read + '_>>, String> {
        let reader = self.reader().map_err(|e| format!("{}: cannot be read: {e}", self.name(place)))?;
        Part::open(reader).map_err(|e| format!("{}: {e}", self.name(place)))
    }
}

/// The run that parts make; `precision` is what was asked for where a pilot found the number of draws.
#[pyfunction]
#[pyo3(signature = (parts, precision=None, progress=None))]
pub fn merge(
    py: Python<'_>,
    parts: Vec<Given>,
    precision: Option<f64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Outcome> {
    watched(py, progress.as_ref(), move |watch| {
        let mut heads = heads(&parts)?;
        heads.sort_by_key(|(_, head)| head.shard);
        let Some((first, Head { run, .. })) = heads.first() else {
            return Err(Failure::Usage("parts: there are none".into()));
        };
        let level = run.interval.parse().ok().filter(|level: &f64| *level > 0.0 && *level < 1.0);
        let level =
            level.ok_or_else(|| Failure::Usage("the parts name no level of the intervals; draw them again".into()))?;
        let settings = Settings { draws: run.draws, seed: run.seed, level };
        let input = parts[*first].open(*first).map_err(Failure::Usage)?.input;
        let portfolio = portfolio(run, &input)?;
        let mut assessment = assess(&portfolio)?;
        assessment.warnings.splice(0..0, portfolio.warnings.iter().cloned());
        let builder = Session::builder().backend(Backend::Cpu);
        let session = memory::free().into_iter().fold(builder, |builder, free| builder.memory(free)).build()?;
        let shards = heads.iter().map(|(place, _)| {
            watch.check().map_err(|_| RunError::Interrupted)?;
            let part = parts[*place].open(*place).map_err(RunError::Usage)?;
            part.draws().map_err(|e| RunError::Usage(format!("{}: {e}", parts[*place].name(*place))))
        });
        let outcome = session.merged(&portfolio, assessment, settings, shards);
        let mut outcome = outcome.map_err(at_row(&portfolio.models))?;
        outcome.posterior.precision = outcome.posterior.precision.asked(precision);
        Ok(Outcome { portfolio: Arc::new(portfolio), outcome, all: None, notices: vec![] })
    })
}

/// The heads of the parts, each with its place in the list.
fn heads(parts: &[Given]) -> Result<Vec<(usize, Head)>, Failure> {
    let (mut heads, mut problems) = (Vec::new(), Vec::new());
    for (place, part) in parts.iter().enumerate() {
        match part.open(place) {
            Ok(open) => heads.push((place, open.head)),
            Err(message) => problems.push(message),
        }
    }
    let named: Vec<(String, Head)> =
        heads.iter().map(|(place, head)| (parts[*place].name(*place), head.clone())).collect();
    // A part that cannot be read is not missing as well.
    problems.extend(part::problems(&named, problems.len()));
    if problems.is_empty() { Ok(heads) } else { Err(Failure::Usage(problems.join("\n"))) }
}

/// The portfolio that a run was made from.
fn portfolio(run: &Run, archive: &[u8]) -> Result<Portfolio, Failure> {
    let damaged = || Failure::Usage("the input of a part is damaged; draw this part again".into());
    let archive = Archive::from_bytes(archive).filter(|_| part::digest(archive) == run.input).ok_or_else(damaged)?;
    let mut portfolio = read_from(run.file.as_ref(), &Inputs::archived(archive))?;
    portfolio.study.facts &= run.facts;
    Ok(facts::completed(portfolio).with_outputs(Outputs::of_names(&run.outputs)))
}
