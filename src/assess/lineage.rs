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

/// Multiplies all outputs by the factor of it, where there is one.
///
/// # Errors
/// A chip that is needed and not known.
pub fn multiply(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    factors: &mut Factors,
    outputs: &mut [Product; OUTPUTS],
) -> Result<(), Problem> {
    let draft = match guessed(exposure.model) {
        Some(p) => guess(context, exposure, p, factors, &outputs[0])?,
        None if counts_development(context) => {
            let derivative = is_derivative(exposure.model);
            let how = "development multiplier: all runs / final run";
            let priors = exposure.priors;
            let provenance = match derivative {
                true => priors.provenance(names::development::FINETUNE, how),
                false => priors.provenance(development_prior(exposure.model), how),
            };
            Some(Draft::new(development(exposure, derivative), provenance))
        }
        None => None,
    };
    if let Some(draft) = draft {
        factors.set(Slot::Lineage, draft);
        for output in outputs {
            *output = output.with(Slot::Lineage, 1);
        }
    }
    Ok(())
}

/// A run of its own with probability `p`, else a derivative: of `whole`, the compute of the run, the derivative has the
/// ratio of the means. `None` where both are the same.
fn guess(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    p: f64,
    factors: &Factors,
    whole: &Product,
) -> Result<Option<Draft>, Problem> {
    let with_development = counts_development(context);
    let whole = mean(context, factors, whole);
    let (mut own, _) = own_compute(context, exposure, usage_if_derivative(exposure.model))?;
    // The convention acts on either branch.
    exposure.expose_to_convention(&mut own);
    let mut alone = Factors::none();
    alone.set(Slot::Compute, own);
    let own = mean(context, &alone, &Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1));
    let ratio = if whole > 0.0 { eighth_octave(own / whole).min(1.0) } else { 1.0 };
    if ratio >= 1.0 && !with_development {
        return Ok(None);
    }
    let multiplier = |derivative: bool| {
        if with_development { development(exposure, derivative) } else { Distribution::Fixed(1.0) }
    };
    let how = format!(
        "a training run of its own with probability {p}, else a derivative with {ratio:.3e} of the compute (ratio of means){}",
        if with_development { "; times the development multiplier" } else { "" }
    );
    let source = "base_probability of the models file".to_string();
    let parts = vec![(p, multiplier(false)), (1.0 - p, scaled(&multiplier(true), ratio))];
    let provenance = Provenance { kind: Kind::Guessed, how, source, chosen: true };
    Ok(Some(Draft::new(Distribution::Mixture(parts), provenance)))
}

fn counts_development(context: &Context<'_>) -> bool {
    context.study.scope.run == Run::Development
}

/// All runs over the final one.
fn development(exposure: Exposure<'_>, derivative: bool) -> Distribution {
    match derivative {
        true => exposure.priors.distribution(names::development::FINETUNE),
        false => exposure.priors.distribution(development_prior(exposure.model)),
    }
}

fn development_prior(model: &Model) -> Lognormal {
    if says_yes(model, "reasoning") && model.date.is_some_and(|d| d.year >= 2025) {
        names::development::REASONING
    } else {
        names::development::BASE
    }
}

/// `d · k`, where k may be 0.
fn scaled(d: &Distribution, k: f64) -> Distribution {
    if k > 0.0 { d.scaled(k) } else { Distribution::Fixed(0.0) }
}

/// Mean of an output, with the default shared effects; a factor whose moment is infinite stands at its median.
fn mean(context: &Context<'_>, factors: &Factors, product: &Product) -> f64 {
    let term = product.term();
    let mut value = term.constant;
    let mut weights = Loads::new();
    for (slot, power) in Slot::ALL.into_iter().zip(term.powers) {
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
