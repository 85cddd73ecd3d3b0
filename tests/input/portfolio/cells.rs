//! Cells: known answers, every form of the grammar, bad ones, `empirical` files.

use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::{Distribution, Portfolio, Value, cell};

use super::{folder, parsed};

#[test]
fn intervals_are_the_lognormals_mpmath_says() {
    // mpmath, 30 digits, rounded to 16: sqrt(lo·hi) and exp(ln(hi/lo) / (2·√2·erfinv(level))).
    let known = [
        ("1e24 to 5e24", 2.23606797749979e24, 1.631066976045054),
        ("0.2 to 0.5 @ 95%", 0.316227766016838, 1.263331059970256),
        ("10 to 1000 @ 99.9 %", 100.0, 2.013273201534063),
        ("3 to 4 @ 1%", 3.464101615137755, 96428.17690725376),
    ];
    for (text, median, gsd) in known {
        let Ok(Distribution::LogNormal { median: m, gsd: g }) = text.parse() else {
            panic!("{text}: {:?}", parsed(text))
        };
        assert!((m / median - 1.0).abs() < 2e-15, "{text}: {m}");
        assert!((g / gsd - 1.0).abs() < 1e-12, "{text}: {g}");
    }
    // Negative control: another level gives another spread.
    assert_ne!(parsed("0.2 to 0.5 @ 95%"), parsed("0.2 to 0.5"));
}

#[test]
fn every_form_of_the_grammar() {
    use Distribution::*;
    let boxed = |d| Box::new(d);
    let known = [
        ("fixed(3)", Fixed(3.0)),
        ("lognormal(400, 1.5)", LogNormal { median: 400.0, gsd: 1.5 }),
        ("normal( 3.2 ,0.4 )", Normal { mean: 3.2, sd: 0.4 }),
        ("3.2 ± 0.4", Normal { mean: 3.2, sd: 0.4 }),
        ("3.2 +- 0.4", Normal { mean: 3.2, sd: 0.4 }),
        ("3.2+/-0.4", Normal { mean: 3.2, sd: 0.4 }),
        ("uniform(0, 1)", Uniform { lo: 0.0, hi: 1.0 }),
        ("loguniform(1e9, 5e12)", LogUniform { lo: 1e9, hi: 5e12 }),
        ("triangular(1, 2, 4)", Triangular { lo: 1.0, mode: 2.0, hi: 4.0 }),
        ("pert(1, 2, 4)", Pert { lo: 1.0, mode: 2.0, hi: 4.0 }),
        ("beta(2, 3, 0, 10)", Beta { a: 2.0, b: 3.0, lo: 0.0, hi: 10.0 }),
        ("gamma(2, 3)", Gamma { shape: 2.0, scale: 3.0 }),
        ("logitnormal(-1.7, 0.7)", LogitNormal { mu: -1.7, sd: 0.7, lo: 0.0, hi: 1.0 }),
        (
            "shifted(1, lognormal(0.12, 1.35))",
            Shifted { shift: 1.0, inner: boxed(LogNormal { median: 0.12, gsd: 1.35 }) },
        ),
        (
            "mixture(0.25: 7, 0.75: shifted(1, uniform(2, 3)))",
            Mixture(vec![
                (0.25, Fixed(7.0)),
                (0.75, Shifted { shift: 1.0, inner: boxed(Uniform { lo: 2.0, hi: 3.0 }) }),
            ]),
        ),
        ("empirical(3, 1, 2)", Empirical([1.0, 2.0, 3.0].into())),
        (
            "truncated(gamma(2, 3), 1, inf)",
            Truncated { inner: boxed(Gamma { shape: 2.0, scale: 3.0 }), lo: 1.0, hi: f64::INFINITY },
        ),
    ];
    for (text, distribution) in known {
        assert_eq!(parsed(text), Ok(Value::from(distribution)), "{text}");
    }
    assert_eq!(parsed(" 6.2E23 "), Ok(Value::Number(6.2e23)));
    assert_eq!(parsed("-0").map(|v| format!("{v:?}")), Ok("Number(0.0)".to_string()));
}

#[test]
fn weights_are_normalised_only_when_nearly_one() {
    let text = "mixture(0.3333333: 1, 0.3333333: 2, 0.3333333: 3)";
    let Ok(Distribution::Mixture(parts)) = text.parse() else { panic!() };
    assert!(parts.iter().all(|(w, _)| (w - 1.0 / 3.0).abs() < 1e-15));
    assert!(parsed("mixture(0.333: 1, 0.333: 2, 0.333: 3)").unwrap_err().contains("0.999000"));
}

