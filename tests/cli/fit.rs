//! `haze fit` on files that users give, good and bad.

use std::process::{Command, Output};

use serde_json::Value;

fn fit(text: &str, args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.csv"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_haze"));
    command.current_dir(dir.path()).args(["fit", "models.csv"]).args(args).output().unwrap()
}

const HEAD: &str = "id,organization,date,task,parameters,tokens,epochs,compute_flop,relation\n";

/// Rows on ln D = 25 + 0.5·ln(N/1e10) + 0.3·(year − 2023) but for a residual of ±0.1 that no column explains.
fn rows(n: usize) -> String {
    let mut text = HEAD.to_string();
    for i in 0..n {
        let (size, year) = (1e9 * (1 + i % 7) as f64, 2020 + i % 5);
        let residual = if (i / 35) % 2 == 0 { 0.1 } else { -0.1 };
        let years = year as f64 + 182.5 / 365.25 - 2023.0;
        let tokens = (25.0 + 0.5 * (size / 1e10_f64).ln() + 0.3 * years + residual).exp();
        // Every third row gives the compute, every third passes over the data.
        let cells = match i % 3 {
            0 => format!("{tokens:e},,"),
            1 => format!("{:e},2,", tokens / 2.0),
            _ => format!(",,{:e}", 6.0 * size * tokens),
        };
        text += &format!("m{i},o{},{year},text-generation,{size:e},{cells},\n", i % 10);
    }
    text
}

#[test]
fn a_users_models_are_fitted() {
    let output = fit(&rows(70), &["--sample", "language", "--response", "tokens", "--json", "-"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &document["fits"][0];
    assert_eq!((&document["data"], &found["n"]), (&"models.csv".into(), &70.into()));
    for (i, expected) in [25.0, 0.5, 0.3].into_iter().enumerate() {
        let value = found["coefficients"][i]["value"].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }
    // 70 residuals of ±0.1, three coefficients: s² = 70 · 0.01 / 67.
    assert!((found["residual_sd"].as_f64().unwrap() - (0.7_f64 / 67.0).sqrt()).abs() < 1e-6);
    assert!((found["smearing"].as_f64().unwrap() - 0.1_f64.cosh()).abs() < 1e-6);
    assert!(found["skewness"].as_f64().unwrap().abs() < 1e-6);
    // All samples: those without rows are said to have none.
    let page = fit(&rows(70), &[]);
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(
        page.contains("ln D on language, n = 70") && page.contains("No fit") && page.contains("0 rows can be used")
    );
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let told = |text: &str, args: &[&str]| {
        let output = fit(text, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    // k + 2 rows are enough, one less is not.
    assert!(fit(&rows(5), &["--sample", "language"]).status.success());
    let few = told(&rows(4), &[]);
    assert!(few.contains("sample language: 4 rows can be used, at least 5 are needed for 3 coefficients"), "{few}");
    let of_vision = told(&rows(70), &["--sample", "vision"]);
    assert!(of_vision.contains("sample vision: 0 rows can be used"), "{of_vision}");
    let left = told(
        &format!("{HEAD}a,,,,1e9,1e12,,,\nb,,2015,,1e9,1e12,,,\nc,,2023,,1e9,,,,\nd,,2023,,1e9,1e12,,,merge\n"),
        &[],
    );
    for reason in ["1 no date", "1 before 2018", "1 no compute and no tokens", "1 no training run of its own"] {
        assert!(left.contains(reason), "{reason}: {left}");
    }
    let same: String = rows(30).lines().map(|l| l.replace(",2021,", ",2020,") + "\n").collect();
    let same = ["2022", "2023", "2024"].iter().fold(same, |text, y| text.replace(&format!(",{y},"), ",2020,"));
    assert!(told(&same, &[]).contains("the coefficient of year cannot be distinguished from the others"));
    assert!(told("id\n", &[]).contains("models.csv"));
    assert!(told(&rows(70), &["--sample", "languages"]).contains("invalid value"));
    assert!(told(&rows(70), &["--json", "models.csv"]).contains("would be replaced"));
    assert!(told(&rows(70), &["--coefficients", "--json", "-"]).contains("cannot be used with"));
}
