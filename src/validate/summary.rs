//! Scores of many rows: by quantity, tier and family, with the verdict on the coverage.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::baselines::{self, Baseline, ByLine};
use super::{Histogram, Quantity, Row, scores};

/// Share of published figures inside the central intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coverage {
    /// Of the 50 % intervals.
    #[serde(rename = "50")]
    pub at_50: f64,
    /// Of the 80 % intervals.
    #[serde(rename = "80")]
    pub at_80: f64,
    /// Of the 90 % intervals.
    #[serde(rename = "90")]
    pub at_90: f64,
    /// Of the 95 % intervals.
    #[serde(rename = "95")]
    pub at_95: f64,
}

/// Scores of some rows; `None` where there is no row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Number of rows.
    pub n: usize,
    /// Rows whose figure was made from what the predictor sees.
    pub n_circular: usize,
    /// Rows that a prior of their prediction was derived from.
    pub n_in_sample: usize,
    /// Number of families.
    pub families: usize,
    /// Median of |predicted / published − 1|.
    pub mdape: Option<f64>,
    /// Mean of ln(predicted / published).
    pub bias_ln: Option<f64>,
    /// Mean CRPS of the natural logarithm.
    pub crps: Option<f64>,
    /// Mean interval score of the logarithm at 90 %.
    pub interval_score: Option<f64>,
    /// Share of the published figures inside the central intervals.
    pub coverage: Option<Coverage>,
    /// Wilson's 95 % intervals of the coverages, on the number of families.
    pub coverage_wilson: Option<CoverageWilson>,
}

/// Wilson's 95 % interval of each coverage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoverageWilson {
    /// Of the coverage at 50 %.
    #[serde(rename = "50")]
    pub at_50: [f64; 2],
    /// Of the coverage at 80 %.
    #[serde(rename = "80")]
    pub at_80: [f64; 2],
    /// Of the coverage at 90 %.
    #[serde(rename = "90")]
    pub at_90: [f64; 2],
    /// Of the coverage at 95 %.
    #[serde(rename = "95")]
    pub at_95: [f64; 2],
}

/// Scores of the rows with one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The label: a tier or a family.
    pub value: String,
    /// Scores of its rows.
    #[serde(flatten)]
    pub scores: Scores,
}

/// One quantity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What is predicted.
    pub name: Quantity,
    /// Without distilled runs.
    #[serde(flatten)]
    pub scores: Scores,
    /// Published figures inside the 90 % intervals, and the central 99 % range of their number if 90 % were true.
    pub inside_90: usize,
    /// Central 99 % range of the number inside, if the true coverage were 90 %.
    pub inside_90_range: [usize; 2],
    /// `None` where there is no row.
    pub coverage_pass: Option<bool>,
    /// Rows whose figure was not made from what the predictor sees.
    pub not_circular: Scores,
    /// Rows whose figure was.
    pub circular: Scores,
    /// Rows that no prior was derived from, and the others.
    pub out_of_sample: Scores,
    /// Rows that a prior of their prediction was derived from.
    pub in_sample: Scores,
    /// Distilled runs alone.
    pub distilled: Scores,
    /// Where the published figures lie in their predictions; `None` where there is no row.
    pub pit: Option<Histogram>,
    /// By tier of the row as the predictor saw it.
    pub by_tier: Vec<Group>,
    /// By family.
    pub by_family: Vec<Group>,
    /// Constants to compare with, for accelerator-hours; empty for other quantities.
    pub baselines: Vec<Baseline>,
    /// The scores on the rows that the baselines predict, which need a known chip.
    pub on_baseline_rows: Scores,
    /// On those rows, whether mdape and CRPS are no worse than each of the baselines' best; `None` without baselines.
    pub mdape_no_worse: Option<bool>,
    /// On those rows, whether CRPS is no worse than that of the best baseline; `None` without baselines.
    pub crps_no_worse: Option<bool>,
}

fn within(interval: [f64; 2], row: &Row) -> bool {
    interval.first().is_some_and(|lo| *lo <= row.published) && interval.get(1).is_some_and(|hi| row.published <= *hi)
}

