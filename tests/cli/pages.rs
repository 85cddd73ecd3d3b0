//! What a person sees: help, pages, units, and numbers that can be checked by hand.

use crate::{MODELS, STUDY, errors, folder, haze, outcome, printed, result};

#[test]
fn help_is_at_hand() {
    let dir = folder(&[]);
    let bare = outcome(dir.path(), &[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(errors(&bare).contains("Usage: haze [OPTIONS] <COMMAND>"));
    let pages: [&[&str]; 22] = [
        &["--help"],
        &["report", "--help"],
        &["figure", "--help"],
        &["table", "--help"],
        &["diff", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
        &["run", "--help"],
        &["check", "--help"],
        &["explain", "--help"],
        &["export", "--help"],
        &["merge", "--help"],
        &["sensitivity", "--help"],
        &["coverage", "--help"],
        &["atci", "--help"],
        &["trend", "--help"],
        &["fit", "--help"],
        &["validate", "--help"],
        &["priors", "-h"],
        &["bench", "--help"],
        &["gauge", "--help"],
        &["doctor", "--help"],
    ];
    for args in pages {
        let text = printed(dir.path(), args);
        assert!(text.contains("Usage: haze") && text.lines().all(|l| l.chars().count() <= 120), "{text}");
    }
    let run = printed(dir.path(), &["run", "--help"]);
    for flag in [
        "--draws",
        "--seed",
        "--interval",
        "--backend",
        "--adapter",
        "--threads",
        "--chunk",
        "--out",
        "--json",
        "--quiet",
    ] {
        assert!(run.contains(flag), "{flag}");
    }
    assert_eq!(printed(dir.path(), &["--version"]), format!("haze {}\n", env!("CARGO_PKG_VERSION")));
}

/// 1e20 FLOP / 1e11 FLOP per joule = 1e9 J = 277.78 kWh; times 1.2 = 333.33 kWh; times 300 g = 100 kg.
/// 100 kg / 100 EFLOP = 1 kg per EFLOP.
#[test]
fn fixed_values_give_the_arithmetic() {
    let head = "id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh";
    let dir = folder(&[("fixed.csv", &format!("{head}\na,fixed(1e20),fixed(1e11),fixed(1.2),fixed(300)\n"))]);
    for draws in ["1", "10", "100", "10000"] {
        let found = result(dir.path(), &["fixed.csv", "--draws", draws]);
        let total = &found["total"];
        let expected = [
            ("emissions_t", 0.1),
            ("compute_eflop", 100.0),
            ("it_energy_kwh", 1e9 / 3.6e6),
            ("energy_kwh", 1.2e9 / 3.6e6),
            ("atci_kg_per_eflop", 1.0),
        ];
        for (output, exact) in expected {
            let e = &total[output];
            let ends = [&e["interval"][0], &e["interval"][1], &e["shortest"][0], &e["shortest"][1]];
            for value in [&e["mean"], &e["median"]].into_iter().chain(ends) {
                let value = value.as_f64().unwrap();
                // The bound of the integer arithmetic.
                assert!((value / exact - 1.0).abs() < 1e-6, "{output}: {value} is not {exact}");
            }
            // No spread; of one draw there is no sd to tell.
            assert!(e["sd"].as_f64().unwrap_or(0.0) <= 1e-9 * exact, "{output}: {e}");
        }
        let oracle = &found["diagnostics"]["oracle"];
        assert!((oracle["mean_t"].as_f64().unwrap() / 0.1 - 1.0).abs() < 1e-12);
        assert_eq!(oracle["sd_t"], 0.0);
        assert!(oracle["z_mean"].is_null() && oracle["z_independent_mean"].is_null(), "{oracle}");
        assert_eq!(found["sensitivity"]["groups"].as_array().unwrap().len(), 0);
    }
    let page = printed(dir.path(), &["run", "fixed.csv"]);
    for part in ["Training emissions, kgCO2e", "100.00 to 100.00", "333.3", "277.8", "no shares: no variance"] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let one = printed(dir.path(), &["run", "fixed.csv", "--draws", "1"]);
    assert!(one.starts_with("1 model, 1 draw, seed 42\n"), "{one}");
}

/// A lognormal with median m and GSD g has mean m·exp(s²/2) and sd mean·sqrt(exp(s²) − 1), s = ln g; products of
/// independent ones have s² = Σ s².
#[test]
fn lognormals_give_their_closed_form() {
    let text = "id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n\
                a,\"lognormal(1e23, 1.5)\",\"lognormal(2e11, 1.3)\",fixed(1.1),\"lognormal(400, 1.2)\"\n";
    let dir = folder(&[("models.csv", text)]);
    let found = result(dir.path(), &["models.csv", "--draws", "200000"]);
    let median = 1e23 / 2e11 / 3.6e6 * 1.1 * 400.0 / 1e6;
    let variance = [1.5_f64, 1.3, 1.2].iter().map(|g| g.ln() * g.ln()).sum::<f64>();
    let mean = median * (variance / 2.0).exp();
    let sd = mean * (variance.exp() - 1.0).sqrt();
    let e = &found["total"]["emissions_t"];
    let within = |key: &str, exact: f64| {
        let (value, error) = (e[key].as_f64().unwrap(), e["mcse"][key].as_f64().unwrap());
        assert!((value - exact).abs() < 4.0 * error && error < 0.02 * exact, "{key}: {value} ± {error}, {exact}");
        // Negative control: a tenth more is told apart.
        assert!((value - 1.1 * exact).abs() > 4.0 * error, "{key}");
    };
    within("mean", mean);
    within("median", median);
    within("sd", sd);
    let oracle = &found["diagnostics"]["oracle"];
    // The engine's normals end at 6.34, which costs moments some 1e-8.
    assert!((oracle["mean_t"].as_f64().unwrap() / mean - 1.0).abs() < 1e-6);
    assert!((oracle["sd_t"].as_f64().unwrap() / sd - 1.0).abs() < 1e-5);
}

#[test]
fn small_and_large_totals_have_units_to_read() {
    for (tonnes, unit) in [("1e-6", "gCO2e"), ("1e-3", "kgCO2e"), ("1", "tCO2e"), ("1e3", "ktCO2e"), ("1e7", "MtCO2e")]
    {
        let dir = folder(&[("models.csv", &format!("id,emissions_t\na,fixed({tonnes})\n"))]);
        let page = printed(dir.path(), &["run", "models.csv", "--draws", "100"]);
        assert!(page.contains(&format!("Training emissions, {unit} ")), "{tonnes}: {page}");
    }
}

#[test]
fn no_page_shows_what_is_no_number() {
    let dir = folder(&[
        ("models.csv", MODELS),
        ("study.toml", STUDY),
        ("zero.csv", "id,emissions_t\na,0\nb,0\n"),
        ("part.csv", "id,emissions_t\na,0\nb,1e-9\n"),
        ("name.csv", "id\nm\n"),
        ("wide.csv", "id,emissions_t\na,1e-20\nb,1e9\n"),
    ]);
    for file in ["models.csv", "study.toml", "zero.csv", "part.csv", "name.csv", "wide.csv"] {
        for draws in ["1", "2", "10", "100"] {
            let page = printed(dir.path(), &["run", file, "--draws", draws]);
            for wrong in ["NaN", "inf ", "-0.0", "−0.000", "\x1b"] {
                assert!(!page.contains(wrong), "{file}, {draws} draws: {wrong:?} in {page}");
            }
        }
    }
    let zero = printed(dir.path(), &["run", "zero.csv", "--draws", "100"]);
    assert!(zero.contains("none: no model has emissions"), "{zero}");
}

#[test]
fn printed_priors_are_a_study() {
    let dir = folder(&[("models.csv", "id,date,region,parameters\na,2024,FR,7e9\nb,2023,,\n")]);
    let priors = printed(dir.path(), &["priors"]);
    let study = |text: &str| format!("models = [\"models.csv\"]\n{text}");
    // One value changed in the file as it was printed.
    let unknown = priors.find("[priors.grid]").and_then(|at| priors[at..].find("\nunknown = ").map(|n| at + n + 1));
    let start = unknown.unwrap();
    let end = start + priors[start..].find('\n').unwrap();
    let edited = format!("{}unknown = \"lognormal(60, 2)\"{}", &priors[..start], &priors[end..]);
    for (name, text) in [("same.toml", &priors), ("edited.toml", &edited)] {
        std::fs::write(dir.path().join(name), study(text)).unwrap();
    }
    let total = |file: &str| result(dir.path(), &[file, "--draws", "2000"])["total"].clone();
    assert_eq!(total("same.toml"), total("models.csv"));
    assert_ne!(total("edited.toml"), total("models.csv"));
    let shown = printed(dir.path(), &["priors", "edited.toml"]);
    assert!(shown.contains("unknown = \"lognormal(60, 2)\"") && !priors.contains("unknown = \"lognormal(60, 2)\""));
}

#[test]
fn checks_list_every_warning_and_runs_each_rule_once() {
    let rows: String = (0..9).map(|i| format!("m{i},0.9\n")).collect();
    let dir = folder(&[("models.csv", &format!("id,mfu\n{rows}"))]);
    let check = outcome(dir.path(), &["check", "models.csv"]);
    assert!(check.status.success());
    let page = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(page.ends_with("9 models, no problem, 9 warnings\n"), "{page}");
    // What was understood: nine rows of the last tier, whose MFU is stated.
    assert!(page.contains("  6          9\n") && page.contains("stated, not used"), "{page}");
    let told = errors(&check);
    assert_eq!(told.lines().filter(|l| l.starts_with("warning: models.csv:") && l.ends_with("[mfu-high]")).count(), 9);
    let run = errors(&outcome(dir.path(), &["run", "models.csv", "--draws", "10"]));
    let warnings = run.lines().filter(|l| l.starts_with("warning")).count();
    assert!(warnings == 1 && run.contains("[mfu-high] (and 8 more of this rule)"), "{run}");
}

#[test]
fn explain_shows_every_factor() {
    let dir = folder(&[("models.csv", "id,date,region,hardware,parameters,tokens\norg/a,2024,FR,A100,7e9,1e12\n")]);
    let text = printed(dir.path(), &["explain", "models.csv", "org/a"]);
    // 6 · 7e9 · 1e12 = 4.2e22.
    for part in ["org/a\ntier 4\n", "4.2000e22 FLOP", "efficiency", "pue", "France", "NVIDIA A100", "emissions   t"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn colour_is_for_terminals() {
    let dir = folder(&[("models.csv", MODELS)]);
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "xterm-256color")] {
        let output = haze(dir.path()).env(name, value).args(["run", "models.csv", "--draws", "10"]).output().unwrap();
        assert!(output.status.success() && !output.stdout.contains(&0x1b));
    }
}

/// Columns stay where they are, and nothing of ours is beyond ASCII.
#[test]
fn a_plain_page_is_ascii() {
    let dir = folder(&[("models.csv", MODELS)]);
    let drawn = printed(dir.path(), &["run", "models.csv", "--draws", "2000"]);
    let plain = printed(dir.path(), &["run", "models.csv", "--draws", "2000", "--plain"]);
    assert!(plain.is_ascii() && !drawn.is_ascii(), "{plain}");
    let widths = |page: &str| page.lines().map(|line| line.chars().count()).collect::<Vec<_>>();
    assert_eq!(widths(&plain), widths(&drawn));
    // Documents are no pages.
    let json = result(dir.path(), &["models.csv", "--draws", "2000", "--plain"]);
    assert_eq!(json["total"], result(dir.path(), &["models.csv", "--draws", "2000"])["total"]);
}
