//! A portfolio that was read, and what it implies.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carbonhaze::facts;
use carbonhaze::low_level::assess::{Assessment, Blocks, assess, with_outputs};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::import::{self, GroupBy};
use carbonhaze::low_level::portfolio::closest;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::{Portfolio, Warning, read_from};
use carbonhaze::low_level::report::{self, parquet};
use carbonhaze::low_level::run::large::{self, Large, LargeOutcome};
use carbonhaze::low_level::run::spool::Scratch;
use carbonhaze::low_level::run::{RunError, RunOptions, Session};
use pyo3::prelude::*;

use crate::arrow::Arrow;
use crate::columns::Frame;
use crate::errors::{self, Failure, at_row};
use crate::outcome::Outcome;
use crate::session::Drawing;
use crate::watch::{Watch, watched};

/// Where a portfolio comes from: the file that it is read from, texts and a table that stand for files of their names.
#[derive(Debug, Clone)]
pub struct Source {
    pub file: PathBuf,
    pub texts: Vec<(PathBuf, Vec<u8>)>,
    pub frame: Option<(PathBuf, Frame)>,
}

/// Rows by which the table of another tool is recognised.
const LOOKED_AT: usize = 20;

impl Source {
    /// A frame that is the table of another tool, such as a log of CodeCarbon, stands for its file from now on: it is read as
    /// that is.
    ///
    /// # Errors
    /// It cannot be written as text.
    fn recognised(mut self) -> Result<Source, Failure> {
        let Some((name, frame)) = &self.frame else { return Ok(self) };
        // What cannot be written is refused where it is read, with its column.
        let Ok(first) = frame.csv(LOOKED_AT) else { return Ok(self) };
        if import::recognised(&import::Source::new(name, &first, GroupBy::default())).is_none() {
            return Ok(self);
        }
        let whole = frame.csv(usize::MAX).map_err(|e| Failure::Failed(format!("the table cannot be read: {e}")))?;
        self.texts.push((name.clone(), whole));
        self.frame = None;
        Ok(self)
    }

    /// What it is read through.
    pub fn inputs(&self, kept: bool) -> Inputs {
        let inputs = if kept { Inputs::kept() } else { Inputs::default() };
        let inputs = self.texts.iter().cloned().fold(inputs, |inputs, (name, text)| inputs.with_text(name, text));
        match self.frame.clone() {
            Some((name, frame)) => inputs.with_table(name, move || frame.table()),
            None => inputs,
        }
    }

    /// The rows as they are stated.
    ///
    /// # Errors
    /// All problems of the input.
    pub fn stated(&self) -> Result<Portfolio, Failure> {
        Ok(read_from(&self.file, &self.inputs(false))?)
    }
}

