//! The commands of the program other than `run`: each gives its JSON document and the page that the program prints.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carbonhaze::engine::stats::sensitivity::batches::MIN_DRAWS;
use carbonhaze::low_level::coverage::two_lists::Other;
use carbonhaze::low_level::coverage::{Settings as CoverageSettings, matches_file};
use carbonhaze::low_level::diff::Side;
use carbonhaze::low_level::exact::decomposition::decomposition;
use carbonhaze::low_level::exact::tornado::tornado;
use carbonhaze::low_level::lineage::Allocation;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::{Model, Place, Problem};
use carbonhaze::low_level::posterior::grouping::Grouping;
use carbonhaze::low_level::report;
use carbonhaze::low_level::report::page::Style;
use carbonhaze::low_level::report::sensitivity::Sensitivity;
use carbonhaze::low_level::run::lineage::{MOST_COMPARED, Question};
use carbonhaze::low_level::run::sampled::SampleOptions;
use carbonhaze::low_level::run::{Extent, Settings};
use carbonhaze::low_level::validate::{masked_sum, runs_file};
use pyo3::prelude::*;

use crate::errors::{Failure, at_row};
use crate::opened::{Opened, Source};
use crate::session::{Drawing, together};
use crate::watch::watched;

/// A JSON document and a page.
type Document = (String, String);

/// Columns of a page.
const PAGE: Style = Style { colour: false, width: 100 };

/// A JSON document, from the function that writes it.
pub fn document(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<String, Failure> {
    let mut document = Vec::new();
    write(&mut document).map_err(|e| Failure::Failed(format!("the document cannot be written: {e}")))?;
    String::from_utf8(document).map_err(|e| Failure::Failed(e.to_string()))
}

/// `haze sensitivity`: the exact decomposition; with `reruns` also the interval that each disclosure would leave.
#[pyfunction]
#[pyo3(signature = (opened, by, reruns, top, drawing, progress=None))]
pub fn sensitivity(
    py: Python<'_>,
    opened: &Opened,
    by: Vec<String>,
    reruns: bool,
    top: Option<usize>,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<Document> {
    let (portfolio, assessment) = (&*opened.portfolio, opened.assessment()?);
    watched(py, progress.as_ref(), |watch| {
        let mut found = decomposition(portfolio, &assessment, &by)?;
        let mut drawn: Option<Settings> = None;
        if let Ok(found) = &mut found
            && reruns
        {
            let request = drawing.request(&portfolio.study)?;
            let settings = drawing.session()?.reruns(&assessment, found, request, watch);
            drawn = Some(settings.map_err(at_row(&portfolio.models))?);
        }
        let exact = found.map(|found| (found.shares, found.disclosures));
        let result = Sensitivity { exact, reruns: drawn, tornado: tornado(&assessment), assessment: &assessment };
        let json = document(|out| report::sensitivity::write(out, &result))?;
        Ok((json, report::sensitivity::terminal(&result, top, PAGE)))
    })
}

/// `haze sensitivity --sample`: indices from pick-freeze draws.
#[pyfunction]
#[pyo3(signature = (opened, groups, of, threshold, top, drawing, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn sampled(
    py: Python<'_>,
    opened: &Opened,
    groups: &str,
    of: Vec<(String, String)>,
    threshold: Option<f64>,
    top: Option<usize>,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, String, Vec<String>)> {
    let (portfolio, assessment) = (&*opened.portfolio, opened.assessment()?);
    let request = drawing.request(&portfolio.study)?;
    if let Extent::Draws(draws) = request.extent
        && draws < MIN_DRAWS
    {
        return Err(Failure::Usage(format!(
            "draws: {draws} are too few for 32 batches; at least {MIN_DRAWS} are needed"
        ))
        .into());
    }
    if threshold.is_some_and(|t| !(t.is_finite() && t >= 0.0)) {
        return Err(Failure::Usage("threshold: expected tonnes of CO2e, 0 or more, such as 50000".into()).into());
    }
    let options = SampleOptions { request, grouping: Grouping::new(groups), threshold_t: threshold, of };
    watched(py, progress.as_ref(), |watch| {
        let found = drawing.session()?.sample(&assessment, &options, watch).map_err(at_row(&portfolio.models))?;
        let json = document(|out| report::sampled::write(out, &options, &assessment, &found))?;
        let page = report::sampled::terminal(&options, &assessment, &found, top, PAGE);
        Ok((json, page, found.cautions(report::sampled::title)))
    })
}

/// `haze lineage`, with its trees as graphs for Graphviz and Mermaid.
#[pyfunction]
#[pyo3(signature = (opened, roots, ancestors, allocate, branches, drawing, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn lineage(
    py: Python<'_>,
    opened: &Opened,
    roots: Vec<String>,
    ancestors: Vec<String>,
    allocate: Option<&str>,
    branches: usize,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, String, String, String)> {
    let (portfolio, assessment) = (&*opened.portfolio, opened.assessment()?);
    let allocation = match allocate {
        None => None,
        Some("equal") => Some(Allocation::Equal),
        Some("weights") => Some(Allocation::Weights),
        Some(other) => {
            return Err(Failure::Usage(format!("allocate: expected \"equal\" or \"weights\", not {other:?}")).into());
        }
    };
    if roots.len() > MOST_COMPARED {
        let message =
            format!("roots: {} are given, at most {MOST_COMPARED} are taken; leave it out for all", roots.len());
        return Err(Failure::Usage(message).into());
    }
    if !(1..=1000).contains(&branches) {
        return Err(Failure::Usage("branches: expected a whole number from 1 to 1000".into()).into());
    }
    let all = roots.is_empty() && ancestors.is_empty();
    let question = Question { roots, all, ancestors_of: ancestors, allocation, branches };
    let request = drawing.request(&portfolio.study)?;
    watched(py, progress.as_ref(), |watch| {
        let found = drawing.session()?.lineage(portfolio, &assessment, &question, request, watch);
        let found = found.map_err(at_row(&portfolio.models))?;
        let json = document(|out| report::lineage::write(out, assessment.scope, &found))?;
        let page = report::lineage::terminal(assessment.scope, &found, PAGE);
        let (dot, mermaid) = (report::lineage::diagram::dot(&found), report::lineage::diagram::mermaid(&found));
        Ok((json, page, dot, mermaid))
    })
}

