//! How much of the run is counted: whether it is one at all, and the development around it.

use super::class::{self, below};
use super::context::Context;
use super::derivative::own_compute;
use super::described::loadings;
use super::draft::{Draft, FLOP_PER_EFLOP, Factors, Product};
use super::effects::Loads;
use super::era::truncated;
use super::exposure::Exposure;
use super::lognormal::{LogNormal, eighth_octave, lognormal, residual};
use super::priors::names::{self, Lognormal};
use super::provenance::{Kind, Provenance};
use super::slot::Slot;
use super::stated::{guessed, is_derivative, says_yes, usage_if_derivative};
use super::when;
use crate::portfolio::moments::raw_moment;
use crate::portfolio::{Distribution, Model, OUTPUTS, Problem, Run};

/// Multiplies all outputs by what of the run counts, and by the development around it, where there are such factors.
///
/// # Errors
/// A chip that is needed and not known.
pub fn multiply(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    factors: &mut Factors,
    outputs: &mut [Product; OUTPUTS],
) -> Result<(), Problem> {
    let p = guessed(exposure.model);
    let guess = match p {
        Some(p) => guess(context, exposure, p, factors, &outputs[0])?,
        None => None,
    };
    // Of a guess, that of a run of its own; what a derivative's mean differs by is part of the guess.
    let derivative = p.is_none() && is_derivative(exposure.model);
    let around = counts_development(context).then(|| all_runs(exposure, derivative));
    for (slot, draft) in [(Slot::Lineage, guess), (Slot::Development, around)] {
        if let Some(draft) = draft {
            factors.set(slot, draft);
            for output in outputs.iter_mut() {
                *output = output.with(slot, 1);
            }
        }
    }
    Ok(())
}

/// A run of its own with probability `p`, else a derivative: then of the compute of the run, the ratio of the two, and
/// where development is counted the ratio of its means with it. `None` where both are the same.
fn guess(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    p: f64,
    factors: &Factors,
    whole: &Product,
) -> Result<Option<Draft>, Problem> {
    let (mut own, _) = own_compute(context, exposure, usage_if_derivative(exposure.model))?;
    // The convention acts on either branch.
    exposure.expose_to_convention(&mut own);
    let mut alone = Factors::none();
    alone.set(Slot::Compute, own.clone());
    let of_derivative = mean(context, &alone, &Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1), 1);
    let run = Whole { mean: mean(context, factors, whole, 1), ln_sd: ln_sd(context, factors, whole) };
    let of_compute = if run.mean > 0.0 { eighth_octave(of_derivative / run.mean).min(1.0) } else { 1.0 };
    let with_development = counts_development(context);
    let ratio = if with_development { of_compute * development_ratio(context, exposure) } else { of_compute };
    if ratio >= 1.0 {
        return Ok(None);
    }
    let of_own = raw_moment(&own.distribution, 1).unwrap_or(0.0);
    let mut parts = vec![(p, Distribution::Fixed(1.0))];
    parts.extend(ratios(&own.distribution, ratio, of_own, run.ln_sd).into_iter().map(|(w, d)| ((1.0 - p) * w, d)));
    let how = format!(
        "a training run of its own with probability {p}, else a derivative with {of_compute:.3e} of the compute (ratio of \
         means){}",
        if with_development { format!(", {ratio:.3e} with the development of either") } else { String::new() }
    );
    let source = match exposure.model.base_probability_sd {
        Some(sd) => format!("base_probability of the models file, standard deviation {sd}"),
        None => "base_probability of the models file".to_string(),
    };
    let provenance = Provenance { kind: Kind::Guessed, how, source, chosen: true };
    let mut draft = Draft::new(Distribution::Mixture(parts), provenance);
    class::expose(exposure, p, &mut draft);
    Ok(Some(draft))
}

/// What the ratio is taken to.
struct Whole {
    mean: f64,
    /// Of its logarithm, own and shared, as its first two moments have it.
    ln_sd: f64,
}

