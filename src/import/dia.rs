//! DIA, the AI impact accounting of the Vector Institute: its `state.json`, and its reports as JSON or inside a model card.
//!
//! ```text
//! state.json  {"nodes": {ID: {"report": {…} or null, "lineage": [{"model": ID, "relation": WORD}]}}}
//! report      {"dia_version": "0.1", "dia_report": {…}}
//! ```
//!
//! A report of the state has its fields flat (`energy_kwh: [lo, hi]`, `quality.energy`, `gpu`, `gpu_count`, `gpu_hours`,
//! `region`); one of a card has them in `footprint`, `compute` and `context`. Either form is read in either place, and
//! unknown keys are passed over. The validator of DIA and its reader disagree, so what the reader takes is taken: bare
//! numbers, `[lo, hi]` without a map, reversed ends.
//!
//! A carbon figure is taken as the whole footprint, facility included, because DIA adds it up as it stands; what `tool` says
//! of a PUE holds for the energy. An interval is one in which nothing is more likely than anything else: `uniform(lo, hi)`. A figure that is imputed is
//! no report, because what is missing is estimated here; one that is `unavailable` is missing. The state writes 0 to 0
//! and `unavailable` for a figure that nobody gave, and `unavailable` for one without a quality.
//!
//! What a file written here keeps of a distribution, in each metric (`energy_kwh`, `carbon_kgco2eq`):
//!
//! | key | holds |
//! |---|---|
//! | `carbonhaze.cell` | text of a cell of a models file, in kWh or kg: `"lognormal(1.2, 1.3)"`; read in the place of `value`, whatever the quality |
//! | `carbonhaze.includes_pue` | `true` or `false`: whether the facility's overhead is in it; comes before what `tool` says |
//! | `dia_report.carbonhaze.row` | the cells of the row by column; read in the place of everything but the lineage, so that a card gives the row that it was written from |
//!
//! In a flat report, whose metrics are no maps, the same keys stand in `carbonhaze.energy_kwh` and
//! `carbonhaze.carbon_kgco2eq` of the report.

use super::lineage::{self, Parent};
use super::rows::{Imported, Row};
use super::source::Source;
use super::tally::Tally;
use super::tree::{self, Json, Node, Tree};
use super::{Importer, amount};
use crate::portfolio::columns;
use crate::portfolio::formats::Fault;

pub(super) const DIA: Importer = Importer { kind: "dia", title: "DIA's state.json", recognise, read };

/// The metrics that are read: field, word in `quality`, column, column of the overhead.
const METRICS: [(&str, &str, &str, &str); 2] = [
    ("energy_kwh", "energy", "energy_kwh", "energy_includes_pue"),
    ("carbon_kgco2eq", "carbon", "emissions_kg", "emissions_include_pue"),
];

fn recognise(source: &Source<'_>) -> bool {
    let keys = tree::first_keys(&source.text);
    let has = |key: &str| keys.iter().any(|known| known == key);
    let head = tree::head(&source.text);
    let nodes = has("nodes") && (head.contains("\"lineage\"") || head.contains("\"report\""));
    nodes || has("dia_report") || has("dia_version")
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut json = Json::new(&source.text);
    let fields = json.fields(&source.text).map_err(|fault| vec![fault])?;
    match fields.iter().find(|(key, _)| key == "nodes") {
        Some((_, nodes)) => state(&mut json, nodes),
        None => json.tree(&source.text).and_then(|tree| alone(source, &tree)).map_err(|fault| vec![fault]),
    }
}

/// The rows of a state.
fn state<'t>(json: &mut Json<'t>, nodes: &'t str) -> Result<Imported, Vec<Fault>> {
    let (mut all, mut tally, mut faults) = (Imported::default(), Tally::default(), Vec::new());
    let read = json.each(nodes, |json, id, node| match json.tree(node) {
        Ok(node) => {
            let mut found = Imported::default();
            let row = of_node(&id, &node, &mut found);
            found.rows.push(row);
            tally.take(found, &mut all);
        }
        Err(fault) => faults.push(fault),
    });
    faults.extend(read.err());
    if all.rows.is_empty() && faults.is_empty() {
        let message = "the state has no nodes; run DIA's ingest first, or give another file";
        faults.push(Fault::new(json.line_of(nodes), "nodes", message));
    }
    tally.end(&mut all);
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