/// A warning as Python gets it: rule, whether it is a note, and the parts of a problem.
pub type Noted = (&'static str, bool, errors::Row);

/// The parts of a warning.
pub fn noted(warning: &Warning) -> Noted {
    let Warning { rule, place, value, message } = warning.clone();
    let problem = carbonhaze::Problem { place, value, message };
    (rule, warning.is_note(), errors::row(&problem))
}

/// The first warning of each rule, and how many there are of it; notes are left out.
pub fn by_rule(warnings: &[Warning]) -> Vec<(Noted, usize)> {
    let mut found: Vec<(&Warning, usize)> = Vec::new();
    for warning in warnings.iter().filter(|warning| !warning.is_note()) {
        match found.iter_mut().find(|(first, _)| first.rule == warning.rule) {
            Some((_, count)) => *count += 1,
            None => found.push((warning, 1)),
        }
    }
    found.into_iter().map(|(first, count)| (noted(first), count)).collect()
}

/// A portfolio and what it implies.
#[pyclass(frozen, module = "carbonhaze._native")]
pub struct Opened {
    pub source: Source,
    pub portfolio: Arc<Portfolio>,
    implied: Mutex<Implied>,
}

/// What a portfolio implies. The warnings of assessing begin with those of reading.
enum Implied {
    Held(Arc<Assessment>),
    /// So many models that a run assesses them block by block: only the warnings.
    Large(Arc<Vec<Warning>>),
    /// A run took it.
    Taken,
}

/// Models with the largest means that the result of a large run holds: as many as its JSON lists.
const KEPT: usize = 1_000;

impl Opened {
    /// Reads and assesses.
    ///
    /// # Errors
    /// All problems of the input.
    pub fn read(source: Source, watch: &Watch) -> Result<Opened, Failure> {
        let portfolio = facts::completed(source.stated()?);
        watch.check()?;
        let implied = match large::blocks_of(&portfolio)? {
            Some(blocks) => Implied::Large(Arc::new(blocks.frame().warnings.clone())),
            None => Implied::Held(Arc::new(assessed(&portfolio)?)),
        };
        watch.check()?;
        Ok(Opened { source, portfolio: Arc::new(portfolio), implied: Mutex::new(implied) })
    }

    fn implied(&self) -> MutexGuard<'_, Implied> {
        self.implied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a run draws it block by block.
    fn is_large(&self) -> bool {
        matches!(*self.implied(), Implied::Large(_))
    }

    /// Of reading and assessing.
    fn found(&self) -> Result<Vec<Warning>, Failure> {
        match &*self.implied() {
            Implied::Held(assessment) => Ok(assessment.warnings.clone()),
            Implied::Large(warnings) => Ok((**warnings).clone()),
            Implied::Taken => Err(taken()),
        }
    }

    /// What the portfolio implies.
    ///
    /// # Errors
    /// A run took it.
    pub fn assessment(&self) -> Result<Arc<Assessment>, Failure> {
        match &*self.implied() {
            Implied::Held(assessment) => return Ok(Arc::clone(assessment)),
            Implied::Large(_) => {}
            Implied::Taken => return Err(taken()),
        }
        Ok(Arc::new(assessed(&self.portfolio)?))
    }

    /// The same to be changed, without a copy where nobody else looks at it: nothing can be asked afterwards.
    ///
    /// # Errors
    /// Another run took it.
    pub fn take(&self) -> Result<Assessment, Failure> {
        let held = match mem::replace(&mut *self.implied(), Implied::Taken) {
            Implied::Held(assessment) => assessment,
            Implied::Large(_) => return assessed(&self.portfolio),
            Implied::Taken => return Err(taken()),
        };
        Ok(Arc::try_unwrap(held).unwrap_or_else(|shared| (*shared).clone()))
    }

    /// A run block by block; all its models as a table.
    fn run_large(&self, session: &Session, options: &RunOptions, watch: &Watch) -> Result<Outcome, Failure> {
        let blocks = Blocks::new(&self.portfolio)?.warned(&self.portfolio.warnings);
        let scratch = || -> Result<Box<dyn Scratch>, Failure> {
            let failed = |e| Failure::Failed(format!("cannot make a temporary file: {e}; TMPDIR names another folder"));
            Ok(Box::new(tempfile::tempfile().map_err(failed)?))
        };
        let large = Large { blocks: &blocks, size: large::SIZE, keep: KEPT, scratch: [scratch()?, scratch()?] };
        let run = session.run_large(large, &self.portfolio.study, options, watch);
        let LargeOutcome { outcome, models } = run.map_err(at_row(&self.portfolio.models))?;
        let all = parquet::models_batch(&models).map_err(|e| Failure::Failed(e.to_string()))?;
        let (portfolio, notices) = (Arc::clone(&self.portfolio), session.notices());
        Ok(Outcome { portfolio, outcome, all: Some(all), notices })
    }
}

fn assessed(portfolio: &Portfolio) -> Result<Assessment, Failure> {
    let mut assessment = assess(portfolio)?;
    assessment.warnings.splice(0..0, portfolio.warnings.iter().cloned());
    Ok(assessment)
}

fn taken() -> Failure {
    Failure::Failed("the input was used by a run already".into())
}

#[pymethods]
impl Opened {
    /// Reads `file`, for which a text may stand, as for all others of `texts`; `frame` is a table that stands for a models
    /// file of its name.
    #[new]
    #[pyo3(signature = (file, texts, frame=None))]
    fn new(
        py: Python<'_>,
        file: PathBuf,
        texts: Vec<(PathBuf, String)>,
        frame: Option<(PathBuf, PyRef<'_, Arrow>)>,
    ) -> PyResult<Opened> {
        let frame = frame.map(|(name, table)| (name, table.frame()));
        let texts = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        let source = Source { file, texts, frame };
        watched(py, None, move |watch| Opened::read(source.recognised()?, watch))
    }

    #[getter]
    fn models(&self) -> usize {
        self.portfolio.models.len()
    }

    /// Every note and warning.
    #[getter]
    fn warnings(&self) -> PyResult<Vec<Noted>> {
        Ok(self.found()?.iter().map(noted).collect())
    }

    /// The first warning of each rule, and how many there are of it.
    #[getter]
    fn by_rule(&self) -> PyResult<Vec<(Noted, usize)>> {
        Ok(by_rule(&self.found()?))
    }

    /// Rows by tier.
    #[getter]
    fn tiers(&self) -> PyResult<Vec<(String, usize)>> {
        let mut tiers = std::collections::BTreeMap::new();
        for model in &self.assessment()?.models {
            *tiers.entry(model.tier).or_insert(0) += 1;
        }
        Ok(tiers.into_iter().map(|(tier, rows): (_, usize)| (tier.name().to_string(), rows)).collect())
    }

    /// The columns in which at least one row has a text.
    #[getter]
    fn labels(&self) -> Vec<String> {
        let all: std::collections::BTreeSet<&str> =
            self.portfolio.models.iter().flat_map(|m| m.labels.keys()).collect();
        all.into_iter().map(str::to_string).collect()
    }

    #[getter]
    fn ids(&self) -> Vec<String> {
        self.portfolio.models.iter().map(|model| model.id.clone()).collect()
    }

    /// Compiles as a run does, and draws nothing.
    fn compile(&self, py: Python<'_>) -> PyResult<()> {
        let assessment = self.assessment()?;
        watched(py, None, |_| {
            let whole = with_outputs(&self.portfolio, &assessment)?;
            compile(&whole).map(drop).map_err(RunError::from).map_err(at_row(&self.portfolio.models))
        })
    }

    /// What is wrong with the name of a column; None where at least one row has a value in it, or it is one of `others`.
    fn unknown_column(&self, column: &str, others: Vec<String>) -> PyResult<Option<String>> {
        let assessment = self.assessment()?;
        let labels = assessment.models.iter().flat_map(|m| m.labels.keys());
        let known: std::collections::BTreeSet<&str> = labels.collect();
        if known.contains(column) || others.iter().any(|other| other == column) {
            return Ok(None);
        }
        let near = suggestion(column, known.into_iter().chain(others.iter().map(String::as_str)));
        Ok(Some(format!("no row has a value in a column {column:?}{near}")))
    }

    /// What is wrong with a value of a column; None where at least one row has it.
    fn unknown_value(&self, column: &str, value: &str) -> PyResult<Option<String>> {
        let assessment = self.assessment()?;
        let known: std::collections::BTreeSet<&str> =
            assessment.models.iter().filter_map(|m| m.labels.get(column)).collect();
        let near = suggestion(value, known.iter().copied());
        let message = || format!("no row has the value {value:?} in the column {column:?}{near}");
        Ok((!known.contains(value)).then(message))
    }

    /// What is wrong with an id that no model has.
    fn unknown_id(&self, id: &str) -> String {
        let near = suggestion(id, self.portfolio.models.iter().map(|model| model.id.as_str()));
        format!("no model has the id {id:?}{near}")
    }

    /// Where every factor of a model comes from; None where there is no such model.
    fn explain(&self, id: &str) -> PyResult<Option<String>> {
        let assessment = self.assessment()?;
        Ok(report::explain::explain(&assessment, id))
    }

    /// Runs it. What it implies goes into the result.
    #[pyo3(signature = (drawing, sensitivity=false, progress=None))]
    fn run(
        &self,
        py: Python<'_>,
        drawing: Drawing,
        sensitivity: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Outcome> {
        let mut options = drawing.options()?;
        options.sensitivity = sensitivity;
        let portfolio = Arc::clone(&self.portfolio);
        watched(py, progress.as_ref(), move |watch| {
            let session = drawing.session()?;
            if self.is_large() && !sensitivity {
                return self.run_large(&session, &options, watch);
            }
            let outcome = session.run_assessed(&portfolio, self.take()?, &options, watch);
            let outcome = outcome.map_err(at_row(&portfolio.models))?;
            Ok(Outcome { portfolio, outcome, all: None, notices: session.notices() })
        })
    }

    /// What a run with these settings draws, found by its pilot: draws, seed and level.
    #[pyo3(signature = (drawing, progress=None))]
    fn settled(&self, py: Python<'_>, drawing: Drawing, progress: Option<Py<PyAny>>) -> PyResult<(u64, u64, f64)> {
        let request = drawing.request(&self.portfolio.study)?;
        let assessment = self.assessment()?;
        watched(py, progress.as_ref(), |watch| {
            let settled = drawing.session()?.settings_of(&self.portfolio, &assessment, &request, watch);
            let settings = settled.map_err(at_row(&self.portfolio.models))?;
            Ok((settings.draws, settings.seed, settings.level))
        })
    }

    /// The precision that such a run is asked for, by the call or by the study; None where it is a number of draws.
    fn asked_precision(&self, drawing: Drawing) -> PyResult<Option<f64>> {
        Ok(drawing.request(&self.portfolio.study)?.precision())
    }

    /// Everything that it was read from, as bytes: for the parts of a run.
    fn archive(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let source = self.source.clone();
        let bytes = watched(py, None, move |_| {
            let Source { file, texts, frame } = source;
            let texts = match &frame {
                None => texts,
                Some((name, frame)) => {
                    let bytes =
                        frame.parquet().map_err(|e| Failure::Failed(format!("the table cannot be kept: {e}")))?;
                    texts.into_iter().chain([(name.clone(), bytes)]).collect()
                }
            };
            let inputs = Source { file: file.clone(), texts, frame: None }.inputs(true);
            read_from(Path::new(&file), &inputs)?;
            inputs.into_archive().into_bytes().map_err(|_| Failure::Usage("parts of a run need paths in UTF-8".into()))
        })?;
        Ok(bytes)
    }
}

/// What may have been meant, to stand at the end of a message.
fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    closest(name, &known).map_or(String::new(), |near| format!("; did you mean {near:?}?"))
}
