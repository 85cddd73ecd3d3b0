//! Properties: what is written reads back, order does not matter, and no bytes make a reader panic.

use std::collections::BTreeMap;
use std::path::Path;

use carbonhaze::low_level::portfolio::cell::NoFiles;
use carbonhaze::low_level::portfolio::{Distribution, Model, Place, Value, models_file, quantile, study_file};
use proptest::prelude::*;

use super::studies::STUDY;
use super::{good, parsed};
use crate::common::cases::cases;

fn amount() -> impl Strategy<Value = f64> + Clone {
    (1.0..10.0f64, -20..25i32).prop_map(|(m, e)| m * 10f64.powi(e))
}

/// Every shape that is accepted, small and large alike.
fn shape() -> impl Strategy<Value = f64> + Clone {
    (-2.99..5.99f64).prop_map(|e| 10f64.powf(e))
}

fn distribution() -> impl Strategy<Value = Distribution> {
    use Distribution::*;
    let span = (amount(), 1.001..50.0f64).prop_map(|(lo, k)| (lo, lo * k));
    let moded = (amount(), 1.0..10.0f64, 1.01..10.0f64).prop_map(|(lo, a, b)| (lo, lo * a, lo * a * b));
    let leaf = prop_oneof![
        prop_oneof![Just(0.0), amount()].prop_map(Fixed),
        (amount(), 1.0001..100.0f64).prop_map(|(median, gsd)| LogNormal { median, gsd }),
        (amount(), 0.001..0.42f64).prop_map(|(mean, cv)| Normal { mean, sd: mean * cv }),
        span.clone().prop_map(|(lo, hi)| Uniform { lo, hi }),
        span.clone().prop_map(|(lo, hi)| LogUniform { lo, hi }),
        moded.clone().prop_map(|(lo, mode, hi)| Triangular { lo, mode, hi }),
        moded.prop_map(|(lo, mode, hi)| Pert { lo, mode, hi }),
        (shape(), shape(), span.clone()).prop_map(|(a, b, (lo, hi))| Beta { a, b, lo, hi }),
        (shape(), amount()).prop_map(|(shape, scale)| Gamma { shape, scale }),
        (-30.0..30.0f64, 0.001..30.0f64, prop_oneof![Just((0.0, 1.0)), span])
            .prop_map(|(mu, sd, (lo, hi))| LogitNormal { mu, sd, lo, hi }),
        prop::collection::vec(amount(), 1..20).prop_map(|mut v| {
            v.sort_by(f64::total_cmp);
            Empirical(v.into())
        }),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            (amount(), inner.clone()).prop_map(|(shift, d)| Shifted { shift, inner: Box::new(d) }),
            prop::collection::vec((0.1..1.0f64, inner.clone()), 1..5).prop_map(|mut parts| {
                let sum: f64 = parts.iter().map(|p| p.0).sum();
                parts.iter_mut().for_each(|p| p.0 /= sum);
                Mixture(parts)
            }),
            inner.clone().prop_filter_map("an end that is no value, or nothing between the ends", |d| {
                let (lo, hi) = (quantile::quantile(&d, 0.1), quantile::quantile(&d, 0.9));
                (lo < hi && (1e-30..1e40).contains(&lo) && hi < 1e40).then(|| Truncated { inner: Box::new(d), lo, hi })
            }),
            // All of it but a point mass at 0, of which nothing would be left.
            inner.prop_filter_map("zero", |d| {
                (!d.to_string().contains("fixed(0)")).then(|| Truncated {
                    inner: Box::new(d),
                    lo: 0.0,
                    hi: f64::INFINITY,
                })
            }),
        ]
    })
}

/// A small valid models file, one row per model, as a table of cells.
const TABLE: [[&str; 6]; 5] = [
    ["id", "tokens", "mfu", "team", "emissions_t", "date"],
    ["a", "1e12", "0.4", "red", "", "2024"],
    ["b", "1e12 to 2e12", "", "blue", "3", "2023-05"],
    ["c", "", "\"mixture(0.5: 0.3, 0.5: 0.4)\"", "", "0", ""],
    ["d", "", "", "\"with, comma\"", "4 ± 1", "2021-01-31"],
];

/// The table with its rows and columns in this order.
fn text_of(rows: &[usize], columns: &[usize]) -> String {
    let row = |r: &usize| columns.iter().map(|c| TABLE[*r][*c]).collect::<Vec<_>>().join(",") + "\n";
    std::iter::once(&0).chain(rows).map(row).collect()
}

fn table() -> String {
    text_of(&[1, 2, 3, 4], &[0, 1, 2, 3, 4, 5])
}

/// The models by id, without the place, which moves with the row.
fn by_id(text: &str) -> BTreeMap<String, Model> {
    good(text).into_iter().map(|m| (m.id.clone(), Model { place: Place::default(), ..m })).collect()
}