fn of_node(id: &str, node: &Tree, out: &mut Imported) -> Row {
    let mut row = Row::new(node.line, id);
    let mut lineage = parents(node, out);
    if let Some(report) = node.get("report") {
        if lineage.is_empty() {
            lineage = parents(report, out);
        }
        of_report(&mut row, report, out);
    }
    lineage::write(&mut row, lineage, "lineage", out);
    row
}

/// A report in a file of its own.
fn alone(source: &Source<'_>, tree: &Tree) -> Result<Imported, Fault> {
    let mut out = Imported::default();
    let Some(report) = tree.get("dia_report") else {
        let message = "there is no dia_report; a report of DIA is {\"dia_version\": \"0.1\", \"dia_report\": {…}}";
        return Err(Fault::new(tree.line, "", message));
    };
    let stated = ["model_id", "id", "model", "name"].iter().find_map(|key| tree.text_of(key).map(str::to_string));
    let id = stated.or_else(|| source.id_of_place()).unwrap_or_else(|| {
        out.assumed(tree.line, "id", "", "the file names no model, so its row has the id dia-report");
        "dia-report".into()
    });
    let mut row = Row::new(tree.line, id);
    of_report(&mut row, report, &mut out);
    let parents = parents(report, &mut out);
    lineage::write(&mut row, parents, "dia_report.lineage", &mut out);
    out.rows.push(row);
    Ok(out)
}

/// The parents that a report or a node of the state names.
pub(super) fn parents(of: &Tree, out: &mut Imported) -> Vec<Parent> {
    let mut found = Vec::new();
    for item in of.get("lineage").map_or(&[][..], Tree::items) {
        let (id, relation) = match item.text() {
            Some(id) => (Some(id), None),
            None => (item.text_of("model"), lineage::relation_of(item.get("relation"), "lineage.relation", out)),
        };
        match id {
            Some(id) => found.push(Parent { line: item.line, id: id.to_string(), relation }),
            None => out.dropped(item.line, "lineage", item.shown(), "names no model"),
        }
    }
    found
}

/// Writes what a report says, but for its lineage.
pub(super) fn of_report(row: &mut Row, report: &Tree, out: &mut Imported) {
    if !matches!(report.node, Node::Map(_)) {
        return out.dropped(report.line, "report", report.shown(), "a report is a map of fields");
    }
    if let Some(stated) = report.at(&["carbonhaze", "row"]) {
        return of_row(row, stated, out);
    }
    compute(row, report, out);
    context(row, report, out);
    let Some(scope) = report.get("scope").filter(|scope| scope.text() != Some("incremental")) else {
        return footprint(row, report, out);
    };
    let reason = "only figures of the model alone (scope incremental) add up along a family; those of another scope are \
                  left out with the compute";
    out.dropped(scope.line, "scope", scope.shown(), reason);
    // Hours of the ancestors would be in them too.
    *row = without_compute(row);
}

/// The cells that `haze export dia` wrote of the row.
fn of_row(row: &mut Row, stated: &Tree, out: &mut Imported) {
    let Node::Map(cells) = &stated.node else {
        return out.dropped(stated.line, "carbonhaze.row", stated.shown(), "not a map of columns");
    };
    for (name, cell) in cells {
        match (columns::names().find(|known| known == name && !NOT_OF_A_ROW.contains(known)), cell.text()) {
            (Some(column), Some(text)) => row.set(column, text),
            _ => out.dropped(cell.line, "carbonhaze.row", name.as_str(), "no column of a models file with a text"),
        }
    }
}

/// Columns that the report has in fields of its own.
const NOT_OF_A_ROW: [&str; 3] = ["id", "base_model", "relation"];

fn without_compute(row: &Row) -> Row {
    let mut kept = Row::new(row.line, row.get("id").unwrap_or_default());
    for column in ["date", "task", "parameters", "organization", "downloads", "hardware", "hardware_count", "region"] {
        kept.set(column, row.get(column).unwrap_or_default());
    }
    kept
}

