//! The priors in force: as a study file that can be edited and given back, and as a table with citations.

use std::collections::BTreeSet;
use std::io::Write;

use super::csv::as_text;
use super::references::{self, Work};
use crate::assess::priors::{Entry, Priors};
use crate::assess::typical;

/// Columns of the table.
const COLUMNS: [&str; 10] =
    ["section", "name", "value", "unit", "source", "basis", "changed_by_study", "doi_or_arxiv", "url", "bibtex_keys"];

/// A prior in force, for tables.
pub(super) struct Row<'a> {
    pub entry: &'a Entry,
    /// As a cell.
    pub value: String,
    /// `chosen` where centre or spread is a choice without a firm source, `derived` where it is not, and `study` where the
    /// study gives the value.
    pub basis: &'static str,
    /// What its source cites.
    pub works: Vec<&'static Work>,
}

/// A row for every prior in force.
pub(super) fn rows(priors: &Priors) -> impl Iterator<Item = Row<'_>> {
    priors.entries().iter().map(|entry| {
        let basis = match (entry.replaced, entry.chosen) {
            (true, _) => "study",
            (false, true) => "chosen",
            (false, false) => "derived",
        };
        Row { entry, value: value(entry), basis, works: references::cited_by(&whole_source(priors, entry)) }
    })
}

/// A row for every prior in force, as CSV.
pub fn csv(out: &mut dyn Write, priors: &Priors) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for Row { entry, value, basis, works } in rows(priors) {
        let list = |of: &dyn Fn(&Work) -> Option<String>| {
            works.iter().filter_map(|work| of(work)).collect::<Vec<_>>().join("; ")
        };
        table.write_record([
            entry.section(),
            entry.key(),
            &value,
            &entry.unit,
            &entry.source,
            basis,
            if entry.replaced { "yes" } else { "no" },
            &list(&Work::number),
            &list(&|work| work.url.clone()),
            &list(&|work| Some(work.key.clone())),
        ])?;
    }
    Ok(table.flush()?)
}

/// Keys of the works that the priors in force cite.
pub fn cited(priors: &Priors) -> BTreeSet<&'static str> {
    let of = |entry: &Entry| references::cited_by(&whole_source(priors, entry));
    priors.entries().iter().flat_map(of).map(|work| work.key.as_str()).collect()
}

/// The value as a cell: text without its quotes.
fn value(entry: &Entry) -> String {
    match entry.text.parse() {
        Ok(toml::Value::String(text)) => as_text(&text),
        _ => entry.text.clone(),
    }
}

/// A prior's source, and that of the prior which it refers to (`as mfu_a100`).
fn whole_source(priors: &Priors, entry: &Entry) -> String {
    let mut source = entry.source.to_string();
    let mut last = entry;
    // No longer than the list, should two of them refer to each other.
    for _ in 0..priors.entries().len() {
        let key = last.source.strip_prefix("as ").and_then(|rest| rest.split([' ', ':', ';', ',']).next());
        let named = |other: &&Entry| other.section() == last.section() && Some(other.key()) == key;
        let Some(other) = priors.entries().iter().find(named) else { break };
        source += "; ";
        source += &other.source;
        last = other;
    }
    source
}

/// All priors as a study file: `[priors.*]` tables with unit and source above each entry, and of fitted ones how uncertain
/// they are and what they rest on. Edited and passed to `haze run`, it replaces the defaults by what it says. Comments at
/// its head give the spread of emissions that the
/// priors combine to for a typical model of each tier.
pub fn priors(priors: &Priors) -> String {
    let mut out = String::from(
        "# Priors of carbonhaze. To change some, keep their lines, name your models file and run this file as a study:\n\
         # models = [\"models.csv\"]\n#\n# They combine to these geometric standard deviations of the emissions of a typical \
         model\n# (USA, 2024, its organisation known; A100 where the tier knows the chip):\n",
    );
    for (tier, gsd) in typical::gsds(priors) {
        out += &format!("#   tier {:<3} {gsd:.2}\n", tier.name());
    }
    let mut section = "";
    for entry in priors.entries() {
        if entry.section() != section {
            section = entry.section();
            out += &format!("\n[priors.{section}]\n");
        }
        let note = match (entry.replaced, entry.chosen) {
            (true, _) => "; replaced",
            (false, true) => "; chosen",
            (false, false) => "",
        };
        out += &format!("# {}; {}{note}{}\n", entry.unit, entry.source, fitted(priors, entry));
        out += &format!("{} = {}\n", entry.key(), entry.text);
    }
    out
}