/// Pieces of headers, for the same reason.
const NAMES: [&str; 24] = [
    "id",
    "model",
    "Energy",
    "energy_kwh",
    "GPU",
    "hours",
    "emissions",
    "co2",
    "(",
    ")",
    "[",
    "]",
    " ",
    "_",
    "-",
    "MWh",
    "kg",
    "per",
    "/",
    "%",
    "params",
    "b",
    "é",
    "",
];

/// Words of the grammar, to reach deeper than random characters do.
const WORDS: [&str; 37] = [
    "lognormal(",
    "mixture(",
    "shifted(",
    "empirical(",
    "truncated(",
    "uniform(",
    ")",
    ",",
    ":",
    " to ",
    "@",
    "%",
    "±",
    "+-",
    "1",
    "0.5",
    "1e24",
    "-3",
    "nan",
    "inf",
    "e",
    "\"",
    "é",
    " ",
    "1e400",
    "k",
    "M",
    " billion",
    " MWh",
    " kg CO2e",
    " GPU hours",
    "1,082",
    "1 000",
    "..",
    "×10^",
    "²",
    "+",
];

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_written_reads_back(d in distribution()) {
        prop_assert_eq!(parsed(&d.to_string()), Ok(Value::from(d.clone())), "{}", d);
    }

    /// Whatever is accepted can be computed with: the quantile function takes it.
    #[test]
    fn what_is_accepted_has_quantiles(d in distribution()) {
        let prepared = quantile::Quantiles::new(&d);
        let found: Vec<f64> = [-6.34, -2.0, 0.0, 2.0, 6.34].iter().map(|z| prepared.at_z(*z)).collect();
        prop_assert!(found.iter().all(|x| x.is_finite() && *x >= 0.0), "{}: {:?}", d, found);
        prop_assert!(found.windows(2).all(|w| w[0] <= w[1] * (1.0 + 1e-12)), "{}: {:?}", d, found);
    }

    #[test]
    fn order_of_rows_and_columns_is_free(
        columns in Just(vec![0usize, 1, 2, 3, 4, 5]).prop_shuffle(),
        rows in Just(vec![1usize, 2, 3, 4]).prop_shuffle(),
    ) {
        prop_assert_eq!(by_id(&text_of(&rows, &columns)), by_id(&table()));
        // Negative control: a row less is seen.
        prop_assert_ne!(by_id(&text_of(&rows[1..], &columns)), by_id(&table()));
    }

    #[test]
    fn any_cell_is_read_or_refused(text in "\\PC{0,60}") {
        if let Ok(Value::Distribution(d)) = parsed(&text) {
            prop_assert_eq!(parsed(&d.to_string()), Ok(Value::Distribution(d)));
        }
    }

    #[test]
    fn any_words_of_the_grammar_are_read_or_refused(
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..14)
    ) {
        if let Ok(Value::Distribution(d)) = parsed(&words.concat()) {
            prop_assert_eq!(parsed(&d.to_string()), Ok(Value::Distribution(d)));
        }
    }

    #[test]
    fn any_header_is_read_or_refused(
        names in prop::collection::vec(prop::collection::vec(prop::sample::select(&NAMES[..]), 0..6), 1..6),
        cell in prop::sample::select(&WORDS[..]),
    ) {
        let header: Vec<String> = names.iter().map(|pieces| pieces.concat()).collect();
        let row = vec![cell.replace([',', '"'], ""); header.len()];
        let text = format!("{}\n{}\n", header.join(","), row.join(","));
        match models_file::read(Path::new("m.csv"), text.as_bytes(), &NoFiles) {
            Ok(file) => prop_assert!(!file.models.is_empty()),
            Err(problems) => prop_assert!(problems.iter().all(|p| !p.message.is_empty())),
        }
    }

    #[test]
    fn any_bytes_are_models_or_problems(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        match models_file::read(Path::new("m.csv"), &bytes, &NoFiles) {
            Ok(file) => prop_assert!(!file.models.is_empty()),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
        let (study, problems) = study_file::read(Path::new("s.toml"), &bytes);
        prop_assert!(!problems.is_empty() || !study.study.models.is_empty());
    }

    #[test]
    fn mutated_files_are_models_or_problems(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..8)
    ) {
        for original in [table(), STUDY.to_string()] {
            let mut bytes = original.into_bytes();
            for (at, byte, kind) in &edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, b"\",\n\r;(\0=["[usize::from(*byte) % 9]),
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            match models_file::read(Path::new("m.csv"), &bytes, &NoFiles) {
                Ok(file) => prop_assert!(!file.models.is_empty()),
                Err(problems) => prop_assert!(!problems.is_empty()),
            }
            let (study, problems) = study_file::read(Path::new("s.toml"), &bytes);
            prop_assert!(!problems.is_empty() || !study.study.models.is_empty());
        }
    }
}