fn compute(row: &mut Row, report: &Tree, out: &mut Imported) {
    let of = |nested: &[&str], flat: &str| report.at(nested).or_else(|| report.get(flat)).cloned();
    if let Some(gpu) = of(&["compute", "hardware", "gpu"], "gpu") {
        match gpu.text() {
            Some(text) => row.set("hardware", text),
            None => out.dropped(gpu.line, "hardware.gpu", gpu.shown(), "no name of a chip"),
        }
    }
    if let Some(count) = of(&["compute", "hardware", "count"], "gpu_count") {
        match amount::of(&count) {
            Ok(found) if found.value >= 1.0 => row.set("hardware_count", found.text),
            Ok(_) => out.dropped(count.line, "hardware.count", count.shown(), "less than one chip"),
            Err(why) => out.dropped(count.line, "hardware.count", count.shown(), why),
        }
    }
    if let Some(hours) = of(&["compute", "duration_gpu_hours"], "gpu_hours") {
        amount::write(row, "gpu_hours", &hours, "duration_gpu_hours", out);
    }
}

/// No grid emits more for a kilowatt-hour.
const MOST_KG_PER_KWH: f64 = 5.0;

fn context(row: &mut Row, report: &Tree, out: &mut Imported) {
    let of = |name: &str| report.at(&["context", name]).or_else(|| report.get(name)).cloned();
    if let Some(region) = of("region") {
        match region.text() {
            Some(text) => row.set("region", text),
            None => out.dropped(region.line, "region", region.shown(), "no name of a place"),
        }
    }
    if let Some(intensity) = of("carbon_intensity") {
        match amount::interval(&intensity, "carbon_intensity", out) {
            Ok(interval) if interval.most() > MOST_KG_PER_KWH => {
                let reason = "above any grid's intensity in kg/kWh; was it in grams?";
                out.dropped(intensity.line, "carbon_intensity", intensity.shown(), reason);
            }
            // kg to g, without rounding.
            Ok(interval) => row.set("grid_g_per_kwh", interval.map(amount::thousand_times).cell()),
            Err(why) => out.dropped(intensity.line, "carbon_intensity", intensity.shown(), why),
        }
    }
    if let Some(wue) = of("wue_l_per_kwh") {
        amount::write(row, "wue_l_per_kwh", &wue, "wue_l_per_kwh", out);
    }
}

/// How sure a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    Measured,
    Estimated,
    Imputed,
    Unavailable,
    Unstated,
}

fn quality(metric: &Tree, report: &Tree, word: &str, out: &mut Imported) -> Quality {
    let Some(stated) = metric.get("quality").or_else(|| report.at(&["quality", word])) else {
        return Quality::Unstated;
    };
    let text = stated.text().unwrap_or_default().to_lowercase();
    match text.as_str() {
        _ if text.starts_with("measured") => Quality::Measured,
        // `estimated (hardware)` too.
        _ if text.starts_with("estimated") => Quality::Estimated,
        _ if text.starts_with("imputed") => Quality::Imputed,
        "unavailable" => Quality::Unavailable,
        _ => {
            out.dropped(stated.line, "quality", stated.shown(), "no quality of DIA; the figure is kept without one");
            Quality::Unstated
        }
    }
}

