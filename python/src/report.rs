//! Pages and figures that need more than one run.

use std::cmp::Reverse;
use std::path::PathBuf;

use carbonhaze::low_level::lineage::Graph;
use carbonhaze::low_level::portfolio::Portfolio;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::report::figure::{self, Inputs as Results, Kind};
use carbonhaze::low_level::report::html;
use carbonhaze::low_level::report::html::data::{Data, Named};
use carbonhaze::low_level::run::shown::{BACK_TEST, Shown};
use carbonhaze::low_level::run::{Extent, Request, Settings};
use carbonhaze::low_level::validate::{masked_sum, runs_file};
use pyo3::prelude::*;

use crate::errors::{Failure, at_row};
use crate::outcome::{Outcome, width};
use crate::session::Drawing;
use crate::watch::watched;

/// `haze report`: one HTML page of some results, given with their names and what gives them again. All are drawn as the
/// first was.
#[pyfunction]
#[pyo3(signature = (results, validation, drawing, progress=None))]
pub fn page(
    py: Python<'_>,
    results: Vec<(PyRef<'_, Outcome>, String, String)>,
    validation: bool,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let outcomes: Vec<(&Outcome, &str, &str)> = results.iter().map(|(o, name, how)| (&**o, &**name, &**how)).collect();
    outcomes.iter().try_for_each(|(outcome, ..)| outcome.whole("a report"))?;
    watched(py, progress.as_ref(), |watch| {
        let session = drawing.session()?;
        let mut shown: Vec<Shown> = Vec::new();
        let mut asked: Option<Request> = None;
        for (outcome, ..) in &outcomes {
            let request = asked.unwrap_or_else(|| outcome.request());
            let (portfolio, assessment) = (&*outcome.portfolio, &outcome.outcome.assessment);
            let back_test = validation && shown.is_empty();
            let found = session.shown(portfolio, assessment, &request.into(), back_test, watch);
            let found = found.map_err(at_row(&portfolio.models))?;
            asked = Some(Request { extent: Extent::Draws(found.outcome.settings.draws), ..request });
            shown.push(found);
        }
        let named = outcomes.iter().zip(&shown).map(|((outcome, name, how), shown)| Named {
            name: name.to_string(),
            command: how.to_string(),
            portfolio: &outcome.portfolio,
            shown,
        });
        let named: Vec<Named<'_>> = named.collect();
        html::page(&Data::new(&named)).map_err(|e| Failure::Failed(format!("the page cannot be written: {e}")))
    })
}

/// The figure of a back-test of a file of published runs, as SVG.
#[pyfunction]
#[pyo3(signature = (file, width_name, drawing, progress=None))]
pub fn calibration(
    py: Python<'_>,
    file: PathBuf,
    width_name: &str,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let width = width(width_name)?;
    let options = drawing.options()?;
    watched(py, progress.as_ref(), move |watch| {
        let bytes = Inputs::default().table(&file).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))?;
        let runs = runs_file::read(&file, &bytes)?;
        let default = Settings::default();
        let (draws, seed) = (options.draws.unwrap_or(BACK_TEST), options.seed.unwrap_or(default.seed));
        let found = drawing.session()?.validate(
            &runs,
            &masked_sum::shipped_lists(),
            Settings { draws, seed, ..default },
            watch,
        )?;
        let results = Results { validation: Some(&found), ..Results::default() };
        figure::draw(Kind::Calibration, &results, width).map(|f| f.svg).map_err(|e| Failure::Usage(e.to_string()))
    })
}

/// The base model that most rows were made from, the first by id of several.
pub fn largest_family(portfolio: &Portfolio) -> Option<String> {
    let graph = Graph::new(&portfolio.models);
    let size = |root: &u32| (graph.family(*root).len(), Reverse(graph.id(*root)));
    graph.roots().into_iter().max_by_key(size).map(|root| graph.id(root).to_string())
}
