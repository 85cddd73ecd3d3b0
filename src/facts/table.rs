//! The table of published facts: one row per training run, each figure with its document.
//!
//! A figure is kept only with the document that states it. `second_hand` lists the figures that were read in a text that
//! quotes the document. The table's columns are described in `fixtures/README.md`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::portfolio::spelling::normal;
use crate::portfolio::{Model, Value};

const TABLE: &str = include_str!("../../fixtures/run_facts.csv");

/// Whether a run started from another model's weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lineage {
    /// Trained from scratch.
    Base,
    /// Trained from the weights of this model; empty if the document does not name it.
    Derivative(String),
}

/// A figure and the document that states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<T> {
    /// What it says.
    pub value: T,
    /// Where; "derived" if it is a product of published figures, "second-hand" if it was read in a text that quotes it.
    pub document: String,
}

/// What is published of one training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// For people.
    pub name: String,
    /// The names of the rows that are this run.
    pub ids: Vec<String>,
    /// Whether it is a run of its own.
    pub lineage: Option<Figure<Lineage>>,
    /// Plain numbers by the column of a models file that they belong to, in its unit.
    pub numbers: BTreeMap<&'static str, Figure<f64>>,
    /// Texts (`hardware`, `region`, `date`) likewise.
    pub texts: BTreeMap<&'static str, Figure<String>>,
    /// Energy and emissions are products of the hours and constants: no observation of their own.
    pub calculated: bool,
    /// When the documents were read.
    pub read: String,
    /// Doubts, and what the figures include.
    pub note: String,
}

/// Column of the table, column of a models file, factor from the one's unit to the other's.
const NUMBERS: [(&str, &str, f64); 7] = [
    ("own_tokens", "tokens", 1.0),
    ("parameters", "parameters", 1.0),
    ("active_parameters", "active_parameters", 1.0),
    ("gpu_hours", "gpu_hours", 1.0),
    ("hardware_count", "hardware_count", 1.0),
    ("energy_kwh", "energy_kwh", 1.0),
    ("emissions_t", "emissions_kg", 1e3),
];
const TEXTS: [&str; 3] = ["hardware", "region", "date"];

struct Table {
    facts: Vec<Fact>,
    by_id: HashMap<String, usize>,
}

/// The embedded table was read by a test; a row that could not be read is not there.
static FACTS: LazyLock<Table> = LazyLock::new(|| {
    let facts: Vec<Fact> = read(TABLE).into_iter().filter_map(Result::ok).collect();
    let mut by_id = HashMap::new();
    for (at, fact) in facts.iter().enumerate() {
        for id in fact.ids.iter().chain([&fact.name]) {
            by_id.entry(key(id)).or_insert(at);
        }
    }
    Table { facts, by_id }
});

/// Every published run.
pub fn all() -> &'static [Fact] {
    &FACTS.facts
}

/// The published run that a row names by its id, if any. A copy under another organisation's name is not that run, nor is
/// a row of another size or made from another model; a bare name without a number may be anybody's.
pub(super) fn of(model: &Model) -> Option<&'static Fact> {
    let named = model.id.contains('/') || model.id.contains(|c: char| c.is_ascii_digit());
    let fact = FACTS.by_id.get(&key(&model.id)).and_then(|at| FACTS.facts.get(*at))?;
    (model.from_list || named && fact.agrees_with(model)).then_some(fact)
}

/// A stated size within this factor is that of the published run: with or without embeddings.
const SAME_SIZE: f64 = 1.25;

impl Fact {
    /// Whether what a row states of itself can be of this run.
    fn agrees_with(&self, model: &Model) -> bool {
        let stated = match &model.parameters {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        };
        let size = self.numbers.get("parameters").map(|figure| figure.value).zip(stated);
        let same_size = size.is_none_or(|(n, stated)| (1.0 / SAME_SIZE..=SAME_SIZE).contains(&(stated / n)));
        let from_scratch = matches!(&self.lineage, Some(Figure { value: Lineage::Base, .. }));
        same_size && (!from_scratch || model.base_models.is_empty())
    }

    /// Whether the published hours are those of the chip that a row states.
    pub(super) fn is_of_chip(&self, model: &Model) -> bool {
        let (Some(stated), Some(published)) = (model.labels.get("hardware"), self.texts.get("hardware")) else {
            return true;
        };
        let (stated, published) = (normal(stated), normal(&published.value));
        stated.contains(&published) || published.contains(&stated)
    }
}