fn footprint(row: &mut Row, report: &Tree, out: &mut Imported) {
    let mut qualities = Vec::new();
    for (field, word, column, overhead) in METRICS {
        let Some(metric) = report.at(&["footprint", field]).or_else(|| report.get(field)) else { continue };
        let own = metric.get("carbonhaze").or_else(|| report.at(&["carbonhaze", field]));
        if let Some(cell) = own.and_then(|own| own.text_of("cell")) {
            row.set(column, cell);
        } else {
            let quality = quality(metric, report, word, out);
            if !figure(row, column, metric, field, quality, out) {
                continue;
            }
            qualities.push(quality);
        }
        let includes = own.and_then(|own| own.get("includes_pue")).and_then(yes_or_no);
        // A carbon figure is the whole footprint, whatever the tool: it is what DIA adds up.
        let by_format = if field == "carbon_kgco2eq" { Some(true) } else { of_tool(report) };
        row.set(overhead, includes.or(by_format).map_or("", |yes| if yes { "yes" } else { "no" }));
        if let Some(tool) = report.get("tool").filter(|_| includes.is_none() && row.get(overhead).is_some()) {
            let reason = match (field, of_tool(report), row.get(overhead)) {
                ("carbon_kgco2eq", Some(false), _) => {
                    "this tool counts the machine alone; the figure is taken as the whole footprint all the same, as DIA adds \
                     it up. If the facility's overhead is not in it, write emissions_include_pue = no"
                }
                (_, _, Some("yes")) => {
                    "this tool multiplies the chips' energy by a PUE, so the facility's overhead is in it"
                }
                _ => "this tool counts the machine alone, so the facility's overhead is not in it",
            };
            out.assumed(tool.line, overhead, tool.shown(), reason);
        }
    }
    if let Some(water) = report.at(&["footprint", "water_liters"]).or_else(|| report.get("water_liters"))
        && report.at(&["quality", "water"]).and_then(Tree::text) != Some("unavailable")
    {
        out.dropped(water.line, "water_liters", water.shown(), "water is computed from energy, not read");
    }
    source(row, report, &qualities, out);
}

/// Writes one figure; whether there is one.
fn figure(
    row: &mut Row,
    column: &'static str,
    metric: &Tree,
    field: &str,
    quality: Quality,
    out: &mut Imported,
) -> bool {
    let value = match &metric.node {
        Node::Map(_) => match metric.get("value") {
            Some(value) => value,
            // A figure that is marked as missing is no figure.
            None if quality == Quality::Unavailable => return false,
            None => {
                out.dropped(metric.line, field, metric.shown(), "states no value");
                return false;
            }
        },
        _ => metric,
    };
    let interval = match amount::interval(value, field, out) {
        Ok(interval) => interval,
        Err(why) => {
            out.dropped(value.line, field, value.shown(), why);
            return false;
        }
    };
    let flat = !matches!(metric.node, Node::Map(_));
    match quality {
        Quality::Imputed => {
            let reason = "an imputed figure is no report; what is missing is estimated here";
            out.dropped(value.line, field, value.shown(), reason);
            return false;
        }
        Quality::Unavailable | Quality::Unstated if flat && interval.is_pair_of_zeros() => return false,
        Quality::Unavailable if flat => {
            let reason = "DIA writes unavailable for a figure without a quality too; the figure is kept without one";
            out.assumed(value.line, field, value.shown(), reason);
        }
        Quality::Unavailable => {
            out.dropped(value.line, field, value.shown(), "the report calls the figure unavailable");
            return false;
        }
        Quality::Measured | Quality::Estimated | Quality::Unstated => {}
    }
    row.set(column, interval.cell());
    true
}

/// One source holds for all figures of a row: the least sure one.
fn source(row: &mut Row, report: &Tree, qualities: &[Quality], out: &mut Imported) {
    let any = |quality| qualities.contains(&quality);
    if any(Quality::Estimated) {
        row.set("source", "calculator");
        if any(Quality::Measured) {
            let reason =
                "one figure is measured and another estimated; both count as estimated, as one source holds for a row";
            out.assumed(report.line, "quality", "measured", reason);
        }
    } else if !qualities.is_empty() && qualities.iter().all(|quality| *quality == Quality::Measured) {
        row.set("source", "metered");
    }
}

fn yes_or_no(value: &Tree) -> Option<bool> {
    match &value.node {
        Node::Bool(yes) => Some(*yes),
        Node::Text(word) if word == "yes" => Some(true),
        Node::Text(word) if word == "no" => Some(false),
        _ => None,
    }
}

/// Whether a PUE is in the figures of the tool.
fn of_tool(report: &Tree) -> Option<bool> {
    let tool = report.text_of("tool")?.to_lowercase();
    if tool.contains("codecarbon") {
        Some(false)
    } else {
        ["nvml", "dia-track"].iter().any(|known| tool.contains(known)).then_some(true)
    }
}