/// The derivative's compute over the run's, by the parts of the derivative's distribution: each has its share of the
/// ratio of means, `ratio`, and the spread that the derivative has beyond the run's, cut at 1. `of_own` is the mean of
/// the whole distribution.
fn ratios(own: &Distribution, ratio: f64, of_own: f64, run_ln_sd: f64) -> Vec<(f64, Distribution)> {
    let single = [(1.0, own.clone())];
    let parts = match own {
        Distribution::Mixture(parts) => parts.as_slice(),
        _ => &single,
    };
    let of_part = |(w, d): &(f64, Distribution)| {
        let (Some(m), Some(square)) = (raw_moment(d, 1), raw_moment(d, 2)) else {
            return (*w, Distribution::Fixed(ratio));
        };
        let r = if of_own > 0.0 { eighth_octave(ratio * m / of_own).min(1.0) } else { 0.0 };
        if r <= 0.0 || m <= 0.0 || !square.is_finite() {
            return (*w, Distribution::Fixed(r.max(0.0)));
        }
        // To a sixteenth: few tables.
        let sd = libm::round(16.0 * residual(libm::log((square / m / m).max(1.0)).sqrt(), run_ln_sd)) / 16.0;
        (*w, at_most_one(r, sd))
    };
    parts.iter().map(of_part).collect()
}

/// Mean development multiplier of a derivative over that of a run of its own.
fn development_ratio(context: &Context<'_>, exposure: Exposure<'_>) -> f64 {
    let of = |derivative: bool| {
        let mut factors = Factors::none();
        factors.set(Slot::Development, all_runs(exposure, derivative));
        mean(context, &factors, &Product::new(1.0).with(Slot::Development, 1), 1)
    };
    of(true) / of(false)
}

/// The lognormal of this ln sd, cut at 1, whose mean is `r`. A mean so near 1 that its median would be above 1 is one
/// number.
fn at_most_one(r: f64, sd: f64) -> Distribution {
    // With u = ln median / sd: E = exp(u·sd + sd²/2) · Φ(−u − sd) / Φ(−u), which increases with u.
    let mean = |u: f64| libm::exp(sd * (u + 0.5 * sd)) * below(-u - sd) / below(-u);
    if sd <= 0.0 || mean(0.0) <= r {
        return Distribution::Fixed(r);
    }
    let (mut lo, mut hi) = (libm::log(r) / sd - sd, 0.0);
    for _ in 0..52 {
        let mid = 0.5 * (lo + hi);
        if mean(mid) < r { lo = mid } else { hi = mid }
    }
    truncated(lognormal(LogNormal { median: libm::exp(sd * lo), ln_sd: sd }), 1.0)
}

fn counts_development(context: &Context<'_>) -> bool {
    context.study.scope.run == Run::Development
}

/// All runs over the final one.
fn all_runs(exposure: Exposure<'_>, derivative: bool) -> Draft {
    let how = "development multiplier: all runs / final run";
    let priors = exposure.priors;
    if derivative {
        let prior = names::development::FINETUNE;
        return Draft::new(priors.distribution(prior), priors.provenance(prior, how));
    }
    let prior = development_prior(exposure.model);
    Draft::new(priors.distribution(prior), priors.provenance(prior, how))
}

fn development_prior(model: &Model) -> Lognormal {
    if says_yes(model, "reasoning") && when::year(model).is_some_and(|year| year >= 2025) {
        names::development::REASONING
    } else {
        names::development::BASE
    }
}

/// ln sd of the lognormal with an output's first two moments; 0 where they do not exist.
fn ln_sd(context: &Context<'_>, factors: &Factors, product: &Product) -> f64 {
    let (first, second) = (mean(context, factors, product, 1), mean(context, factors, product, 2));
    let variance = libm::log(second / first / first);
    if variance.is_finite() { variance.max(0.0).sqrt() } else { 0.0 }
}

/// Mean of a power of an output, with the default shared effects; a factor whose moment is infinite stands at its
/// median.
fn mean(context: &Context<'_>, factors: &Factors, product: &Product, order: i8) -> f64 {
    let term = product.term();
    let mut value = libm::pow(term.constant, f64::from(order));
    let mut weights = Loads::new();
    for (slot, power) in Slot::ALL.into_iter().zip(term.powers) {
        let power = power * order;
        let Some(draft) = factors.get(slot).filter(|_| power != 0) else { continue };
        let moment = raw_moment(&draft.alone(), i32::from(power)).filter(|m| m.is_finite());
        value *= moment.unwrap_or_else(|| libm::pow(draft.median(), f64::from(power)));
        for (key, weight) in &draft.shared {
            *weights.entry(key.clone()).or_default() += weight * f64::from(power);
        }
    }
    for loading in loadings(&weights, context.study, context.priors) {
        value *= libm::exp(0.5 * loading * loading);
    }
    value
}
