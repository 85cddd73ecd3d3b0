//! The reporting table of the IPCC's Approach 2, Monte Carlo (2006 IPCC Guidelines for National Greenhouse Gas
//! Inventories, volume 1, chapter 3, table 3.3), for a portfolio.
//!
//! A row for each value of a column (a category), with the mean in tCO2e and the 2.5 and 97.5 percentiles as per cent
//! below and above the mean; activity data (energy) and emission factor (emissions per energy) have theirs in the total,
//! where both are known draw by draw. There is no inventory trend and one gas, CO2e. Contributions to variance are exact
//! and sum to 1: the models' own parts by category, then what models share, which is no category's; and again by factor
//! (Shapley effects).

use serde_json::{Value as Json, json};

use super::{Shown, VERSION, json_text, markdown_table, plain};
use crate::exact::shares::Shares;
use crate::posterior::Estimate;
use crate::report::csv::as_text;
use crate::report::numbers;
use crate::run::Outcome;

/// The percentiles of the table are those of this interval.
pub const LEVEL: f64 = 0.95;

/// Per cent below and above the mean.
type Ends = Option<[f64; 2]>;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `category`, `shared`, `total` or `factor`.
    pub kind: &'static str,
    /// The category.
    pub name: String,
    /// Of it.
    pub models: Option<usize>,
    /// In t.
    pub mean_t: Option<f64>,
    /// Of the energy.
    pub activity: Ends,
    /// Of the emissions per energy.
    pub factor: Ends,
    /// Of the emissions.
    pub combined: Ends,
    /// Fraction.
    pub variance: Option<f64>,
}

/// The table: categories by the column `by`, what they share, the total, then factors. `outcome` is grouped by `by` at
/// [`LEVEL`], `shares` are those of the same assessment with the same column; `None` where nothing varies.
pub fn rows(outcome: &Outcome, shares: Option<&Shares>, by: &str) -> Vec<Row> {
    let row = |kind, name: &str| Row {
        kind,
        name: name.to_string(),
        models: None,
        mean_t: None,
        activity: None,
        factor: None,
        combined: None,
        variance: None,
    };
    let mean = |e: &Estimate| Shown::of(e, 1.0).mean;
    let of = shares.and_then(|shares| shares.labels.get(by));
    let part = |value: Option<&str>| Some(of?.iter().find(|share| share.value.as_deref() == value)?.total);
    let groups = outcome.posterior.groups.iter().filter(|group| group.by == by);
    let mut rows: Vec<Row> = groups
        .map(|group| Row {
            models: Some(group.models),
            mean_t: mean(&group.emissions_t),
            combined: ends(&group.emissions_t),
            variance: part(Some(&group.value)),
            ..row("category", &group.value)
        })
        .collect();
    let total = &outcome.posterior.total;
    let named: usize = rows.iter().filter_map(|row| row.models).sum();
    if named < total.models {
        let without = total.models - named;
        rows.push(Row { models: Some(without), variance: part(None), ..row("category", "(no value)") });
    }
    let shared = shares.map(|shares| shares.shared_own.shared.first_order);
    rows.push(Row { variance: shared, ..row("shared", "shared effects (grids, PUE, MFU and other common errors)") });
    rows.push(Row {
        models: Some(total.models),
        mean_t: mean(&total.emissions_t),
        activity: ends(&total.energy_kwh),
        factor: ends(&total.emissions_kg_per_kwh),
        combined: ends(&total.emissions_t),
        variance: shares.map(|_| 1.0),
        ..row("total", "total")
    });
    let factors = shares.into_iter().flat_map(|shares| &shares.factors);
    rows.extend(factors.map(|factor| Row { variance: Some(factor.shapley), ..row("factor", factor.name) }));
    rows
}

/// The percentiles, per cent from the mean, to a tenth; no minus in front of nothing.
fn ends(e: &Estimate) -> Ends {
    let mean = e.mean.filter(|mean| *mean > 0.0)?;
    Some(e.interval?.map(|x| libm::rint(1000.0 * (x / mean - 1.0)) / 10.0 + 0.0))
}

const HEAD: [&str; 11] = [
    "kind",
    "category",
    "gas",
    "models",
    "mean tCO2e",
    "activity data −%",
    "activity data +%",
    "emission factor −%",
    "emission factor +%",
    "combined −%",
    "combined +%",
];
const VARIANCE: &str = "contribution to variance";

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.kind.to_string(), row.name.clone(), "CO2e".into()];
    cells.push(row.models.map(|n| n.to_string()).unwrap_or_default());
    cells.push(row.mean_t.map(plain).unwrap_or_default());
    for pair in [row.activity, row.factor, row.combined] {
        cells.extend(pair.map_or([String::new(), String::new()], |pair| pair.map(|x| x.to_string())));
    }
    // What is left of 1 − 1 is no share.
    let share = row.variance.map(|v| if v.abs() < 1e-12 { 0.0 } else { v });
    cells.push(share.map(|v| format!("{v:.4}")).unwrap_or_default());
    cells
}

