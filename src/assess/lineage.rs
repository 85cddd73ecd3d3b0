//! How much of the run is counted: whether it is one at all, and the development around it.

use super::context::Context;
use super::derivative::own_compute;
use super::described::loadings;
use super::draft::{Draft, FLOP_PER_EFLOP, Factors, Product};
use super::effects::Loads;
use super::exposure::Exposure;
use super::lognormal::eighth_octave;
use super::priors::names::{self, Lognormal};
use super::provenance::{Kind, Provenance};
use super::slot::Slot;
use super::stated::{guessed, is_derivative, says_yes, usage_if_derivative};
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

/// A run of its own with probability `p`, else a derivative: of `whole`, the compute of the run, the derivative has the
/// ratio of the means, and where development is counted the ratio of the means with it. `None` where both are the same.
fn guess(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    p: f64,
    factors: &Factors,
    whole: &Product,
) -> Result<Option<Draft>, Problem> {
    let whole = mean(context, factors, whole);
    let (mut own, _) = own_compute(context, exposure, usage_if_derivative(exposure.model))?;
    // The convention acts on either branch.
    exposure.expose_to_convention(&mut own);
    let mut alone = Factors::none();
    alone.set(Slot::Compute, own);
    let own = mean(context, &alone, &Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1));
    let of_compute = if whole > 0.0 { eighth_octave(own / whole).min(1.0) } else { 1.0 };
    let with_development = counts_development(context);
    let ratio = if with_development { of_compute * development_ratio(context, exposure) } else { of_compute };
    if ratio >= 1.0 {
        return Ok(None);
    }
    let how = format!(
        "a training run of its own with probability {p}, else a derivative with {of_compute:.3e} of the compute (ratio of \
         means){}",
        if with_development { format!(", {ratio:.3e} with the development of either") } else { String::new() }
    );
    let source = "base_probability of the models file".to_string();
    let parts = vec![(p, Distribution::Fixed(1.0)), (1.0 - p, Distribution::Fixed(ratio))];
    let provenance = Provenance { kind: Kind::Guessed, how, source, chosen: true };
    Ok(Some(Draft::new(Distribution::Mixture(parts), provenance)))
}

/// Mean development multiplier of a derivative over that of a run of its own.
fn development_ratio(context: &Context<'_>, exposure: Exposure<'_>) -> f64 {
    let of = |derivative: bool| {
        let mut factors = Factors::none();
        factors.set(Slot::Development, all_runs(exposure, derivative));
        mean(context, &factors, &Product::new(1.0).with(Slot::Development, 1))
    };
    of(true) / of(false)
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
    if says_yes(model, "reasoning") && model.date.is_some_and(|d| d.year >= 2025) {
        names::development::REASONING
    } else {
        names::development::BASE
    }
}

/// Mean of an output, with the default shared effects; a factor whose moment is infinite stands at its median.
fn mean(context: &Context<'_>, factors: &Factors, product: &Product) -> f64 {
    let term = product.term();
    let mut value = term.constant;
    let mut weights = Loads::new();
    for (slot, power) in Slot::ALL.into_iter().zip(term.powers) {
        let Some(draft) = factors.get(slot).filter(|_| power != 0) else { continue };
        let moment = raw_moment(&draft.distribution, i32::from(power)).filter(|m| m.is_finite());
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