#[test]
fn bad_cells_are_refused_with_advice() {
    let deep = format!("{}1{}", "shifted(0, ".repeat(9), ")".repeat(9));
    let bottomless = "shifted(0, ".repeat(100_000);
    let bad: &[(&str, &str)] = &[
        ("", "empty"),
        ("normal(1, 0.6)", "more than 1 % below 0"),
        ("normal(1, 0)", "fixed(1)"),
        ("1 ± -1", "above 0"),
        ("1 ± 0.1 @ 95%", "takes no level"),
        ("3 @ 95%", "level without an interval"),
        ("1 to 2 @ 0.95", "write @ 95%"),
        ("1 to 2 @ 100%", "between 0 and 100 %"),
        ("0 to 2", "uniform(0, 2)"),
        ("2 to 2", "fixed(2)"),
        ("to 2", "a number is missing"),
        ("1e-30 to 1e30", "GSD"),
        ("lognormal(1, 1)", "above 1"),
        ("lognormal(1, 0.5)", "above 1"),
        ("lognormal(0, 2)", "above 0"),
        ("lognormal(1)", "lognormal(median, gsd)"),
        ("lognormal(1,000, 2)", "thousands"),
        ("uniform(2, 1)", "reversed"),
        ("uniform(-1, 1)", "negative"),
        ("loguniform(0, 1)", "above 0"),
        ("triangular(1, 5, 4)", "mode"),
        ("beta(0, 1, 0, 1)", "a must lie"),
        ("gamma(-1, 1)", "the shape"),
        ("logitnormal(0, 0)", "logits"),
        ("mixture(0.5: 1, 0.6: 2)", "sum to 1.1"),
        ("mixture(0: 1, 1: 2)", "leave out"),
        ("mixture(-1: 1, 2: 2)", "between 0 and 1"),
        ("mixture(1, 2)", "no weight"),
        ("mixture()", "without parts"),
        ("empirical()", "without a file"),
        ("empirical(1, nan)", "finite"),
        ("truncated(uniform(0, 1), 2, 3)", "nothing of uniform(0, 1)"),
        ("truncated(normal(1, 0.01), 5, 6)", "at least a millionth"),
        ("truncated(uniform(0, 1), 0.5, 0.1)", "reversed"),
        ("gaussian(1, 2)", "the distributions are"),
        ("normal(1, 2", "not closed"),
        ("normal(1, 2) to 3", "after the closing parenthesis"),
        ("uniform(1,, 2)", "extra comma"),
        ("(1, 2)", "without a function name"),
        ("1)", "opening"),
        ("mixture(0.5: 1 to 2, 0.5: 2 to 1)", "reversed"),
        ("shifted(-1, fixed(2))", "negative"),
        (&deep, "nested more than 8 deep"),
        (&bottomless, "not closed"),
    ];
    for (text, words) in bad {
        let e = parsed(text).expect_err(text);
        assert!(e.contains(words), "{text}: {e}");
    }
}

#[test]
fn empirical_files_are_read_next_to_the_file_that_names_them() {
    let dir = folder(&[
        ("values.txt", "\u{feff}grid g/kWh\r\n3\r\n1e2\r\n\r\n20\r\n"),
        ("bad.txt", "header\n1\nx2\n"),
        ("none.txt", "header\n"),
        ("a, b.txt", "5\n"),
        ("models.csv", "id,grid_g_per_kwh\na,empirical(values.txt)\n"),
    ]);
    let portfolio = Portfolio::read(dir.path().join("models.csv")).unwrap();
    let values = Distribution::Empirical([3.0, 20.0, 100.0].into());
    assert_eq!(portfolio.models[0].grid_g_per_kwh, Some(Value::from(values)));
    let read = |text| cell::parse(text, &Inputs::default().folder(dir.path())).map_err(|e| e.to_string());
    assert!(read("empirical(\"a, b.txt\")").is_ok());
    assert!(read("empirical(bad.txt)").unwrap_err().contains("bad.txt:3: \"x2\" is not a number"));
    assert!(read("empirical(none.txt)").unwrap_err().contains("holds no number"));
    assert!(read("empirical(.)").unwrap_err().contains("this is a folder"));
    assert!(read("empirical(nowhere.txt)").unwrap_err().contains("nowhere.txt: the file could not be read"));
}
