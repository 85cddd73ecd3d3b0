//! Model cards of the Hugging Face Hub: `README.md` with YAML front matter between two lines `---`.
//!
//! Only the front matter is read. `co2_eq_emissions` is in grams: a number, a text with a unit (`17g`, `0.4 kg`), or a map
//! with `emissions`, `source`, `training_type`, `geographical_location` and `hardware_used`. A `dia_report` comes before
//! it. Figures in the text below are not read; the first line that has one is named, if the front matter states nothing.
//! The configuration that mergekit writes into its cards, in a block of YAML, names the parents and weights of a merge.
//! The Hub's listings hold the same fields under `cardData`, which `hub_json` reads with [`fields`].

use super::Importer;
use super::amount;
use super::dia;
use super::lineage::{self, Parent};
use super::mergekit;
use super::rows::{Imported, Row};
use super::source::Source;
use super::tree::{self, Node, Tree};
use crate::portfolio::formats::Fault;

pub(super) const CARD: Importer = Importer { kind: "hf-card", title: "a Hugging Face model card", recognise, read };

/// Tools that estimate emissions, by parts of their names.
const TOOLS: [&str; 12] = [
    "codecarbon",
    "mlco2",
    "mlcalculator",
    "impactcalculator",
    "carbontracker",
    "eco2ai",
    "mlemissions",
    "greenalgorithms",
    "autotrain",
    "machinelearningimpact",
    "experimentimpact",
    "cumulator",
];

fn recognise(source: &Source<'_>) -> bool {
    // Without front matter it may be any text; with that of a data set or a Space it is no model.
    let text = tree::head(&source.text);
    let mut lines = text.lines();
    if !lines.next().is_some_and(is_rule) {
        return false;
    }
    let keys: Vec<&str> = lines.take_while(|line| !is_rule(line)).filter_map(top_level_key).collect();
    !keys.iter().any(|key| OF_OTHERS.contains(key))
}

/// Keys of front matter that is not about a model: Spaces and data sets of the Hub.
const OF_OTHERS: [&str; 9] = [
    "sdk",
    "app_file",
    "dataset_info",
    "task_categories",
    "task_ids",
    "size_categories",
    "annotations_creators",
    "language_creators",
    "source_datasets",
];

/// `sdk` of `sdk: gradio`.
fn top_level_key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    (!key.starts_with([' ', '-', '#', '\t'])).then_some(key.trim_matches(['"', '\'']))
}

fn is_rule(line: &str) -> bool {
    line.trim_end() == "---"
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    card(source).map_err(|fault| vec![fault])
}

fn card(source: &Source<'_>) -> Result<Imported, Fault> {
    let mut out = Imported::default();
    let (front, body, body_line) = parts(&source.text)?;
    let card = tree::yaml(front, 2)?;
    if !matches!(card.node, Node::Map(_) | Node::Null) {
        return Err(Fault::new(card.line, "", "the front matter is no list of fields (name: value)"));
    }
    let mut row = Row::new(1, id(source, &card, &mut out));
    let mut parents = bases(&card, &mut out);
    fields(&mut row, &card, &mut parents, &mut out);
    if !(parents.iter().all(|parent| parent.relation.is_none_or(|word| word == "merge"))
        && merged(&mut row, body, body_line, &mut out))
    {
        lineage::write(&mut row, parents, "base_model", &mut out);
    }
    let figures = ["emissions_g", "emissions_kg", "energy_kwh"].iter().any(|column| row.get(column).is_some());
    if let Some((line, text)) = prose(body).filter(|_| !figures) {
        let reason = "figures in the text are not read; write them into the front matter (co2_eq_emissions, in grams) or \
                      into a models file";
        out.dropped(body_line + line, "text", text.trim(), reason);
    }
    out.rows.push(row);
    Ok(out)
}

/// The front matter, the text below it, and the line before that text.
fn parts(text: &str) -> Result<(&str, &str, u64), Fault> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let (mut at, mut number) = (first.len(), 1);
    for line in lines {
        number += 1;
        if is_rule(line) {
            return Ok((&text[first.len()..at], &text[at + line.len()..], number));
        }
        at += line.len();
    }
    Err(Fault::new(1, "---", "the front matter that begins here is never closed; end it with a line of ---"))
}

/// Reads mergekit's configuration, which it writes into the cards of merges; whether there is one that names models.
fn merged(row: &mut Row, body: &str, body_line: u64, out: &mut Imported) -> bool {
    let Some((before, rest)) = body.split_once("```yaml\n").or_else(|| body.split_once("```yaml\r\n")) else {
        return false;
    };
    let Some((block, _)) = rest.split_once("```") else { return false };
    if !block.lines().any(|line| line.starts_with("merge_method:")) {
        return false;
    }
    let line = body_line + before.matches('\n').count() as u64 + 2;
    match tree::yaml(block, line) {
        Ok(config) => mergekit::of_config(row, &config, out),
        Err(fault) => {
            out.dropped(fault.line, "merge_method", fault.value, fault.message);
            false
        }
    }
}

