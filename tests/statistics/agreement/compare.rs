//! Scores of the differences between a run of the engine and a float Monte Carlo of the same number of draws.
//!
//! - Means and standard deviations: the difference over its standard error. The exact standard deviation σ and
//!   kurtosis κ come from the oracle, not from the draws, whose own are far too small in heavy tails:
//!   σ·√(2/n) for means, σ·√((κ − 1)/4 · 2/n) for standard deviations (delta method), these only for κ < n/100. With
//!   equally many draws on both sides the difference is symmetric however skewed the output is.
//! - Quantiles: the shares of draws at or below the engine's quantile, compared as two binomial proportions. A little
//!   (2^-20) is added to the quantile so that equal values stay on one side.
//!
//! Scores that are undefined (no spread, next to no draws on one side) are left out.

use carbonhaze::engine::Moments;
use carbonhaze::engine::plan::{BINS, Range};
use carbonhaze::low_level::assess::{Assessment, OUTPUTS, Output, SharedEffect, Term};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::posterior::{Estimate, Oracle, Posterior};

use super::float::Sample;
use crate::common::pipeline::Run;

/// One statistic compared.
#[derive(Debug, Clone)]
pub struct Score {
    /// Output (or model and output) and statistic.
    pub what: String,
    pub z: f64,
}

/// Exact standard deviation and kurtosis; `None` where infinite or unknown.
#[derive(Clone, Copy)]
struct Exact {
    sd: Option<f64>,
    kurtosis: Option<f64>,
}

/// What the oracle knows of a portfolio's outputs and of the watched models' emissions.
pub struct Exacts {
    outputs: [Exact; OUTPUTS],
    independent: Exact,
    models: Vec<Exact>,
}

impl Exacts {
    pub fn of(assessment: &Assessment, watched: &[usize]) -> Exacts {
        let alone = |&m: &usize| Assessment { models: vec![assessment.models[m].clone()], ..assessment.clone() };
        Exacts {
            outputs: std::array::from_fn(|o| oracle(&with_emissions_of(assessment, o)).into()),
            independent: oracle(&separated(assessment)).into(),
            models: watched.iter().map(|m| oracle(&alone(m)).into()).collect(),
        }
    }
}

impl Exacts {
    /// By the draws' own spreads, and no comparison of standard deviations.
    pub fn of_draws(float: &Sample) -> Exacts {
        let of = |draws: &[f64]| Exact { sd: Some(sd(draws)), kurtosis: None };
        Exacts {
            outputs: std::array::from_fn(|o| of(&float.totals[o])),
            independent: of(&float.independent_t),
            models: float.models.iter().map(|[emissions, _]| of(emissions)).collect(),
        }
    }
}

impl From<Oracle> for Exact {
    fn from(o: Oracle) -> Exact {
        Exact { sd: o.sd_t, kurtosis: o.kurtosis }
    }
}

/// The scores of the totals of a run, then of the watched models.
pub fn scores(run: &Run, posterior: &Posterior, exacts: &Exacts, float: &Sample, watched: &[usize]) -> Vec<Score> {
    let mut scores = Vec::new();
    let counts = |o: usize| -> Vec<f64> {
        let unit = libm::exp2(f64::from(run.plan.unit(o)));
        run.summary.totals[o].iter().map(|&count| count as f64 * unit).collect()
    };
    let t = &posterior.total;
    let names = ["compute", "IT energy", "energy", "emissions"];
    let estimates = [t.compute_eflop, t.it_energy_kwh, t.energy_kwh, t.emissions_t];
    for (o, (name, estimate)) in names.into_iter().zip(estimates).enumerate() {
        draws(name, &estimate, &counts(o), &float.totals[o], exacts.outputs[o], &mut scores);
    }
    draws(
        "independent",
        &t.independent_t,
        &counts(run.plan.independent()),
        &float.independent_t,
        exacts.independent,
        &mut scores,
    );

    let ratio = |over: &[f64], under: &[f64]| -> Vec<f64> {
        over.iter().zip(under).filter(|(_, c)| **c > 0.0).map(|(e, c)| 1000.0 * e / c).collect()
    };
    let [compute, emissions] = [Output::Compute as usize, Output::Emissions as usize];
    let (engine, other) =
        (ratio(&counts(emissions), &counts(compute)), ratio(&float.totals[emissions], &float.totals[compute]));
    // No oracle covers a ratio: the draws' own spread, and no comparison of standard deviations.
    let exact = Exact { sd: Some(0.5 * (sd(&engine) + sd(&other))), kurtosis: None };
    draws("ATCI", &t.atci_kg_per_eflop, &engine, &other, exact, &mut scores);

    for ((&m, exact), [emissions, compute]) in watched.iter().zip(&exacts.models).zip(&float.models) {
        let (plan, summary, told) = (&run.plan.models[m], &run.summary.models[m], &posterior.models[m]);
        let what = |output: &str| format!("{} {output}", told.id);
        moments(&what("emissions"), &told.emissions_t, *exact, emissions, &mut scores);
        bins(&what("emissions"), &told.emissions_t, &summary.headline, plan.headline, 1.0, emissions, &mut scores);
        let atci = ratio(emissions, compute);
        bins(&what("ATCI"), &told.atci_kg_per_eflop, &summary.ratio, plan.ratio, 1000.0, &atci, &mut scores);
    }
    scores
}