/// The second list of a coverage: where it comes from, its name, and a file of matches.
type Second<'py> = (PyRef<'py, Opened>, String, Option<PathBuf>);

/// `haze coverage`.
#[pyfunction]
#[pyo3(signature = (opened, other, thresholds, top, drawing, progress=None))]
pub fn coverage(
    py: Python<'_>,
    opened: &Opened,
    other: Option<Second<'_>>,
    thresholds: Vec<f64>,
    top: usize,
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<Document> {
    if top == 0 || thresholds.iter().any(|t| !(t.is_finite() && *t >= 0.0)) {
        let message = "expected thresholds of 0 or more downloads, and a top of at least 1";
        return Err(Failure::Usage(message.into()).into());
    }
    let (portfolio, assessment) = (&*opened.portfolio, opened.assessment()?);
    let request = drawing.request(&portfolio.study)?;
    let source: Source = opened.source.clone();
    let other = other.map(|(list, name, matches)| (Arc::clone(&list.portfolio), name, matches));
    watched(py, progress.as_ref(), |watch| {
        let stated = source.stated()?;
        let other = other.map(|(list, name, matches)| second(&stated.models, &list.models, name, matches.as_deref()));
        let other = other.transpose()?;
        let mut settings = CoverageSettings { thresholds, top };
        settings.thresholds.sort_by(f64::total_cmp);
        settings.thresholds.dedup();
        let session = drawing.session()?;
        let found = session.coverage([&stated, portfolio], &assessment, other.as_ref(), &settings, request, watch);
        let rows = portfolio.models.iter().chain(other.iter().flat_map(|other| &other.models));
        let coverage = &found.map_err(at_row(rows))?;
        let result = report::coverage::Findings { scope: assessment.scope, coverage };
        let json = document(|out| report::coverage::write(out, &result))?;
        Ok((json, report::coverage::terminal(&result, PAGE)))
    })
}

/// The other list.
fn second(first: &[Model], list: &[Model], name: String, matches: Option<&Path>) -> Result<Other, Failure> {
    let matches = match matches {
        None => BTreeMap::new(),
        Some(path) => matches_file::read(path, &bytes(path, &Inputs::default())?, [first, list])?.names,
    };
    Ok(Other { name, models: list.to_vec(), matches })
}

/// The bytes of a table in a file.
fn bytes(path: &Path, inputs: &Inputs) -> Result<Vec<u8>, Failure> {
    inputs.table(path).map_err(|e| {
        let place = Place { file: Arc::new(path.to_path_buf()), line: 0, column: String::new() };
        Problem { place, value: String::new(), message: e.to_string() }.into()
    })
}

/// `haze validate`: a file of published runs, and models files for the masked sums.
#[pyfunction]
#[pyo3(signature = (file, lists, settings, drawing, progress=None))]
pub fn validate(
    py: Python<'_>,
    file: PathBuf,
    lists: Vec<PathBuf>,
    settings: (u64, u64),
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<Document> {
    drawing.options()?;
    let settings = Settings { draws: settings.0, seed: settings.1, ..Settings::default() };
    watched(py, progress.as_ref(), move |watch| {
        let inputs = Inputs::default();
        let runs = runs_file::read(&file, &bytes(&file, &inputs)?)?;
        let mut masked = if lists.is_empty() { masked_sum::shipped_lists() } else { vec![] };
        for path in &lists {
            let files = inputs.folder(path.parent().unwrap_or(Path::new("")));
            masked.push(masked_sum::read_list(path, &bytes(path, &inputs)?, &files)?);
        }
        let found = drawing.session()?.validate(&runs, &masked, settings, watch)?;
        let json = document(|out| report::validate::write(out, &found))?;
        Ok((json, report::validate::terminal(&found, PAGE)))
    })
}

/// `haze diff`: the second compared with the first, in the same draws.
#[pyfunction]
#[pyo3(signature = (first, second, names, drawing, progress=None))]
pub fn diff(
    py: Python<'_>,
    first: &Opened,
    second: &Opened,
    names: (String, String),
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<Document> {
    let (a, b) = (&*first.portfolio, &*second.portfolio);
    let assessments = [first.assessment()?, second.assessment()?];
    let request = together([drawing.request(&a.study)?, drawing.request(&b.study)?]);
    watched(py, progress.as_ref(), |watch| {
        let [x, y] = &assessments;
        let sides = [Side { portfolio: a, assessment: x }, Side { portfolio: b, assessment: y }];
        let found = drawing.session()?.diff(sides, &request, watch);
        let found = found.map_err(at_row(a.models.iter().chain(&b.models)))?;
        let json = document(|out| report::diff::write(out, &found))?;
        Ok((json, report::diff::terminal([&names.0, &names.1], &found, PAGE)))
    })
}
