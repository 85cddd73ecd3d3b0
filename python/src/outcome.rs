//! The result of a run.

use std::sync::Arc;

use arrow_array::RecordBatch;
use carbonhaze::low_level::portfolio::{Output, Portfolio};
use carbonhaze::low_level::report::figure::{self, Inputs, Kind, Needs, Width};
use carbonhaze::low_level::report::json::{self, Listed};
use carbonhaze::low_level::report::numbers;
use carbonhaze::low_level::report::page::Style;
use carbonhaze::low_level::report::{parquet, table};
use carbonhaze::low_level::run::lineage::{Lineage, Question};
use carbonhaze::low_level::run::trend::{Span, Trend};
use carbonhaze::low_level::run::{self, Request};
use carbonhaze::low_level::validate::Validation;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::errors::{Failure, at_row};
use crate::opened::{Noted, by_rule, noted};
use crate::session::Drawing;
use crate::table::{Table, numbers_to_bytes};
use crate::watch::{Watch, watched};

/// Models in a tree.
const BRANCHES: usize = 30;

/// The result of a run, with the portfolio that it is of.
#[pyclass(frozen, module = "carbonhaze._native")]
pub struct Outcome {
    pub portfolio: Arc<Portfolio>,
    /// Of a large run only the largest models.
    pub outcome: run::Outcome,
    /// All models of a large run, as a table.
    pub all: Option<RecordBatch>,
    pub notices: Vec<String>,
}

impl Outcome {
    /// What was drawn, to draw it again.
    pub fn request(&self) -> Request {
        self.outcome.settings.into()
    }

    /// Refuses what needs all models at once.
    ///
    /// # Errors
    /// This was a large run.
    pub fn whole(&self, what: &str) -> Result<(), Failure> {
        if self.all.is_none() {
            return Ok(());
        }
        let models = self.outcome.posterior.total.models;
        Err(Failure::Usage(format!(
            "{what} needs all models at once, and a run of {models} models is drawn block by block; run a part of the list, \
             or use the program on a machine with more memory: haze report, haze figure"
        )))
    }
}

/// The models that a document lists.
///
/// # Errors
/// A word that stands for none.
fn listed(models: &str) -> Result<Listed, Failure> {
    match models {
        "usual" => Ok(Listed::Usual),
        "all" => Ok(Listed::All),
        number => number
            .parse()
            .map(Listed::Largest)
            .map_err(|_| Failure::Usage("models: expected \"usual\", \"all\" or a number".into())),
    }
}

/// A figure's kind by its name.
///
/// # Errors
/// There is none of this name.
pub fn kind(name: &str) -> Result<Kind, Failure> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| Failure::Usage(format!("there is no figure {name:?}")))
}

/// A figure's width by its name.
///
/// # Errors
/// There is none of this name.
pub fn width(name: &str) -> Result<Width, Failure> {
    match name {
        "column" => Ok(Width::Column),
        "page" => Ok(Width::Page),
        other => Err(Failure::Usage(format!("width: expected \"column\" or \"page\", not {other:?}"))),
    }
}