fn draws(what: &str, told: &Estimate, engine: &[f64], float: &[f64], exact: Exact, scores: &mut Vec<Score>) {
    if engine.is_empty() || float.is_empty() {
        return;
    }
    moments(what, told, exact, float, scores);
    let mut sorted = engine.to_vec();
    sorted.sort_by(f64::total_cmp);
    let [low, high] = told.interval.expect("there are draws");
    let at = |p: f64| sorted[(p * sorted.len() as f64).ceil() as usize - 1];
    let thresholds =
        [(2.5, low), (25.0, at(0.25)), (50.0, told.median.expect("there are draws")), (75.0, at(0.75)), (97.5, high)];
    for (percent, threshold) in thresholds {
        let threshold = threshold * (1.0 + libm::exp2(-20.0));
        let below = sorted.partition_point(|x| *x <= threshold);
        proportions(&format!("{what} {percent} %"), [below, sorted.len()], float, threshold, scores);
    }
}

fn moments(what: &str, told: &Estimate, exact: Exact, float: &[f64], scores: &mut Vec<Score>) {
    let (Some(mean), Some(sampled_sd), Some(exact_sd)) = (told.mean, told.sd, exact.sd) else { return };
    // Constants: rounding is all there is.
    if exact_sd <= 1e-5 * mean {
        return;
    }
    let n = float.len() as f64;
    let error = exact_sd * (2.0 / n).sqrt();
    scores.push(Score { what: format!("{what} mean"), z: (mean - average(float)) / error });
    if let Some(kurtosis) = exact.kurtosis.filter(|k| *k < n / 100.0) {
        let error = error * ((kurtosis - 1.0) / 4.0).sqrt();
        scores.push(Score { what: format!("{what} sd"), z: (sampled_sd - sd(float)) / error });
    }
}

/// Quantiles of a single model, of which only bins of the logarithm are kept: the shares below the edges of bins that
/// are nearest to the quantiles told.
fn bins(
    what: &str,
    told: &Estimate,
    engine: &Moments,
    range: Range,
    factor: f64,
    float: &[f64],
    scores: &mut Vec<Score>,
) {
    let (Some(median), Some([low, high])) = (told.median, told.interval) else { return };
    let total = engine.zeros + engine.bins.iter().map(|&c| u64::from(c)).sum::<u64>();
    for (percent, quantile) in [(2.5, low), (50.0, median), (97.5, high)] {
        let edge = |k: usize| libm::exp2(range.edge(k)) * factor;
        let nearest = (1..BINS).min_by(|&a, &b| {
            let miss = |k: usize| (edge(k) / quantile).ln().abs();
            miss(a).total_cmp(&miss(b))
        });
        let Some(k) = nearest.filter(|_| quantile > 0.0) else { continue };
        let below = engine.zeros + engine.bins[..k].iter().map(|&c| u64::from(c)).sum::<u64>();
        proportions(&format!("{what} {percent} %"), [below as usize, total as usize], float, edge(k), scores);
    }
}

/// `[below, n]` of the engine against the float draws at or below the threshold.
fn proportions(what: &str, [below, n]: [usize; 2], float: &[f64], threshold: f64, scores: &mut Vec<Score>) {
    let other = float.iter().filter(|x| **x <= threshold).count();
    let (n, m) = (n as f64, float.len() as f64);
    let pooled = (below + other) as f64 / (n + m);
    let variance = pooled * (1.0 - pooled);
    // Below 25 expected on either side a proportion is not normal.
    if n.min(m) * variance < 25.0 {
        return;
    }
    let z = (below as f64 / n - other as f64 / m) / (variance * (1.0 / n + 1.0 / m)).sqrt();
    scores.push(Score { what: what.into(), z });
}

fn average(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn sd(x: &[f64]) -> f64 {
    let mean = average(x);
    (x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (x.len() as f64 - 1.0)).sqrt()
}

/// The same portfolio with another output in the place of the emissions, which is what the oracle covers.
fn with_emissions_of(assessment: &Assessment, output: usize) -> Assessment {
    let mut other = assessment.clone();
    for model in &mut other.models {
        let terms: [Term; OUTPUTS] = model.terms;
        model.terms[Output::Emissions as usize] = terms[output];
    }
    other
}

/// The same portfolio with every shared effect drawn for each model alone.
fn separated(assessment: &Assessment) -> Assessment {
    let mut other = assessment.clone();
    other.shared.clear();
    for (m, model) in other.models.iter_mut().enumerate() {
        let mut own = std::collections::BTreeMap::new();
        for (effect, _) in model.factors.iter_mut().flatten().flat_map(|f| &mut f.shared) {
            *effect = *own.entry(*effect).or_insert_with(|| {
                let effect = &assessment.shared[*effect];
                let alone =
                    SharedEffect { by: ["id".to_string()].into(), value: [m.to_string()].into(), ..effect.clone() };
                other.shared.push(alone);
                other.shared.len() - 1
            });
        }
        // The new numbers rise in the order of first use; the lists stay sorted by effect.
        for factor in model.factors.iter_mut().flatten() {
            factor.shared.sort_by_key(|s| s.0);
        }
    }
    other
}
