//! What `--out` writes for a paper: the methods text, the priors with citations, the works.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{MODELS, STUDY, folder, printed, result};

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

/// Keys after an @ in square brackets.
fn cited(methods: &str) -> BTreeSet<String> {
    let groups = methods.split("[@").skip(1).map(|rest| rest.split(']').next().unwrap());
    groups.flat_map(|group| group.split("; @")).map(String::from).collect()
}

/// Keys of the column of a table of priors.
fn of_table(table: &str) -> BTreeSet<String> {
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(table.as_bytes()).deserialize().map(|row| row.unwrap()).collect();
    let keys = rows.iter().flat_map(|row| row["bibtex_keys"].split("; "));
    keys.filter(|key| !key.is_empty()).map(String::from).collect()
}

/// Keys of entries.
fn entries(bibtex: &str) -> BTreeSet<String> {
    let heads = bibtex.lines().filter(|line| line.starts_with('@'));
    heads.map(|line| line.split(['{', ',']).nth(1).unwrap().to_string()).collect()
}

#[test]
fn the_methods_are_those_of_the_run() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["run", "study.toml", "--out", "out", "--quiet"]);
    let text = read(dir.path(), "out/methods.md");
    let found = result(dir.path(), &["study.toml"]);
    let mean = found["total"]["emissions_t"]["mean"].as_f64().unwrap();
    let shown: f64 = text.split("mean ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((shown / mean - 1.0).abs() < 0.02 || (1e3 * shown / mean - 1.0).abs() < 0.02, "{shown} {mean}");
    for words in [
        "Training emissions of 3 models",
        "90 % credible interval (equal-tailed)",
        "2,000 draws (seed 5)",
        "of `models.csv` with Carbonhaze",
        "final runs, facility energy, location-based grid",
        "The study adds 1 shared effect of its own",
        "`grid of one region, as the study says` (2 draws)",
        "| 4 | compute and the chip | 3 | 100 % |",
        found["plan_hash"].as_str().unwrap(),
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    assert!(!text.contains("Priors changed") && !text.contains(dir.path().to_str().unwrap()));
    // The same bytes with another number of threads and another order of rows; other bytes with another seed.
    let mut rows: Vec<&str> = MODELS.lines().collect();
    rows[1..].reverse();
    let turned = folder(&[("models.csv", &(rows.join("\n") + "\n")), ("study.toml", STUDY)]);
    printed(turned.path(), &["run", "study.toml", "--out", "out", "--quiet", "--threads", "1"]);
    assert_eq!(read(turned.path(), "out/methods.md"), text);
    printed(turned.path(), &["run", "study.toml", "--out", "out", "--quiet", "--seed", "6"]);
    assert_ne!(read(turned.path(), "out/methods.md"), text);
}

/// In each scope every work that is cited has an entry and every entry is cited; all scopes together cite the whole list.
#[test]
fn works_and_citations_are_the_same() {
    let market = "models = [\"models.csv\"]\ndraws = 100\n[scope]\nbasis = \"market\"\n";
    let development = market.replace("basis = \"market\"", "run = \"development\"");
    let dir = folder(&[("models.csv", MODELS), ("market.toml", market), ("development.toml", &development)]);
    let mut all = BTreeSet::new();
    for (study, own) in [("models.csv", None), ("market.toml", Some("ghg2015")), ("development.toml", None)] {
        printed(dir.path(), &["run", study, "--draws", "100", "--out", "out", "--quiet"]);
        let [methods, table, works] =
            ["methods.md", "priors.csv", "references.bib"].map(|name| read(&dir.path().join("out"), name));
        let keys: BTreeSet<String> = cited(&methods).union(&of_table(&table)).cloned().collect();
        assert_eq!(entries(&works), keys, "{study}");
        assert_eq!(keys.contains("ghg2015"), own.is_some(), "{study}");
        assert_eq!(table, printed(dir.path(), &["priors", "--csv"]));
        all.extend(keys);
    }
    let list: toml::Table = include_str!("../../src/report/data/references.toml").parse().unwrap();
    let list: BTreeSet<String> =
        list["work"].as_array().unwrap().iter().map(|work| work["key"].as_str().unwrap().to_string()).collect();
    assert_eq!(all, list, "cited by nothing, or not in the list");
    let of_priors = printed(dir.path(), &["priors", "--bibtex"]);
    assert_eq!(entries(&of_priors), of_table(&printed(dir.path(), &["priors", "--csv"])));
}

/// Names from input are text: no Markdown, no formula, no line of their own.
#[test]
#[cfg(unix)]
fn names_from_input_are_text() {
    let study = "models = [\"a`b *c* [@newkirk2025] <b>.csv\"]\ndraws = 100\n[[shared]]\nfactor = \"grid\"\ngsd = 1.3\n\
                 by = \"# x\"\n[priors.grid]\nunknown = \"lognormal(400, 1.5)\"\nusa_gsd = 1.6\n";
    let models = MODELS.replace("region", "# x");
    let dir = folder(&[("a`b *c* [@newkirk2025] <b>.csv", &models), ("study.toml", study)]);
    printed(dir.path(), &["run", "study.toml", "--out", "out", "--quiet"]);
    let text = read(dir.path(), "out/methods.md");
    assert!(text.contains("``a`b *c* [@newkirk2025] <b>.csv``"), "{text}");
    assert!(text.contains("`grid of one # x, as the study says`") && !text.contains("\n# x"), "{text}");
    assert!(
        text.contains("- grid.usa_gsd = `1.6`") && text.contains("- grid.unknown = `\"lognormal(400, 1.5)\"`"),
        "{text}"
    );
    let table = printed(dir.path(), &["priors", "study.toml", "--csv"]);
    assert!(table.contains("grid,usa_gsd,1.6,GSD within the country,the study file,study,yes,,,\n"), "{table}");
    assert_eq!(table, read(dir.path(), "out/priors.csv"));
}
