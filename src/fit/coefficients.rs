//! Fits as numbers to predict from: the text of `src/assess/data/fits.toml`, which a run imputes by.

use std::fmt::Write;

use super::card::Card;

const HEAD: &str = "\
# Regressions of ln D (tokens seen, C = k·N·D) that a run can impute compute by.
# Written by `haze fit --coefficients`; a test compares. Cards: docs/regressions.md.
# D at N = 1e10 active parameters at the start of 2023 is exp(intercept). `root` is R⁻¹ of X = QR, by rows:
# coefficients + sd · root · z, z standard normal, has their joint uncertainty.
";

/// The fits as TOML, all digits.
pub fn toml(cards: &[Card]) -> String {
    let mut out = HEAD.to_string();
    for card in cards {
        let terms: Vec<String> = card.terms().into_iter().map(|t| format!("\"{}\"", t.name())).collect();
        let numbers = |values: &[f64]| values.iter().map(|x| format!("{x:e}")).collect::<Vec<_>>().join(", ");
        let root = card.fit.root.row_iter().map(|row| {
            let row: Vec<f64> = row.iter().copied().collect();
            format!("    [{}],\n", numbers(&row))
        });
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "\n[{}]\nn = {}\nterms = [{}]\ncoefficients = [{}]\nsd = {:e}\nroot = [\n{}]\n",
            card.sample.name(),
            card.points.len(),
            terms.join(", "),
            numbers(&card.fit.coefficients),
            card.fit.sd,
            root.collect::<String>(),
        );
    }
    out
}
