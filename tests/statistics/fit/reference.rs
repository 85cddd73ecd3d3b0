//! The reference points of the method: ln C on ln N and the year, for base models of Epoch's two exports from 2018 on,
//! N all parameters. They were derived by another program from the same raw tables; their digits are printed here.

use std::collections::BTreeSet;
use std::path::Path;

use carbonhaze::low_level::fit::{self, Card, Response, Sample, Size, sample};
use carbonhaze::low_level::portfolio::cell::NoFiles;
use carbonhaze::low_level::portfolio::{Portfolio, models_file};

/// Both exports as a models file: the newer row of a name, base models only.
fn raw() -> Portfolio {
    let mut seen = BTreeSet::new();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["id", "organization", "date", "domain", "compute_flop", "parameters", "open_weights"]).unwrap();
    for name in ["epoch_notable_models_2026-07.csv", "epoch_all_models_2025-03.csv"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/raw").join(name);
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().clone();
        for record in reader.records() {
            let record = record.unwrap();
            let cell = |name: &str| header.iter().position(|h| h == name).map_or("", |i| &record[i]).trim();
            let open = cell("model_accessibility").starts_with("Open weights") || cell("open_weights") == "Yes";
            if seen.insert(cell("model").to_string()) && cell("base_model").is_empty() {
                // The reference points leave out rows without a domain, and of vision those of video alone.
                let named = ["Language", "Vision", "Image generation"].iter().any(|d| cell("domain").contains(d));
                let domain = if named { cell("domain") } else { "other" };
                let [date, flop, size] = ["publication_date", "training_compute_flop", "parameters"].map(cell);
                let open = if open { "yes" } else { "" };
                let organization = cell("organization").split(',').next().unwrap();
                out.write_record([cell("model"), organization, date, domain, flop, size, open]).unwrap();
            }
        }
    }
    let bytes = out.into_inner().unwrap();
    let file = models_file::read(Path::new("raw.csv"), &bytes, &NoFiles).unwrap();
    Portfolio::new(file.models, Default::default())
}

/// Without the coefficients of domains, which the reference points do not have: one sample of all open-weight models.
fn without_domains(mut portfolio: Portfolio) -> Portfolio {
    portfolio.models.retain(|m| m.labels.contains_key("open_weights"));
    for model in &mut portfolio.models {
        model.labels.insert("domain", "Language");
    }
    portfolio
}

fn of(portfolio: &Portfolio, sample: Sample) -> Card {
    let rows = sample::rows(portfolio, Size::Total);
    fit::card(&rows, sample, Response::Compute, Size::Total).unwrap()
}

/// What is printed: n; size, its SE; year, its SE; GSD; R².
type Printed = (usize, f64, f64, f64, f64, f64, f64);

/// How many of the printed figures are not the card's at half a unit of their last digit.
fn wrong(card: &Card, printed: Printed, gsd_unit: f64) -> usize {
    let (n, size, size_se, year, year_se, gsd, r2) = printed;
    let [_, s, y] = card.coefficients.as_slice() else { panic!("three coefficients") };
    let differ = |ours: f64, theirs: f64, unit: f64| usize::from((ours - theirs).abs() > 0.5 * unit + 1e-9);
    usize::from(card.points.len() != n)
        + differ(s.value, size, 0.01)
        + differ(s.se, size_se, 0.01)
        + differ(y.value, year, 0.01)
        + differ(y.se, year_se, 0.01)
        + differ(card.fit.sd.exp(), gsd, gsd_unit)
        + differ(card.diagnostics.r2.unwrap(), r2, 0.001)
}

#[test]
fn the_raw_tables_give_the_reference_points() {
    let raw = raw();
    let language = of(&raw, Sample::Language);
    assert_eq!(wrong(&language, (440, 1.36, 0.05, 0.64, 0.07, 9.6, 0.824), 0.1), 0, "{:?}", language.coefficients);
    assert!((language.diagnostics.q2.unwrap() - 0.821).abs() <= 0.0005);
    let vision = of(&raw, Sample::Vision);
    // R² is printed as 0.51.
    let r2 = vision.diagnostics.r2.unwrap();
    assert!((r2 - 0.51).abs() <= 0.005, "{r2}");
    assert_eq!(wrong(&vision, (75, 1.28, 0.16, -0.20, 0.23, 28.0, r2), 1.0), 0, "{:?}", vision.coefficients);
    let open = of(&without_domains(raw.clone()), Sample::Language);
    assert_eq!(wrong(&open, (336, 1.11, 0.06, 0.33, 0.09, 11.0, 0.685), 0.1), 0, "{:?}", open.coefficients);
    // Negative controls: another sample, and the active parameters, are told apart.
    assert!(wrong(&open, (440, 1.36, 0.05, 0.64, 0.07, 9.6, 0.824), 0.1) >= 5);
    let rows = sample::rows(&fit::known_compute(), Size::Active);
    let active = fit::card(&rows, Sample::Language, Response::Compute, Size::Active).unwrap();
    assert!(wrong(&active, (440, 1.36, 0.05, 0.64, 0.07, 9.6, 0.824), 0.1) >= 3);
}

/// The embedded fits go by active parameters and by own compute only, so that they differ from the reference points; by
/// all parameters they agree within two standard errors.
#[test]
fn the_embedded_fits_agree_within_sampling_error() {
    let language = super::embedded(Sample::Language, Response::Compute, Size::Total);
    let vision = super::embedded(Sample::Vision, Response::Compute, Size::Total);
    for (card, size, year) in [(&language, 1.36, 0.64), (&vision, 1.28, -0.20)] {
        for (c, expected) in card.coefficients.iter().skip(1).zip([size, year]) {
            assert!((c.value - expected).abs() < 2.0 * c.se, "{c:?} is not {expected}");
        }
    }
    assert!((language.coefficients[1].value - 1.11).abs() > 2.0 * language.coefficients[1].se, "negative control");
}

#[test]
fn organisations_left_out_are_covered_as_often_as_said() {
    for sample in Sample::ALL {
        for response in Response::ALL {
            let card = super::embedded(sample, response, Size::Active);
            let left_out = &card.diagnostics.organizations;
            let coverage = left_out.coverage.unwrap();
            assert!((0.85..=0.95).contains(&coverage), "{sample:?} {response:?}: {coverage}");
            assert_eq!((left_out.rows, card.coverage_note()), (card.points.len(), None));
            // Leaving whole organisations out shows no less error than the fit itself.
            assert!(left_out.gsd.unwrap() > card.fit.sd.exp());
        }
    }
}