fn scores(rows: &[&Row]) -> Scores {
    let families: BTreeSet<&str> = rows.iter().map(|r| r.family.as_str()).collect();
    let mean = |f: &dyn Fn(&Row) -> f64| scores::mean(&rows.iter().map(|r| f(r)).collect::<Vec<_>>());
    let share = |f: &dyn Fn(&Row) -> [f64; 2]| mean(&|r: &Row| f64::from(u8::from(within(f(r), r)))).unwrap_or(0.0);
    let coverage = Coverage {
        at_50: share(&|r| r.interval_50),
        at_80: share(&|r| r.interval_80),
        at_90: mean(&|r| f64::from(u8::from(r.inside_90))).unwrap_or(0.0),
        at_95: share(&|r| r.interval_95),
    };
    let wilson = |p: f64| scores::wilson(p, families.len() as f64);
    let any = !rows.is_empty();
    Scores {
        n: rows.len(),
        n_circular: rows.iter().filter(|r| r.circular).count(),
        n_in_sample: rows.iter().filter(|r| r.in_sample).count(),
        families: families.len(),
        mdape: scores::median(rows.iter().map(|r| (r.predicted / r.published - 1.0).abs()).collect()),
        bias_ln: mean(&|r| r.error_ln),
        crps: mean(&|r| r.crps),
        interval_score: mean(&|r| r.interval_score),
        coverage: any.then_some(coverage),
        coverage_wilson: any.then(|| CoverageWilson {
            at_50: wilson(coverage.at_50),
            at_80: wilson(coverage.at_80),
            at_90: wilson(coverage.at_90),
            at_95: wilson(coverage.at_95),
        }),
    }
}

fn groups(rows: &[&Row], label: &dyn Fn(&Row) -> String) -> Vec<Group> {
    let mut by: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by.entry(label(row)).or_default().push(row);
    }
    by.into_iter().map(|(value, rows)| Group { value, scores: scores(&rows) }).collect()
}

/// The summary of one quantity. `runs` are the file's, for the baselines.
pub fn of(quantity: Quantity, rows: &[Row], runs: &ByLine<'_>) -> Summary {
    let of_quantity: Vec<&Row> = rows.iter().filter(|r| r.quantity == quantity).collect();
    let (distilled, scored): (Vec<&Row>, Vec<&Row>) = of_quantity.into_iter().partition(|r| r.distilled);
    let part = |keep: &dyn Fn(&Row) -> bool| scores(&scored.iter().copied().filter(|r| keep(r)).collect::<Vec<_>>());
    let inside_90 = scored.iter().filter(|r| r.inside_90).count();
    let inside_90_range = scores::binomial_range(scored.len(), 0.9, 0.99);
    let [least, most] = inside_90_range;
    let all = scores(&scored);
    let baselines = if quantity == Quantity::Hours { baselines::hours(&scored, runs) } else { Vec::new() };
    let comparable: Vec<&Row> = scored.iter().copied().filter(|r| baselines::predict_it(r, runs)).collect();
    let on_baseline_rows = scores(if baselines.is_empty() { &[] } else { &comparable });
    let no_worse = |own: Option<f64>, of: &dyn Fn(&Baseline) -> Option<f64>| {
        let best = baselines.iter().filter(|b| b.counts).filter_map(of).fold(f64::INFINITY, f64::min);
        own.filter(|_| best.is_finite()).map(|own| own <= best)
    };
    Summary {
        name: quantity,
        inside_90,
        inside_90_range,
        coverage_pass: (!scored.is_empty()).then_some(least <= inside_90 && inside_90 <= most),
        not_circular: part(&|r| !r.circular),
        circular: part(&|r| r.circular),
        out_of_sample: part(&|r| !r.in_sample),
        in_sample: part(&|r| r.in_sample),
        distilled: scores(&distilled),
        pit: Histogram::of(&scored.iter().map(|r| r.pit).collect::<Vec<_>>(), all.families),
        by_tier: groups(&scored, &|r| r.tier.to_string()),
        by_family: groups(&scored, &|r| r.family.clone()),
        mdape_no_worse: no_worse(on_baseline_rows.mdape, &|b| b.mdape),
        crps_no_worse: no_worse(on_baseline_rows.crps, &|b| b.crps),
        baselines,
        on_baseline_rows,
        scores: all,
    }
}
