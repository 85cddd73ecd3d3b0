//! One figure that a row states, as the quantity it stands for: accelerator-hours, energy, emissions.
//!
//! A plain number is multiplied by true/reported, a lognormal: the error of what the source says it did (metered,
//! calculated, reported), and what it left out. A figure reported together with the power of the accelerators alone left out the
//! rest of the node and is multiplied by k_node · TDP / W; metered and audited figures hold it. Calculators (CodeCarbon
//! and the like) read low by a bias of their own, in energy and in the emissions that they make of it, and count no
//! overhead of the facility. A distribution in the cell stands as it is.

use super::Tier;
use super::efficiency;
use super::factor::{Draft, LogNormal, lognormal, quadrature};
use super::priors::Priors;
use super::shared::Exposure;
use crate::portfolio::{Model, Source, Value};

/// Accelerator-hours.
pub fn hours_disclosed(exposure: Exposure<'_>) -> Draft {
    let priors = exposure.priors;
    let hours = exposure.model.gpu_hours.clone().unwrap_or(Value::Number(0.0));
    let mut reporting = Draft::given(&hours, priors.ln_gsd("hours.gsd"), "accelerator-hours");
    reporting.provenance.chosen |= !reporting.explicit && priors.chosen("hours.gsd");
    reporting
}

/// Prior of true/reported energy.
fn meter(model: &Model) -> &'static str {
    match model.source {
        Source::Metered | Source::Audited => "energy.metered",
        Source::Calculator if efficiency::is_cpu(model) => "energy.calculator_cpu",
        Source::Calculator => "energy.calculator",
        Source::SelfReported => "energy.self_reported",
    }
}

/// Median of true/reported energy.
pub fn meter_bias(priors: &Priors, model: &Model) -> f64 {
    true_over_reported(priors, model).median
}

/// `value` times a correction: a number becomes the corrected lognormal, a distribution stands as it is.
fn corrected(priors: &Priors, value: &Value, correction: LogNormal, prior: &str, what: &str) -> Draft {
    let mut draft = Draft::given(value, correction.ln_sd, what);
    if let Value::Number(x) = value {
        draft.distribution = lognormal(correction.times(*x));
        draft.provenance.chosen = priors.chosen(prior);
        if correction.median != 1.0 {
            draft.provenance.how += &format!(", times {:.3} (true / reported)", correction.median);
        }
        draft.provenance.source += &format!("; error: {}", priors.source(prior));
    }
    draft
}

/// Energy in kWh, with or without PUE as the row says. Where hours are stated, the stated power is theirs, and energy that is
/// their product is left out before.
pub fn energy_disclosed(exposure: Exposure<'_>) -> Draft {
    let (priors, model) = (exposure.priors, exposure.model);
    let value = model.energy_kwh.clone().unwrap_or(Value::Number(0.0));
    corrected(priors, &value, true_over_reported(priors, model), meter(model), "kWh")
}

fn true_over_reported(priors: &Priors, model: &Model) -> LogNormal {
    let bias = priors.lognormal(meter(model));
    let of_accelerators = model.source == Source::SelfReported && model.gpu_hours.is_none();
    match efficiency::scope_correction(priors, model).filter(|_| of_accelerators) {
        Some(scope) => LogNormal { median: bias.median * scope.median, ln_sd: quadrature(bias.ln_sd, scope.ln_sd) },
        None => bias,
    }
}

/// Whether the source left the overhead of the facility out of its emissions.
pub fn without_pue(model: &Model) -> bool {
    !model.emissions_include_pue.unwrap_or(model.source != Source::Calculator)
}

/// The ratio of true to reported emissions, in addition to the error of any figure.
pub fn emissions_bias(priors: &Priors, model: &Model) -> Option<LogNormal> {
    match model.source {
        Source::Metered | Source::Audited => None,
        Source::Calculator => Some(priors.lognormal(meter(model))),
        Source::SelfReported => efficiency::scope_correction(priors, model),
    }
}

/// Emissions in kg, and their tier.
pub fn emissions_disclosed(exposure: Exposure<'_>) -> (Draft, Tier) {
    let (priors, model) = (exposure.priors, exposure.model);
    let value = model.emissions_kg.clone().unwrap_or(Value::Number(0.0));
    let metered = matches!(model.source, Source::Metered | Source::Audited);
    let (prior, tier) =
        if metered { ("emissions.metered_gsd", Tier::T1) } else { ("emissions.self_reported_gsd", Tier::T1b) };
    let mut correction = LogNormal { median: 1.0, ln_sd: priors.ln_gsd(prior) };
    if let Some(scope) = emissions_bias(priors, model) {
        correction = LogNormal { median: scope.median, ln_sd: quadrature(correction.ln_sd, scope.ln_sd) };
    }
    (corrected(priors, &value, correction, prior, "kgCO2e"), tier)
}