/// As CSV, with names that no spreadsheet takes for formulas.
///
/// # Errors
/// Writing to memory does not fail; that of the CSV writer.
pub fn csv(rows: &[Row]) -> Result<String, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(HEAD.iter().chain([&VARIANCE]))?;
    for row in rows {
        let mut cells = cells(row);
        cells[1] = as_text(&row.name);
        table.write_record(cells)?;
    }
    let bytes = table.into_inner().map_err(|e| e.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// As Markdown.
pub fn markdown(rows: &[Row], outcome: &Outcome, by: &str) -> String {
    let settings = outcome.settings;
    let head: Vec<&str> = HEAD.iter().copied().chain([VARIANCE]).collect();
    let table: Vec<Vec<String>> = rows.iter().map(cells).collect();
    format!(
        "# Uncertainty by IPCC Approach 2\n\n2006 IPCC Guidelines, volume 1, chapter 3, table 3.3. Categories: {}. Mean, and the \
         2.5 and 97.5 percentiles as per cent from the mean, of {} draws with Carbonhaze {VERSION}, seed {}, plan {}. Activity \
         data: energy; emission factor: emissions over energy. Contributions to variance are exact: the categories and \
         the shared effects sum to 1; the factors also sum to 1.\n\n{}",
        super::markdown_cell(by),
        numbers::count(settings.draws),
        settings.seed,
        outcome.info.plan_hash,
        markdown_table(&head, &table)
    )
}

/// As JSON.
pub fn json(rows: &[Row], outcome: &Outcome, by: &str) -> String {
    let row = |row: &Row| {
        json!({
            "kind": row.kind, "category": row.name, "gas": "CO2e", "models": row.models, "mean_t": row.mean_t,
            "activity_percent": row.activity, "emission_factor_percent": row.factor, "combined_percent": row.combined,
            "contribution_to_variance": row.variance,
        })
    };
    let rows: Vec<Json> = rows.iter().map(row).collect();
    json_text(&json!({
        "table": "2006 IPCC Guidelines, volume 1, chapter 3, table 3.3 (Approach 2)",
        "by": by, "level": LEVEL, "rows": rows,
        "version": VERSION, "settings": outcome.settings, "plan_hash": outcome.info.plan_hash,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::exact::shares::shares;
    use crate::exact::terms::Known;
    use crate::export::example;
    use crate::run::{NoProgress, RunOptions, Session};

    fn table(rows_of: &[&str], by: &str) -> (Vec<Row>, Outcome) {
        let portfolio = example::portfolio(rows_of);
        let mut assessment = assess(&portfolio).unwrap();
        assessment.groups_by = vec![by.to_string()];
        let shares = shares(&assessment, &[by.to_string()], &mut Known::default()).ok();
        let options = RunOptions { draws: Some(20_000), level: Some(LEVEL), ..RunOptions::default() };
        let session = Session::builder().build().unwrap();
        let outcome = session.run_assessed(&portfolio, assessment, &options, &NoProgress).unwrap();
        (rows(&outcome, shares.as_ref(), by), outcome)
    }

    /// One lognormal of GSD g: mean = median·exp(s²/2), so that the ends are exp(∓1.96 s − s²/2) − 1 of it.
    #[test]
    fn a_lognormal_by_hand() {
        let row = "lab/l,Lab,2024,France,A100,8,,,,,,fixed(3.6e20),fixed(1e11),fixed(1.2),\"lognormal(500, 1.5)\"";
        let (rows, outcome) = table(&[row], "organization");
        let s = libm::log(1.5);
        let want = [-1.959964, 1.959964].map(|z| 100.0 * (libm::exp(z * s - s * s / 2.0) - 1.0));
        let total = rows.iter().find(|row| row.kind == "total").unwrap();
        for ends in [total.combined, total.factor, rows[0].combined] {
            for (got, want) in ends.unwrap().into_iter().zip(want) {
                assert!((got - want).abs() < 2.5 && (got * 1.2 - want).abs() > 2.5, "{got} {want}");
            }
        }
        // Compute, efficiency and PUE are fixed.
        assert_eq!(total.activity, Some([0.0, 0.0]));
        assert_eq!((rows[0].name.as_str(), rows[0].variance.map(libm::rint)), ("Lab", Some(1.0)));
        let text = csv(&rows).unwrap();
        assert!(text.starts_with("kind,category,gas,models,mean tCO2e,") && text.contains("category,Lab,CO2e,1,"));
        assert!(markdown(&rows, &outcome, "organization").contains("table 3.3"));
        assert!(json(&rows, &outcome, "organization").contains("\"contribution_to_variance\""));
    }

    #[test]
    fn contributions_sum_to_one() {
        let (rows, _) =
            table(&[example::LOOSE, "=x,Other,2023,,H100,,,,,70e9,2e12,,,,", "y,,2022,,,,,,,1e9,,,,,"], "organization");
        let sum = |kinds: &[&str]| -> f64 {
            rows.iter().filter(|row| kinds.contains(&row.kind)).filter_map(|row| row.variance).sum()
        };
        assert!((sum(&["category", "shared"]) - 1.0).abs() < 1e-9, "{rows:?}");
        assert!((sum(&["factor"]) - 1.0).abs() < 1e-9);
        assert!((sum(&["category"]) - 1.0).abs() > 1e-3);
        assert!(rows.iter().any(|row| row.name == "(no value)" && row.models == Some(1)));
    }

    #[test]
    fn nothing_varies() {
        let (rows, _) = table(&[example::FIXED], "organization");
        assert_eq!(rows[0].combined, Some([0.0, 0.0]));
        assert!(rows.iter().all(|row| row.kind != "factor"));
    }
}
