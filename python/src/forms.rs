//! Results in the forms that others ask for, and files of other tools.

use std::path::PathBuf;

use carbonhaze::low_level::export::card;
use carbonhaze::low_level::export::form::{Form, FormError, Layout, Order, filled};
use carbonhaze::low_level::import::{GroupBy, IMPORTERS};
use carbonhaze::low_level::portfolio::Model;
use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::gathered::{How, done, refuse_changes, take, typed};
use pyo3::prelude::*;

use crate::errors::{Failure, at_row};
use crate::opened::Opened;
use crate::session::Drawing;
use crate::watch::watched;

/// Names of a list, for a message.
fn names<T>(all: &[(&str, T)]) -> String {
    all.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

fn chosen<T: Copy>(all: &[(&str, T)], argument: &str, name: &str) -> Result<T, Failure> {
    let found = all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| Failure::Usage(format!("{argument}: expected one of {}, not {name:?}", names(all))))
}

/// A form and how it is written.
fn ordered(form: &str, layout: Option<&str>) -> Result<(Form, Layout), Failure> {
    let kind = chosen(&Form::ALL, "form", form)?;
    let Some(layout) = layout else { return Ok((kind, kind.layouts().first().copied().unwrap_or(Layout::Json))) };
    let offered: Vec<(&str, Layout)> = Layout::ALL.into_iter().filter(|(_, l)| kind.layouts().contains(l)).collect();
    Ok((kind, chosen(&offered, "format", layout)?))
}

/// `haze export`: a form about one model, or about all.
#[pyfunction]
#[pyo3(signature = (opened, form, layout, model, by, card, texts, drawing, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn export(
    py: Python<'_>,
    opened: &Opened,
    form: &str,
    layout: Option<&str>,
    model: Option<&str>,
    by: &str,
    card: Option<Vec<u8>>,
    texts: (String, String),
    drawing: Drawing,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let (form, layout) = ordered(form, layout)?;
    let (command, now) = texts;
    if let Some(card) = &card {
        // A card that cannot be changed is found before anything is drawn.
        card::merged(card, &[]).map_err(|why| Failure::Usage(format!("card: {why}")))?;
    }
    let (portfolio, assessment) = (&*opened.portfolio, opened.assessment()?);
    let row = match (form.of_a_portfolio(), model) {
        (true, None) => None,
        (_, id) => Some(row(&portfolio.models, id)?),
    };
    let options = drawing.options()?;
    watched(py, progress.as_ref(), |watch| {
        let order = Order { form, layout, row, by, card: card.as_deref(), options, command: &command, now: &now };
        let filled = filled(&drawing.session()?, portfolio, &assessment, &order, watch);
        let bytes = filled.map_err(|error| match error {
            FormError::Run(e) => at_row(&portfolio.models)(e),
            FormError::Usage(message) => Failure::Usage(message),
            FormError::Card(why) => Failure::Usage(format!("card: {why}")),
            other => Failure::Failed(other.to_string()),
        })?;
        String::from_utf8(bytes).map_err(|_| Failure::Usage("card: the file is not in UTF-8; save it as UTF-8".into()))
    })
}

/// The row of the model that is meant.
fn row<'p>(models: &'p [Model], id: Option<&str>) -> Result<&'p Model, Failure> {
    let wanted = |message: String| Err(Failure::Usage(format!("model: {message}")));
    match (id, models) {
        (None, [one]) => Ok(one),
        (None, all) => wanted(format!("there are {}; name one", all.len())),
        (Some(id), all) => match all.iter().find(|m| m.id == id) {
            Some(found) => Ok(found),
            None => wanted(format!("no model has the id {id:?}")),
        },
    }
}

/// A change as Python gets it: file, line, field, value, what was done, why.
type Changed = (String, u64, String, String, &'static str, String);

/// `haze import`: the rows as the text of a models file, every change, and files in folders that were passed over.
#[pyfunction]
pub fn import_files(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    kind: Option<String>,
    group_by: &str,
    strict: bool,
) -> PyResult<(String, Vec<Changed>, Vec<&'static str>, usize)> {
    const GROUPS: [(&str, GroupBy); 3] =
        [("project", GroupBy::Project), ("experiment", GroupBy::Experiment), ("run", GroupBy::Run)];
    let group_by = chosen(&GROUPS, "group_by", group_by)?;
    if let Some(kind) = &kind {
        let kinds: Vec<(&str, ())> = IMPORTERS.iter().map(|importer| (importer.kind, ())).collect();
        chosen(&kinds, "kind", kind)?;
    }
    if paths.is_empty() {
        return Err(Failure::Usage("paths: name a file or a folder".into()).into());
    }
    watched(py, None, move |_| {
        let how = How { kind: kind.as_deref(), group_by };
        let (taken, passed_over) = take(&paths, &how, &Inputs::default())?;
        if strict {
            refuse_changes(&taken)?;
        }
        let table = typed(&taken)?;
        let titles = taken.iter().map(|file| file.importer.title).collect();
        let changes = taken.iter().flat_map(|file| {
            let name = file.path.display().to_string();
            file.imported
                .changes
                .iter()
                .map(move |c| (name.clone(), c.line, c.field.clone(), c.value.clone(), done(c.what), c.reason.clone()))
        });
        let text = String::from_utf8(table).map_err(|e| Failure::Failed(e.to_string()))?;
        Ok((text, changes.collect(), titles, passed_over))
    })
}
