//! What a prediction of accelerator-hours has to beat: constant utilisations, and medians by chip and size.
//!
//! Each is a lognormal about 6·N·D (else the published FLOP) / (MFU · dense peak). Its width is the root mean square over
//! families of the errors that it makes on the shipped runs, under the same folds as the prediction: a run of the
//! shipped file is predicted without its family, and so is what is fitted in the baseline.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calibrate::{self, Class, Point, REFERENCE};
use super::runs_file::Run;
use super::{Judged, Row, predict, scores, shipped};
use crate::assess::stated::FORWARD_AND_BACKWARD;

/// Scores of one baseline on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// What it assumes, in short.
    pub name: &'static str,
    /// Whether it is one of those to be beaten; the others are for comparison.
    pub counts: bool,
    /// Rows whose chip is known.
    pub n: usize,
    /// Median of |predicted / published − 1|; `None` where there is no row, as for the scores below.
    pub mdape: Option<f64>,
    /// Mean of ln(predicted / published).
    pub bias_ln: Option<f64>,
    /// Mean CRPS of the natural logarithm.
    pub crps: Option<f64>,
    /// Share inside its 90 % interval.
    pub coverage_90: Option<f64>,
}

/// ln of the MFU it assumes for a run, having seen some others.
type Rule = fn(&[Point], &Point) -> f64;

const RULES: [(&str, bool, bool, Rule); 6] = [
    ("6ND at 40 %", true, true, |_, _| libm::log(0.40)),
    ("6ND at 30 %", true, true, |_, _| libm::log(0.30)),
    ("6ND at Epoch's 37 %", true, true, |_, _| libm::log(0.37)),
    ("6ND, chip medians", true, true, chip_medians),
    ("6ND, chip and size", true, true, chip_and_size),
    ("40 % with haze's FLOP", false, false, |_, _| libm::log(0.40)),
];

fn median_of(values: Vec<f64>, otherwise: f64) -> f64 {
    scores::median(values).unwrap_or(otherwise)
}

fn chip_medians(seen: &[Point], point: &Point) -> f64 {
    let all = median_of(seen.iter().map(|p| p.ln_mfu).collect(), libm::log(0.40));
    median_of(seen.iter().filter(|p| p.class == point.class).map(|p| p.ln_mfu).collect(), all)
}

/// Chip medians; on H100-class chips a least-squares line in ln N_active.
fn chip_and_size(seen: &[Point], point: &Point) -> f64 {
    let x = |p: &Point| libm::log(p.active.unwrap_or(REFERENCE));
    let same: Vec<&Point> = seen.iter().filter(|p| p.class == Class::H100).collect();
    if point.class != Class::H100 || same.len() < 2 {
        return chip_medians(seen, point);
    }
    let n = same.len() as f64;
    let (mx, my) = (same.iter().map(|p| x(p)).sum::<f64>() / n, same.iter().map(|p| p.ln_mfu).sum::<f64>() / n);
    let sxx: f64 = same.iter().map(|p| (x(p) - mx) * (x(p) - mx)).sum();
    let sxy: f64 = same.iter().map(|p| (x(p) - mx) * (p.ln_mfu - my)).sum();
    if sxx > 0.0 { my + sxy / sxx * (x(point) - mx) } else { my }
}

/// Root mean square over families of the errors on them, each predicted without it.
fn width(rule: Rule, seen: &[Point]) -> f64 {
    let squares = calibrate::by_family(seen.iter().map(|p| {
        let error = p.ln_mfu - rule(&calibrate::without(seen, std::slice::from_ref(&p.family)), p);
        (p.family.as_str(), error * error)
    }));
    scores::mean(&squares).unwrap_or(0.0).sqrt()
}

/// 6·N·D whatever the architecture, else the published FLOP.
fn six_n_d(run: &Run) -> Option<f64> {
    run.active().zip(run.tokens).map(|(n, d)| FORWARD_AND_BACKWARD * n * d).or(run.training_flop)
}

/// The runs of a file by their lines.
pub type ByLine<'r> = BTreeMap<u64, &'r Run>;

/// Whether the baselines predict this row: its chip must be known.
pub fn predict_it(row: &Row, runs: &ByLine<'_>) -> bool {
    runs.get(&row.line).is_some_and(|run| six_n_d(run).and_then(|flop| Point::of(run, flop)).is_some())
}

/// All baselines on the scored rows of accelerator-hours that they predict.
pub fn hours(rows: &[&Row], runs: &ByLine<'_>) -> Vec<Baseline> {
    let naive: Vec<Point> = shipped::behind("mfu").filter_map(|run| Point::of(run, six_n_d(run)?)).collect();
    let ours = predict::points();
    let baseline = |(name, counts, is_naive, rule): (&'static str, bool, bool, Rule)| {
        let points = if is_naive { &naive } else { &ours };
        let (mut apes, mut errors, mut crps, mut inside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let Some(run) = runs.get(&row.line) else { continue };
            let flop = if is_naive { six_n_d(run) } else { run.compute() };
            let Some(mut point) = flop.and_then(|flop| Point::of(run, flop)) else { continue };
            point.family.clone_from(&row.family);
            let seen = match row.judged_by {
                Judged::WithoutItsFamily => calibrate::without(points, &shipped::families(run, "mfu")),
                Judged::Shipped => points.clone(),
            };
            // ln of predicted over published hours.
            let error = point.ln_mfu - rule(&seen, &point);
            let sd = width(rule, &seen);
            apes.push((libm::exp(error) - 1.0).abs());
            crps.push(scores::crps_of_normal(error, sd, 0.0));
            // Standard normal quantile at 0.95.
            inside.push(f64::from(u8::from(error.abs() <= 1.644_853_626_951_472_7 * sd)));
            errors.push(error);
        }
        Baseline {
            name,
            counts,
            n: errors.len(),
            mdape: scores::median(apes),
            bias_ln: scores::mean(&errors),
            crps: scores::mean(&crps),
            coverage_90: scores::mean(&inside),
        }
    };
    RULES.into_iter().map(baseline).collect()
}
