//! What is committed is what the program gives: the embedded fits, the cards in the docs, the schema.

use std::process::Command;

use carbonhaze::low_level::assess::fits::{FITS, fits};
use carbonhaze::low_level::fit::{Response, Sample, Size, coefficients};
use serde_json::Value;

const DOCS: &str = include_str!("../../../docs/regressions.md");
const SCHEMA: &str = include_str!("../../../docs/fit.schema.json");

fn printed(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_haze")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_embedded_fits_are_those_of_the_fixture() {
    let used = [Sample::Language, Sample::Vision, Sample::All];
    let cards = |size| used.map(|sample| super::embedded(sample, Response::Tokens, size));
    let again =
        "run `haze fit --coefficients --sample language --sample vision --sample all > src/assess/data/fits.toml`";
    assert!(coefficients::toml(&cards(Size::Active)) == FITS, "{again}");
    assert!(coefficients::toml(&cards(Size::Total)) != FITS, "negative control");
    let read = fits(FITS).unwrap();
    assert_eq!(read.len(), 3);
    for card in cards(Size::Active) {
        let fit = read.iter().find(|f| f.name == card.sample.name()).unwrap();
        assert_eq!((&fit.coefficients, fit.sd), (&card.fit.coefficients, card.fit.sd));
    }
    assert!(fits(&FITS.replacen("sd =", "sdd =", 1)).is_err());
}

#[test]
fn the_cards_in_the_docs_are_those_of_the_program() {
    let page = printed(&["fit"]);
    assert!(DOCS.contains(&page), "run `python3 docs/paste.py target/release/haze`");
    assert!(page.matches("leave-one-organisation-out").count() == 12 && page.lines().all(|l| l.chars().count() <= 120));
    assert!(!DOCS.contains(&printed(&["fit", "--size", "total"])), "negative control");
}

#[test]
fn the_document_follows_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for args in [&["fit", "--json", "-"][..], &["fit", "--sample", "vision", "--size", "total", "--json", "-"]] {
        let document: Value = serde_json::from_str(&printed(args)).unwrap();
        if let Err(error) = validator.validate(&document) {
            panic!("{error} at {}", error.instance_path());
        }
        let fit = &document["fits"][0];
        let points = fit["residuals"].as_array().unwrap();
        assert_eq!(points.len() as u64, fit["n"].as_u64().unwrap());
        // The leverages sum to the number of coefficients, the residuals to nothing.
        let sum = |key: &str| points.iter().map(|p| p[key].as_f64().unwrap()).sum::<f64>();
        assert!((sum("leverage") - fit["coefficients"].as_array().unwrap().len() as f64).abs() < 1e-9);
        assert!(sum("residual").abs() < 1e-9);
        // Negative controls: no key can be missing or more.
        for pointer in
            ["", "/fits/0", "/fits/0/leave_organization_out", "/fits/0/residuals/0", "/fits/0/coefficients/0"]
        {
            for key in document.pointer(pointer).unwrap().as_object().unwrap().keys() {
                let mut wrong = document.clone();
                wrong.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key);
                assert!(!validator.is_valid(&wrong), "{pointer} {key}");
            }
            let mut wrong = document.clone();
            wrong.pointer_mut(pointer).unwrap()["other"] = 1.into();
            assert!(!validator.is_valid(&wrong), "{pointer}");
        }
    }
}
