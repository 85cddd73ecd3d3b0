//! Odd models files under odd studies: a run refuses what a check refuses, and each problem names file and line.

use carbonhaze::low_level::assess::priors::Priors;
use carbonhaze::low_level::fit::{self, Response, Sample, Size, sample};
use carbonhaze::low_level::portfolio::Portfolio;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;

use crate::common::cases::cases;
use crate::taken::taken;

/// Columns, and the cells that are odd in them.
const COLUMNS: [(&str, &[&str]); 27] = [
    ("parameters", AMOUNTS),
    ("active_parameters", AMOUNTS),
    ("tokens", AMOUNTS),
    ("epochs", AMOUNTS),
    ("compute_flop", AMOUNTS),
    ("gpu_hours", AMOUNTS),
    ("power_w", AMOUNTS),
    ("energy_kwh", AMOUNTS),
    ("emissions_kg", AMOUNTS),
    ("grid_g_per_kwh", AMOUNTS),
    ("market_g_per_kwh", AMOUNTS),
    ("wue_l_per_kwh", AMOUNTS),
    ("efficiency_flop_per_j", AMOUNTS),
    ("hardware_count", &["0", "1", "1e-30", "1e40", "8"]),
    ("mfu", &["0", "1e-30", "0.4", "1", "mixture(0.5: 0, 0.5: 0.4)", "normal(0.4, 0.1)"]),
    ("pue", &["1", "1.1", "1e40", "shifted(1, lognormal(0.1, 1e5))", "uniform(1, 2)", "mixture(0.5: 1, 0.5: 2)"]),
    ("base_probability", &["0", "0.5", "1", "1e-30"]),
    ("base_model", &["m0", "m1", "m2", "M0", "nowhere", "m0; m1; m2", "None"]),
    ("relation", &["finetune", "lora", "qlora", "adapter", "quantized", "merge", "distill", "fork"]),
    ("hardware", &["A100", "8xA100", "A100, H100", "Abacus", "TPU v4", "V100"]),
    ("region", &["FR", "Atlantis", "us-east-1a", "NO", "N/A", "Ashburn, Virginia, USA"]),
    ("date", &["2023", "0001", "9999-12", "2024-02-29", "2018"]),
    ("organization", &["lab", "=1", "\u{202e}x"]),
    ("source", &["metered", "calculator", "self-reported", "audited"]),
    ("emissions_basis", &["market", "location"]),
    ("energy_includes_pue", &["yes", "no"]),
    ("compute_confidence", &["wrong", "speculative", "unknown"]),
];

const AMOUNTS: &[&str] = &[
    "0",
    "1e-30",
    "1e40",
    "1",
    "1e5",
    "1e23",
    "fixed(0)",
    "lognormal(1, 1e5)",
    "lognormal(1e12, 1e6)",
    "lognormal(1e5, 1.0000001)",
    "normal(1, 0.4)",
    "uniform(0, 1e5)",
    "gamma(1e-3, 1)",
    "gamma(1e6, 1e30)",
    "beta(1e-3, 1e-3, 0, 1e12)",
    "logitnormal(0, 30, 0, 1e12)",
    "mixture(0.5: 0, 0.5: 10)",
    "mixture(0.5: 10, 0.5: 20)",
    "mixture(0.999: 0, 0.001: lognormal(1e30, 9))",
    "truncated(lognormal(1, 9), 0, 1)",
    "empirical(0, 0, 1)",
    "empirical(1e-30, 1e40)",
    "shifted(1e5, fixed(0))",
];

/// Values of priors.
const PRIORS: [&str; 14] = [
    "0",
    "1",
    "0.5",
    "1.0000001",
    "1e-30",
    "1e22",
    "1e40",
    "\"lognormal(1, 1e5)\"",
    "\"mixture(0.5: 0, 0.5: 10)\"",
    "\"gamma(1e-3, 1)\"",
    "\"fixed(0)\"",
    "\"normal(1, 0.4)\"",
    "\"shifted(1, lognormal(0.1, 9))\"",
    "\"1: A100\"",
];

