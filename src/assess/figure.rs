//! One figure that a row states, as the quantity it stands for: accelerator-hours, energy, emissions.
//!
//! A plain number is multiplied by true/reported, a lognormal: the error of what the source says it did (metered,
//! calculated, reported), and what it left out. A figure reported with the power of the accelerators alone left out the
//! rest of the node and is multiplied by k_node · TDP / W; metered and audited figures hold it. Calculators (CodeCarbon
//! and the like) read low by a bias of their own, in energy and in the emissions that they make of it, and count no
//! overhead of the facility. What one calculator misses on one project's machines it misses in every run: its bias is a
//! shared effect of the rows of a project, or of all that name none. A distribution in the cell is used as it is.

use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::exposure::Exposure;
use super::lognormal::{LogNormal, lognormal, quadrature, residual};
use super::node::scope_correction;
use super::priors::Priors;
use super::priors::names::{self, Lognormal, Name};
use super::stated::is_cpu;
use super::tier::Tier;
use crate::portfolio::{Model, Source, Value};

/// Accelerator-hours.
pub fn hours_disclosed(exposure: Exposure<'_>) -> Draft {
    let priors = exposure.priors;
    let hours = exposure.model.gpu_hours.clone().unwrap_or(Value::Number(0.0));
    let mut reporting = Draft::given(&hours, priors.ln_gsd(names::hours::GSD), "accelerator-hours");
    reporting.provenance.chosen |= !reporting.explicit && priors.chosen(names::hours::GSD);
    reporting
}

/// Prior of true/reported energy.
fn meter(model: &Model) -> Lognormal {
    match model.source {
        Source::Metered | Source::Audited => names::energy::METERED,
        Source::Calculator if is_cpu(model) => names::energy::CALCULATOR_CPU,
        Source::Calculator => names::energy::CALCULATOR,
        Source::SelfReported => names::energy::SELF_REPORTED,
    }
}

/// Median of true/reported energy.
pub fn meter_bias(priors: &Priors, model: &Model) -> f64 {
    true_over_reported(priors, model).median
}

/// `value` times a correction: a number becomes the corrected lognormal, a distribution is used as it is.
fn corrected(priors: &Priors, value: &Value, correction: LogNormal, prior: impl Into<Name>, what: &str) -> Draft {
    let prior = prior.into();
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

/// Energy in kWh, with or without PUE as the row says. Where hours are stated too, the power is theirs, and energy that is
/// their product is left out before.
pub fn energy_disclosed(exposure: Exposure<'_>) -> Draft {
    let (priors, model) = (exposure.priors, exposure.model);
    let value = model.energy_kwh.clone().unwrap_or(Value::Number(0.0));
    let (bias, shared) = meter_error(exposure, true_over_reported(priors, model));
    let mut draft = corrected(priors, &value, bias, meter(model), "kWh");
    expose_to_calculator(exposure, &mut draft, shared);
    draft
}

/// The effect that a calculator's bias is.
fn calculator(model: &Model) -> DefaultEffect {
    if model.labels.contains_key("project") { DefaultEffect::CalculatorProject } else { DefaultEffect::Calculator }
}

/// The error of a meter without what is shared, and the spread (ln) that is: all of a calculator's.
fn meter_error(exposure: Exposure<'_>, error: LogNormal) -> (LogNormal, f64) {
    let model = exposure.model;
    let shared = match model.source {
        Source::Calculator => exposure.acting(calculator(model), error.ln_sd),
        _ => 0.0,
    };
    (LogNormal { ln_sd: residual(error.ln_sd, shared), ..error }, shared)
}

fn expose_to_calculator(exposure: Exposure<'_>, draft: &mut Draft, shared: f64) {
    if !draft.explicit && !draft.is_zero() {
        exposure.expose(draft, calculator(exposure.model), shared, 1.0);
    }
}

fn true_over_reported(priors: &Priors, model: &Model) -> LogNormal {
    let bias = priors.lognormal(meter(model));
    let of_accelerators = model.source == Source::SelfReported && model.gpu_hours.is_none();
    match scope_correction(priors, model).filter(|_| of_accelerators) {
        Some(scope) => LogNormal { median: bias.median * scope.median, ln_sd: quadrature(bias.ln_sd, scope.ln_sd) },
        None => bias,
    }
}

/// The ratio of true to reported emissions, in addition to the error of any figure.
pub fn emissions_bias(priors: &Priors, model: &Model) -> Option<LogNormal> {
    match model.source {
        Source::Metered | Source::Audited => None,
        Source::Calculator => Some(priors.lognormal(meter(model))),
        Source::SelfReported => scope_correction(priors, model),
    }
}

/// Emissions in kg, and their tier.
pub fn emissions_disclosed(exposure: Exposure<'_>) -> (Draft, Tier) {
    let (priors, model) = (exposure.priors, exposure.model);
    let value = model.emissions_kg.clone().unwrap_or(Value::Number(0.0));
    let metered = matches!(model.source, Source::Metered | Source::Audited);
    let (prior, tier) = if metered {
        (names::emissions::METERED_GSD, Tier::T1)
    } else {
        (names::emissions::SELF_REPORTED_GSD, Tier::T1b)
    };
    let mut correction = LogNormal { median: 1.0, ln_sd: priors.ln_gsd(prior) };
    let mut shared = 0.0;
    if let Some(scope) = emissions_bias(priors, model) {
        let (own, common) = meter_error(exposure, scope);
        correction = LogNormal { median: own.median, ln_sd: quadrature(correction.ln_sd, own.ln_sd) };
        shared = common;
    }
    let mut draft = corrected(priors, &value, correction, prior, "kgCO2e");
    expose_to_calculator(exposure, &mut draft, shared);
    (draft, tier)
}