/// Case, blanks and underscores do not tell names apart; a point does (Llama 3.1 8B, Llama 3 18B).
fn key(name: &str) -> String {
    name.trim().chars().map(|c| if c == ' ' || c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Each row of a table, or what is wrong with it.
fn read(text: &str) -> Vec<Result<Fact, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let rows = reader.records().map(|record| {
        let record = record.map_err(|e| e.to_string())?;
        let cells: BTreeMap<&str, &str> = header
            .iter()
            .zip(&record)
            .filter(|(_, cell)| !cell.trim().is_empty())
            .map(|(h, c)| (h, c.trim()))
            .collect();
        fact(&cells).map_err(|e| format!("{}: {e}", cells.get("name").unwrap_or(&"?")))
    });
    rows.collect()
}

fn fact(cells: &BTreeMap<&str, &str>) -> Result<Fact, String> {
    let documents = documents(cells)?;
    let document =
        |column: &str| documents.get(column).cloned().ok_or_else(|| format!("{column} is stated by no document"));
    let mut numbers = BTreeMap::new();
    for (of_table, column, factor) in NUMBERS {
        let Some(cell) = cells.get(of_table) else { continue };
        let value: f64 = cell.parse().map_err(|_| format!("{of_table}: {cell} is no number"))?;
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("{of_table}: {cell} is not above 0"));
        }
        numbers.insert(column, Figure { value: value * factor, document: document(of_table)? });
    }
    let mut texts = BTreeMap::new();
    for column in TEXTS {
        if let Some(cell) = cells.get(column) {
            texts.insert(column, Figure { value: (*cell).to_string(), document: document(column)? });
        }
    }
    let lineage = match cells.get("lineage").copied() {
        None => None,
        Some("base") => Some(Lineage::Base),
        Some("derivative") => Some(Lineage::Derivative((*cells.get("parent").unwrap_or(&"")).to_string())),
        Some(other) => return Err(format!("lineage: {other} is neither base nor derivative")),
    };
    let lineage = match lineage {
        Some(value) => Some(Figure { value, document: document("lineage")? }),
        None => None,
    };
    let text = |column: &str| (*cells.get(column).unwrap_or(&"")).to_string();
    let name = text("name");
    if name.is_empty() || text("read").is_empty() {
        return Err("a run needs a name and the day its documents were read".to_string());
    }
    Ok(Fact {
        ids: text("ids").split(';').map(|id| id.trim().to_string()).filter(|id| !id.is_empty()).collect(),
        name,
        lineage,
        numbers,
        texts,
        calculated: cells.get("figures") == Some(&"calculated"),
        read: text("read"),
        note: text("note"),
    })
}

/// The document of each figure, from `gpu_hours,hardware: arXiv:2412.19437, Table 1 | date: …`.
fn documents(cells: &BTreeMap<&str, &str>) -> Result<BTreeMap<String, String>, String> {
    let second_hand: Vec<&str> = cells.get("second_hand").map_or(Vec::new(), |list| list.split(';').collect());
    let mut found = BTreeMap::new();
    for part in cells.get("documents").unwrap_or(&"").split(" | ").filter(|part| !part.is_empty()) {
        let (columns, document) = part.split_once(": ").ok_or_else(|| format!("{part}: which figures?"))?;
        if document.trim().len() < 8 {
            return Err(format!("{columns}: {document:?} names no document"));
        }
        for column in columns.split(',').map(str::trim) {
            let quoted = if second_hand.contains(&column) { " (second-hand)" } else { "" };
            found.insert(column.to_string(), format!("{}{quoted}", document.trim()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_document() {
        let rows = read(TABLE);
        let wrong: Vec<&String> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let stating = |figure: &str| all().iter().filter(|f| f.numbers.contains_key(figure)).count();
        println!("{} runs, hours of {}, tokens of {}", rows.len(), stating("gpu_hours"), stating("tokens"));
        assert!(rows.len() >= 150);
        let mut names: Vec<(String, &str)> =
            all().iter().flat_map(|f| f.ids.iter().map(|id| (key(id), f.name.as_str()))).collect();
        names.sort();
        names.dedup();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
        assert!(twice.is_empty(), "one row of a models file is one run: {twice:?}");
    }

    /// Negative controls of the above.
    #[test]
    fn a_figure_without_a_document_is_refused() {
        let head = "name,ids,lineage,parent,own_tokens,gpu_hours,documents,read\n";
        let of = |row: &str| read(&format!("{head}{row}")).remove(0);
        assert!(of("a,a,,,1e12,,own_tokens: arXiv:2412.19437,2026-11-29").is_ok());
        for (row, why) in [
            ("a,a,,,1e12,,,2026-11-29", "own_tokens is stated by no document"),
            ("a,a,,,1e12,5,own_tokens: arXiv:2412.19437,2026-11-29", "gpu_hours is stated by no document"),
            ("a,a,base,,,,,2026-11-29", "lineage is stated by no document"),
            ("a,a,,,1e12,,own_tokens: memory,2026-11-29", "names no document"),
            ("a,a,,,many,,own_tokens: arXiv:2412.19437,2026-11-29", "is no number"),
            ("a,a,,,-1,,own_tokens: arXiv:2412.19437,2026-11-29", "is not above 0"),
            ("a,a,made,,1e12,,own_tokens: arXiv:2412.19437,2026-11-29", "neither base nor derivative"),
            ("a,a,,,1e12,,own_tokens: arXiv:2412.19437,", "the day its documents were read"),
        ] {
            let found = of(row).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }

    #[test]
    fn a_run_goes_by_its_names_and_copies_by_others_do_not() {
        let of = |id: &str| super::of(&Model { id: id.to_string(), ..Model::default() }).map(|f| f.name.as_str());
        assert_eq!(of("deepseek-ai/DeepSeek-V3"), of("DeepSeek-V3"));
        assert_eq!(of("deepseek-ai/deepseek-v3"), Some("DeepSeek-V3"));
        assert_eq!(of("unsloth/DeepSeek-V3"), None);
        assert_eq!(of("DeepSeek-V33"), None);
    }
}