/// What a fitted prior rests on, and its uncertainty: of a power its standard deviation, of all else a GSD.
fn fitted(priors: &Priors, entry: &Entry) -> String {
    let evidence = entry.evidence.as_ref().map_or(String::new(), |evidence| format!("; from {evidence}"));
    let uncertainty = match priors.uncertainty(entry.name()) {
        Some(sd) if entry.is_power() => format!("; itself uncertain by ± {sd:.2}"),
        Some(sd) => format!("; itself uncertain by a GSD of {:.2}", libm::exp(sd)),
        None => String::new(),
    };
    evidence + &uncertainty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{AssessedModel, assess};
    use crate::portfolio::{Date, Model, Portfolio, Study, Value};

    fn section(text: &str) -> toml::Table {
        let table: toml::Table = text.parse().unwrap();
        table["priors"].as_table().unwrap().clone()
    }

    /// A row whose chip, place and organisation are known.
    fn row(study: Study) -> AssessedModel {
        let labels = [("hardware", "NVIDIA A100"), ("region", "USA"), ("organization", "Meta AI")];
        let model = Model {
            id: "m".to_string(),
            labels: labels.map(|(k, v)| (k.to_string(), v.to_string())).into(),
            date: Some(Date { year: 2023, month: None, day: None }),
            parameters: Some(Value::Number(7e9)),
            tokens: Some(Value::Number(2e12)),
            ..Model::default()
        };
        assess(&Portfolio::new(vec![model], study)).unwrap().models.remove(0)
    }

    #[test]
    fn printed_priors_read_back_to_the_same() {
        let text = priors(&Priors::defaults());
        let mut table = section(&text);
        let with = |priors: &toml::Table| Study { priors: priors.clone(), ..Study::default() };
        let printed = Priors::of(&with(&table)).unwrap();
        assert_eq!(section(&priors(&printed)), section(&text));
        let drawn = |m: AssessedModel| m.factors.map(|f| f.map(|f| (f.distribution, f.shared)));
        let default = drawn(row(Study::default()));
        assert_eq!(drawn(row(with(&table))), default);
        // Negative control: one edited value shows in the text and in the result.
        if let Some(toml::Value::Table(grid)) = table.get_mut("grid") {
            grid.insert("usa_gsd".to_string(), toml::Value::Float(2.0));
        }
        assert_ne!(section(&priors(&Priors::of(&with(&table)).unwrap())), section(&text));
        assert_ne!(drawn(row(with(&table))), default);
        assert!(text.lines().filter(|l| l.starts_with('#')).count() > 100);
        assert!(text.contains("# gCO2e/kWh; where such models"));
        // exp of √(0.0107² + 0.0028² + 0.0992²) is 1.105.
        let a100 = text.lines().find(|l| l.contains("12 runs of 6 families") && l.contains("itself")).unwrap();
        assert!(a100.ends_with("; from 12 runs of 6 families; itself uncertain by a GSD of 1.10"), "{a100}");
        assert!(text.contains("itself uncertain by ± 0.04\nmfu_h100_exponent = 0.215\n"));
    }

    /// Who states a median and not how uncertain it is has said what it is.
    #[test]
    fn a_replaced_prior_has_no_uncertainty_but_the_one_it_is_given() {
        let loads = |text: &str| {
            let priors = text.parse::<toml::Table>().unwrap();
            let m = row(Study { priors, ..Study::default() });
            m.factors.iter().flatten().flat_map(|f| &f.shared).count()
        };
        let default = loads("");
        assert_eq!(loads("[efficiency]\nmfu_a100 = 0.4"), default - 3);
        assert_eq!(loads("[efficiency]\nmfu_a100 = 0.4\nmfu_a100_loadings = \"0.1\""), default - 2);
        assert_eq!(loads("[efficiency]\nmfu_v100 = 0.4"), default);
    }

    fn table(priors: &Priors) -> Vec<std::collections::BTreeMap<String, String>> {
        let mut text = Vec::new();
        csv(&mut text, priors).unwrap();
        csv::Reader::from_reader(text.as_slice()).deserialize().map(|row| row.unwrap()).collect()
    }

    /// By hand from `data/priors.toml`.
    #[test]
    fn every_prior_stands_in_the_table_with_its_citation() {
        let defaults = Priors::defaults();
        let rows = table(&defaults);
        assert_eq!(rows.len(), defaults.entries().len());
        let of = |section: &str, name: &str| {
            rows.iter().find(|row| row["section"] == section && row["name"] == name).unwrap()
        };
        let h100 = of("k_node", "h100");
        assert_eq!((h100["value"].as_str(), h100["basis"].as_str()), ("lognormal(1.38, 1.08)", "derived"));
        assert_eq!((h100["doi_or_arxiv"].as_str(), h100["bibtex_keys"].as_str()), ("arXiv:2506.14551", "newkirk2025"));
        // Through the prior that it refers to.
        assert_eq!(of("compute", "bound_to_2016")["bibtex_keys"], "epoch_models");
        assert_eq!(of("compute", "bound_to_2018")["bibtex_keys"], "epoch_models");
        assert_eq!(of("efficiency", "mfu_v100")["bibtex_keys"], "carbonhaze");
        assert_eq!(of("grid", "small_gsd")["bibtex_keys"], "");
        // Negative control: a study's value is the study's, and cites nothing.
        let mut changed = toml::Table::new();
        changed.insert(
            "k_node".into(),
            toml::Value::Table([("h100".into(), "lognormal(1.4, 1.1)".into())].into_iter().collect()),
        );
        let study = Study { priors: changed, ..Study::default() };
        let rows = table(&Priors::of(&study).unwrap());
        let h100 = rows.iter().find(|row| row["section"] == "k_node" && row["name"] == "h100").unwrap();
        assert_eq!((h100["value"].as_str(), h100["changed_by_study"].as_str()), ("lognormal(1.4, 1.1)", "yes"));
        assert_eq!((h100["basis"].as_str(), h100["bibtex_keys"].as_str()), ("study", ""));
    }

    /// What is wrong with the list of works for these sources of priors.
    fn wrong(sources: &[&str], works: &[&Work]) -> Vec<String> {
        let named = sources.iter().flat_map(|source| references::numbers(source));
        let missing = named.filter(|number| !works.iter().any(|work| work.has(number)));
        missing.map(|number| format!("{number:?} has no entry")).collect()
    }

    #[test]
    fn every_number_has_an_entry() {
        let defaults = Priors::defaults();
        let sources: Vec<&str> = defaults.entries().iter().map(|entry| &*entry.source).collect();
        let works: Vec<&Work> = references::all().iter().collect();
        assert_eq!(wrong(&sources, &works), Vec::<String>::new());
        // Negative controls: a number that nobody knows, and a list without one that is named.
        assert_eq!(wrong(&["arXiv 1234.56789"], &works).len(), 1);
        let fewer: Vec<&Work> = works.iter().copied().filter(|work| work.key != "li2023").collect();
        assert!(!wrong(&sources, &fewer).is_empty());
    }
}