/// Sections of a study: of each list one.
const SETTINGS: [&[&str]; 4] = [
    &[
        "",
        "[scope]\nrun = \"development\"\n",
        "[scope]\nboundary = \"it\"\n",
        "[scope]\nbasis = \"market\"\n",
        "[scope]\nrun = \"development\"\nboundary = \"it\"\nbasis = \"market\"\n",
        "[imputation]\ncompute = \"regression\"\n",
    ],
    &[
        "",
        "",
        "[outputs]\nwater = true\n",
        "[outputs]\ndevelopment = true\n",
        "[outputs]\nembodied = true\nwater = true\ndevelopment = true\n",
    ],
    &[
        "",
        "",
        "[[shared]]\nfactor = \"grid\"\ngsd = 1e6\n",
        "[[shared]]\nfactor = \"pue\"\ngsd = 100\n",
        "[[shared]]\nfactor = \"efficiency\"\ngsd = 1e5\n[[shared]]\nfactor = \"compute\"\ngsd = 1.3\nby = \"tier\"\n",
    ],
    &["", "[groups]\nby = \"tier\"\n"],
];

fn models_file() -> impl Strategy<Value = String> {
    let columns = prop::sample::subsequence(&COLUMNS[..], 1..6);
    (columns, prop::collection::vec(prop::collection::vec(any::<Option<Index>>(), 7), 1..4)).prop_map(
        |(columns, rows)| {
            let names: String = columns.iter().map(|(name, _)| format!(",{name}")).collect();
            let mut text = format!("id{names}\n");
            for (i, row) in rows.iter().enumerate() {
                text += &format!("m{i}");
                for ((_, cells), cell) in columns.iter().zip(row) {
                    text += &cell.map_or(",".to_string(), |cell| format!(",\"{}\"", cell.get(cells)));
                }
                text.push('\n');
            }
            text
        },
    )
}

fn study() -> impl Strategy<Value = String> {
    let prior = (any::<Index>(), select(&PRIORS[..]));
    let settings = SETTINGS.map(select).to_vec();
    (settings, prop::collection::vec(prior, 0..2)).prop_map(|(settings, priors)| {
        let defaults = Priors::defaults();
        let mut text = "models = \"models.csv\"\n".to_string();
        for (of, value) in priors {
            let entry = of.get(defaults.entries());
            text += &format!("priors.{}.{} = {value}\n", entry.section(), entry.key());
        }
        text + &settings.concat()
    })
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn what_a_check_takes_a_run_takes(models in models_file(), study in study()) {
        let dir = super::portfolio::folder(&[("models.csv", &models), ("study.toml", &study)]);
        let outcome = std::panic::catch_unwind(|| taken(&dir.path().join("study.toml"), true));
        prop_assert!(outcome.is_ok(), "{models}{study}");
    }
}

/// The median of gamma(1e-3, 1) is exp(-693.72) = 5e-302 (mpmath 1.3, gammainc), so that tokens by its compute are more
/// than any number.
#[test]
fn a_fit_leaves_out_what_no_number_can_hold() {
    let rows: String = (0..12).map(|i| format!("m{i},202{},{}e9,{}e11\n", i % 4, 1 + i * i, 1 + i)).collect();
    let text = format!("id,date,parameters,tokens,compute_flop\n{}", rows.replace('\n', ",\n"));
    let odd = text.clone() + "odd,2022,\"gamma(1e-3, 1)\",,1e12\n";
    let card = |text: &str| {
        let dir = super::portfolio::folder(&[("models.csv", text)]);
        let portfolio = Portfolio::read(dir.path().join("models.csv")).unwrap();
        let rows = sample::rows(&portfolio, Size::Active);
        (fit::card(&rows, Sample::Language, Response::Tokens, Size::Active).unwrap(), rows.left_out)
    };
    let ((found, left_out), (expected, _)) = (card(&odd), card(&text));
    assert_eq!(left_out, [("a median that is no credible number", 1)]);
    assert!(found == expected && found.coefficients.iter().all(|c| c.value.is_finite()));
}

/// Both outcomes occur: of the same kind of draws many are taken, and many are not.
#[test]
fn odd_is_neither_always_taken_nor_never() {
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let mut counts = [0, 0];
    for _ in 0..60 {
        let (models, study) = (models_file(), study()).new_tree(&mut runner).unwrap().current();
        let dir = super::portfolio::folder(&[("models.csv", &models), ("study.toml", &study)]);
        counts[usize::from(taken(&dir.path().join("study.toml"), false))] += 1;
    }
    assert!(counts.iter().all(|n| *n > 10), "{counts:?}");
}