/// What the card, or else its place, calls the model.
fn id(source: &Source<'_>, card: &Tree, out: &mut Imported) -> String {
    let named = ["model_id", "repo_id", "id"].iter().find_map(|key| card.text_of(key));
    if let Some(id) = named.map(str::to_string).or_else(|| source.id_of_place()) {
        return id;
    }
    let index = card.get("model-index").and_then(|index| index.items().first()?.text_of("name"));
    let (id, of) = match index.or_else(|| card.text_of("model_name")) {
        Some(name) => (name.to_string(), "the name in its front matter"),
        None => ("model-card".to_string(), "model-card"),
    };
    let reason = format!("neither the card nor its place names the repository, so its row has {of} as the id");
    out.assumed(1, "id", id.clone(), reason);
    id
}

/// Parents that the front matter names.
pub(super) fn bases(card: &Tree, out: &mut Imported) -> Vec<Parent> {
    let mut found = lineage::of_tags(card);
    let Some(base) = card.get("base_model") else { return found };
    let of_all = lineage::relation_of(card.get("base_model_relation"), "base_model_relation", out);
    let items = if let Node::List(items) = &base.node { items.as_slice() } else { std::slice::from_ref(base) };
    for item in items {
        // `- model: org/a`, or `- org/a: finetune`.
        let (id, relation) = match item.entries() {
            [] => (item.text(), None),
            entries => match ["model", "name", "id", "base_model"].iter().find_map(|key| item.text_of(key)) {
                Some(id) => (Some(id), item.text_of("relation").and_then(lineage::relation)),
                None => {
                    let [(key, value)] = entries else {
                        out.dropped(item.line, "base_model", item.shown(), "names no model");
                        continue;
                    };
                    (Some(key.as_str()), value.text().and_then(lineage::relation))
                }
            },
        };
        match id.filter(|id| !id.is_empty()) {
            Some(id) => {
                found.push(Parent { line: item.line, id: id.to_string(), relation: relation.or(of_all) });
            }
            None => out.dropped(item.line, "base_model", item.shown(), "names no model"),
        }
    }
    let mut distinct: Vec<&str> = found.iter().map(|parent| parent.id.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() > 1 && found.iter().all(|parent| parent.relation.is_none()) {
        out.assumed(
            base.line,
            "base_model",
            base.shown(),
            "several base models without a relation are read as a merge",
        );
        found.iter_mut().for_each(|parent| parent.relation = Some("merge"));
    }
    found
}

/// Writes the fields of a card, but for its parents; what they say of the relation goes to `parents`.
pub(super) fn fields(row: &mut Row, card: &Tree, parents: &mut Vec<Parent>, out: &mut Imported) {
    if let Some(task) = card.text_of("pipeline_tag") {
        row.set("task", task);
    }
    let mut has_dia = false;
    if let Some(report) = card.get("dia_report") {
        dia::of_report(row, report, out);
        has_dia = row.get("emissions_kg").is_some();
        for parent in dia::parents(report, out) {
            match parents.iter_mut().find(|known| known.id == parent.id) {
                Some(known) => known.relation = parent.relation.or(known.relation),
                None => parents.push(parent),
            }
        }
    }
    let Some(co2) = card.get("co2_eq_emissions") else { return };
    // Written here: the distribution, in grams, or nothing where the row itself came with the report.
    if let Some(cell) = co2.at(&["carbonhaze", "cell"]).and_then(Tree::text) {
        if !has_dia && card.at(&["dia_report", "carbonhaze", "row"]).is_none() {
            row.set("emissions_g", cell);
        }
        return;
    }
    let emissions = match &co2.node {
        Node::Map(_) => co2.get("emissions").or_else(|| co2.get("value")),
        _ => Some(co2),
    };
    for (key, value) in co2.entries().iter().filter(|(key, _)| !FIELDS.contains(&key.as_str())) {
        let reason = "no field of co2_eq_emissions that is read; write it into a models file";
        out.dropped(value.line, &format!("co2_eq_emissions.{key}"), value.shown(), reason);
    }
    if card.at(&["dia_report", "carbonhaze", "row"]).is_some() {
        let reason = "the card's dia_report has the whole row that it was written from";
        return out.dropped(co2.line, "co2_eq_emissions", co2.shown(), reason);
    }
    if let Some(source) = co2.get("source") {
        of_source(row, source, out);
    }
    if let Some(kind) = co2.text_of("training_type") {
        let even: String = kind.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        if even.contains("finetun") && parents.iter().all(|parent| parent.relation.is_none()) {
            match parents.as_mut_slice() {
                [] => row.set("relation", "finetune"),
                several => several.iter_mut().for_each(|parent| parent.relation = Some("finetune")),
            }
        }
    }
    for (key, column) in [("geographical_location", "region"), ("hardware_used", "hardware")] {
        if let Some(text) = co2.text_of(key).filter(|_| row.get(column).is_none()) {
            row.set(column, text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    match emissions {
        Some(emissions) if has_dia => {
            let reason = "the card's dia_report states the emissions too, in kg and with a quality; those are used";
            out.dropped(emissions.line, "co2_eq_emissions", emissions.shown(), reason);
        }
        Some(emissions) => match co2.text_of("unit").or_else(|| co2.text_of("units")).filter(|unit| !is_grams(unit)) {
            Some(unit) => of_unit(row, emissions, unit, out),
            None => of_emissions(row, emissions, out),
        },
        None => {}
    }
}

fn of_source(row: &mut Row, source: &Tree, out: &mut Imported) {
    let even: String = source.shown().to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    if TOOLS.iter().any(|tool| even.contains(tool)) {
        if row.get("source").is_none() {
            row.set("source", "calculator");
        }
    } else {
        let reason = "unknown tool: the figure is treated as self-reported";
        out.dropped(source.line, "co2_eq_emissions.source", source.shown(), reason);
    }
}

/// Fields of `co2_eq_emissions` that are read.
const FIELDS: [&str; 9] = [
    "emissions",
    "value",
    "unit",
    "units",
    "source",
    "training_type",
    "geographical_location",
    "hardware_used",
    "carbonhaze",
];

fn is_grams(unit: &str) -> bool {
    let unit = unit.to_lowercase();
    unit.starts_with("g") && !unit.starts_with("gt") && !unit.starts_with("gigat")
}

/// A number with its unit in a field of its own.
fn of_unit(row: &mut Row, emissions: &Tree, unit: &str, out: &mut Imported) {
    let text = format!("{} {unit}", emissions.shown());
    if with_unit(Some(&text)) {
        out.repaired(
            emissions.line,
            "co2_eq_emissions",
            text.clone(),
            "in its unit, where a card has a number of grams",
        );
        return row.set("emissions_g", text);
    }
    out.dropped(emissions.line, "co2_eq_emissions", text, "no number with a unit of mass");
}

/// Grams, or a text with a unit.
fn of_emissions(row: &mut Row, emissions: &Tree, out: &mut Imported) {
    let field = "co2_eq_emissions";
    let drop = |out: &mut Imported, why: &str| out.dropped(emissions.line, field, emissions.shown(), why);
    let found = match amount::interval(emissions, field, out) {
        Ok(found) => found,
        // `17g` and `0.4 kg` are for the reader of cells.
        Err(_) if with_unit(emissions.text()) => {
            let text = emissions.text().unwrap_or_default();
            out.repaired(emissions.line, field, text, "a text with a unit, where a card has a number of grams");
            return row.set("emissions_g", text);
        }
        Err(why) => return drop(out, why),
    };
    if let amount::Interval::One(one) = &found {
        let reason = "exactly this often stands for a figure that nobody measured; it is kept as it is, in grams";
        if one.value == 0.0 || one.value == 1.0 {
            out.assumed(emissions.line, field, emissions.shown(), reason);
        }
        if emissions.shown().contains('_') || matches!(emissions.node, Node::Text(_)) {
            out.repaired(emissions.line, field, emissions.shown(), format!("a text, read as the number {}", one.text));
        }
    }
    row.set("emissions_g", found.cell());
}

/// A number with a unit of mass behind it.
fn with_unit(text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    let text = text.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || ".,_".contains(c))).unwrap_or(text.len());
    let unit: String =
        text[digits..].to_lowercase().chars().filter(|c| !c.is_whitespace() && !"()₂".contains(*c)).collect();
    let unit =
        ["co2eq", "co2e", "co2", "coeq", "coe", "co"].iter().find_map(|end| unit.strip_suffix(end)).unwrap_or(&unit);
    let number = text[..digits].replace('_', "").parse::<f64>().is_ok_and(|x| x.is_finite());
    number && ["g", "kg", "t", "mg", "gram", "grams", "tons", "tonnes"].contains(&unit)
}

/// The first line of the text that has a figure of energy or emissions: its number from 1, and itself.
fn prose(body: &str) -> Option<(u64, &str)> {
    let has_digit = |line: &str| line.bytes().any(|b| b.is_ascii_digit());
    let found = body.lines().zip(1..).find(|(line, _)| {
        // Without what merely has digits: the 2 of CO2, and addresses.
        let even = line.to_lowercase().replace("co2", "co").replace('₂', "");
        let words: Vec<&str> = even.split_whitespace().filter(|word| !word.contains("://")).collect();
        let even = words.join(" ");
        let named = ["kwh", "mwh", "gwh", "coeq", "coe", "co emission", "co (", "carbon emi", "carbon footprint"];
        has_digit(&even) && (named.iter().any(|word| even.contains(word)) || words.contains(&"co"))
    });
    found.map(|(line, number)| (number, line))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::source::GroupBy;
    use super::*;

    fn imported(text: &str) -> Result<Imported, Vec<Fault>> {
        read(&Source::new(Path::new("cards/org/name/README.md"), text.as_bytes(), GroupBy::Project))
    }

    fn cell(text: &str, column: &str) -> String {
        let out = imported(text).unwrap_or_else(|faults| panic!("{text:?}: {faults:?}"));
        out.rows[0].get(column).unwrap_or_default().to_string()
    }

    #[test]
    fn emissions_are_grams_however_they_are_written() {
        for (written, expected) in [
            ("17.5", "17.5"),
            ("\"17g\"", "17g"),
            ("0.4 kg", "0.4 kg"),
            ("24_700_000", "24700000"),
            ("1", "1"),
            ("about 3", ""),
            ("-3", ""),
            (".nan", ""),
            ("[1, 2]", "uniform(1, 2)"),
            ("{emissions: 12, source: CodeCarbon}", "12"),
            ("{source: CodeCarbon}", ""),
            ("\"0.2 kgCO2eq\"", "0.2 kgCO2eq"),
        ] {
            let text = format!("---\nco2_eq_emissions: {written}\n---\n# x\n");
            assert_eq!(cell(&text, "emissions_g"), expected, "{written}");
        }
    }

    #[test]
    fn parents_and_relations() {
        for (written, base, relation) in [
            ("base_model: o/a", "o/a", ""),
            ("base_model: o/a\nbase_model_relation: quantized", "o/a", "quantized"),
            ("base_model: [o/a, o/b]", "o/a; o/b", "merge"),
            (
                "base_model:\n- o/a: adapter\n- model: o/b\n  relation: merge",
                "base_model:adapter:o/a; base_model:merge:o/b",
                "",
            ),
            ("base_model: o/a\nco2_eq_emissions: {training_type: Fine-Tuning}", "o/a", "finetune"),
            ("co2_eq_emissions: {training_type: fine-tuning}", "", "finetune"),
            ("base_model: o/a\nbase_model_relation: sibling", "o/a", ""),
        ] {
            let text = format!("---\n{written}\n---\n");
            assert_eq!(
                (cell(&text, "base_model").as_str(), cell(&text, "relation").as_str()),
                (base, relation),
                "{written}"
            );
        }
    }

    #[test]
    fn figures_in_the_text_are_named_once() {
        let out = imported("---\nlicense: mit\n---\n\nUsed 120 kWh, 40 kg CO2.\nAnd 3 kWh.\n").unwrap();
        assert_eq!(out.changes.iter().map(|c| c.line).collect::<Vec<_>>(), [5]);
        // Negative controls: the front matter has it; the text has no figure.
        assert!(imported("---\nco2_eq_emissions: 3\n---\n\nUsed 120 kWh.\n").unwrap().changes.is_empty());
        assert!(imported("---\nlicense: mit\n---\nCO2 emissions: see https://a.b/kwh/1\n").unwrap().changes.is_empty());
    }

    #[test]
    fn a_merge_has_the_parents_and_weights_of_its_configuration() {
        let config = "models:\n- model: o/a\n  parameters: {weight: 0.3}\n- model: o/b\n  parameters: {weight: 0.7}\n";
        let text = format!("---\nbase_model: [o/b, o/a]\n---\n# x\n\n```yaml\n{config}merge_method: linear\n```\n");
        assert_eq!(
            (cell(&text, "base_model").as_str(), cell(&text, "merge_weights").as_str()),
            ("o/a; o/b", "0.3; 0.7")
        );
        let broken = text.replace("linear", "[");
        assert_eq!((cell(&broken, "base_model").as_str(), cell(&broken, "merge_weights").as_str()), ("o/b; o/a", ""));
        assert!(imported(&broken).unwrap().changes.iter().any(|change| change.line >= 7 && change.line <= 13));
    }

    #[test]
    fn only_front_matter_of_a_model_is_a_card() {
        assert_eq!(imported("---\nlicense: mit\n").unwrap_err()[0].line, 1);
        let card = |text: &str| recognise(&Source::new(Path::new("README.md"), text.as_bytes(), GroupBy::Project));
        assert!(card("---\nlicense: mit\n---\n") && card("---\n---\n"));
        for other in ["# A project\n", "---\nsdk: gradio\n---\n", "---\ntask_categories:\n- x\n---\n", "id,x\n"] {
            assert!(!card(other), "{other}");
        }
    }
}