#[pymethods]
impl Outcome {
    /// The JSON result, as the program writes it.
    fn json<'py>(&self, py: Python<'py>, models: &str) -> PyResult<Bound<'py, PyBytes>> {
        let run::Outcome { assessment, posterior, info, .. } = &self.outcome;
        let listed = listed(models)?;
        let (wanted, held) = (listed.of_models(posterior.total.models), posterior.models.len());
        if wanted > held {
            let message = format!("models: a large run's document has at most {held} models; result.models has all");
            return Err(Failure::Usage(message).into());
        }
        let mut bytes = Vec::new();
        let written = py.detach(|| json::write(&mut bytes, posterior, assessment, info, listed));
        written.map_err(|e| Failure::Failed(format!("the result cannot be written: {e}")))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The page that the program prints.
    fn page(&self, columns: usize) -> String {
        let run::Outcome { assessment, posterior, draws, .. } = &self.outcome;
        table::terminal(posterior, assessment, draws.emissions(), Style { colour: false, width: columns })
    }

    /// The totals of an output by draw, as the bytes of 64-bit floats; None for an output that the run does not have.
    fn draws<'py>(&self, py: Python<'py>, output: &str) -> PyResult<Option<Bound<'py, PyByteArray>>> {
        let draws = &self.outcome.draws;
        let counts = match output {
            "independent_emissions_t" => Some(&draws.independent),
            name => self.known().into_iter().find(|o| o.key() == name).and_then(|o| draws.get(o)),
        };
        counts.map(|counts| numbers_to_bytes(py, counts.counts.len(), counts.values())).transpose()
    }

    /// The names of the outputs that there are draws of.
    #[getter]
    fn outputs(&self) -> Vec<&'static str> {
        self.known().into_iter().map(Output::key).collect()
    }

    /// One row for each model, as in `models.csv`.
    fn models(&self) -> PyResult<Table> {
        if let Some(all) = &self.all {
            return Ok(Table::from(all.clone()));
        }
        let batch = parquet::models_batch(&self.outcome.posterior);
        Ok(batch.map(Table::from).map_err(|e| Failure::Failed(e.to_string()))?)
    }

    /// One row for each group, as in `groups.csv`.
    fn groups(&self) -> PyResult<Table> {
        let batch = parquet::groups_batch(&self.outcome.posterior.groups);
        Ok(batch.map(Table::from).map_err(|e| Failure::Failed(e.to_string()))?)
    }

    /// What to read before using a figure; what went wrong on a device and was mended.
    #[getter]
    fn cautions(&self) -> Vec<String> {
        self.outcome.cautions().into_iter().chain(self.notices.clone()).collect()
    }

    /// What was drawn: draws, seed and level.
    #[getter]
    fn settings(&self) -> (u64, u64, f64) {
        let settings = self.outcome.settings;
        (settings.draws, settings.seed, settings.level)
    }

    /// Every note and warning.
    #[getter]
    fn warnings(&self) -> Vec<Noted> {
        self.outcome.assessment.warnings.iter().map(noted).collect()
    }

    /// The first warning of each rule, and how many there are of it.
    #[getter]
    fn by_rule(&self) -> Vec<(Noted, usize)> {
        by_rule(&self.outcome.assessment.warnings)
    }

    /// A figure as SVG.
    #[pyo3(signature = (name, width_name, drawing, root=None, progress=None))]
    fn figure(
        &self,
        py: Python<'_>,
        name: &str,
        width_name: &str,
        drawing: Drawing,
        root: Option<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let (kind, width) = (kind(name)?, width(width_name)?);
        if !matches!(kind, Kind::Total | Kind::Convergence) {
            self.whole("this figure")?;
        }
        watched(py, progress.as_ref(), |watch| {
            let drawn = self.drawn(kind.needs(), &drawing, root, watch)?;
            let inputs = Inputs {
                assessment: Some(&self.outcome.assessment),
                outcome: Some(&self.outcome),
                lineage: drawn.lineage.as_ref(),
                trend: drawn.trend.as_ref(),
                validation: drawn.validation.as_ref(),
            };
            figure::draw(kind, &inputs, width).map(|figure| figure.svg).map_err(|e| Failure::Usage(e.to_string()))
        })
    }
}

/// What some figures need in addition to a run.
#[derive(Default)]
struct Drawn {
    lineage: Option<Lineage>,
    trend: Option<Trend>,
    validation: Option<Validation>,
}

impl Outcome {
    fn known(&self) -> Vec<Output> {
        self.outcome
            .assessment
            .outputs()
            .chain(self.portfolio.study.outputs.iter().flat_map(|f| f.outputs().iter().copied()))
            .collect()
    }

    fn drawn(&self, needs: Needs, drawing: &Drawing, root: Option<String>, watch: &Watch) -> Result<Drawn, Failure> {
        let (portfolio, assessment, request) = (&*self.portfolio, &self.outcome.assessment, self.request());
        let mut drawn = Drawn::default();
        match needs {
            Needs::Lineage => {
                let root = root.or_else(|| crate::report::largest_family(portfolio));
                let root = root.ok_or_else(|| {
                    Failure::Usage("no row names what it was made from: fill in a column base_model".into())
                })?;
                let question = Question { roots: vec![root], branches: BRANCHES, ..Question::default() };
                let found = drawing.session()?.lineage(portfolio, assessment, &question, request, watch);
                drawn.lineage = Some(found.map_err(at_row(&portfolio.models))?);
            }
            Needs::Trend => {
                let span = Span { from: None, to: None, latest_is_complete: false };
                let found = drawing.session()?.trend(assessment, span, request, watch);
                drawn.trend = Some(found.map_err(at_row(&portfolio.models))?);
            }
            Needs::Validation => drawn.validation = Some(drawing.session()?.back_test(request.seed, watch)?),
            Needs::Assessment | Needs::Run => {}
        }
        Ok(drawn)
    }
}

/// A number with the digits that twice its Monte Carlo standard error supports.
#[pyfunction]
#[pyo3(signature = (x, mcse=None))]
pub fn number_text(x: f64, mcse: Option<f64>) -> String {
    numbers::value(x, mcse)
}
