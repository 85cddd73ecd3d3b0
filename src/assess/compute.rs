//! Compute of one run in FLOP as its row states it: disclosed, or 6·N·D.

use super::draft::Draft;
use super::era::{below, bound};
use super::exposure::Exposure;
use super::lognormal::{LogNormal, lognormal, quadrature};
use super::priors::names;
use super::provenance::{Kind, Provenance};
use super::stated::{flop_per_parameter_and_token, parameters_and_tokens, says_yes, stated_flop};
use crate::portfolio::{Confidence, Distribution, Model, Value};

fn disclosed(how: String, chosen: bool) -> Provenance {
    Provenance { kind: Kind::Disclosed, how, source: "the models file".to_string(), chosen }
}

/// The compute that the row states.
pub fn known(exposure: Exposure<'_>) -> Option<Draft> {
    match stated_flop(exposure.model) {
        Some(stated) => Some(by_figure(exposure, stated)),
        None => by_parameters_and_tokens(exposure),
    }
}

/// The same in addition to other disclosures: exposed to what counts as an operation.
pub fn known_besides(exposure: Exposure<'_>) -> Option<Draft> {
    let mut known = known(exposure)?;
    if !known.explicit {
        exposure.expose_to_convention(&mut known);
    }
    Some(known)
}

/// The spread of a figure that follows from exact parameters and tokens.
fn exact(model: &Model) -> names::Gsd {
    if says_yes(model, "rounded") { names::compute::ROUNDED_GSD } else { names::compute::DISCLOSED_GSD }
}

fn by_figure(exposure: Exposure<'_>, stated: &Value) -> Draft {
    let (priors, model) = (exposure.priors, exposure.model);
    let (prior, is_estimate) = match model.compute_confidence {
        None => (exact(model), false),
        Some(Confidence::Confident) if parameters_and_tokens(model).is_some() => (exact(model), false),
        Some(Confidence::Confident) => (names::compute::CONFIDENT_GSD, false),
        Some(Confidence::Likely) => (names::compute::LIKELY_GSD, true),
        Some(_) => (names::compute::SPECULATIVE_GSD, true),
    };
    let mut draft = Draft::given(stated, priors.ln_gsd(prior), "FLOP");
    if let Value::Number(x) = stated
        && !draft.is_zero()
    {
        draft.provenance.chosen = priors.chosen(prior);
        draft.provenance.source += &format!("; spread: {}", priors.source(prior));
        if is_estimate {
            let hi = bound(exposure, None).max(3.0 * x);
            draft.provenance.how += &format!(", below {hi:.3e}");
            (draft.distribution, draft.acts) = below(draft.distribution, hi);
        }
    }
    draft
}

fn by_parameters_and_tokens(exposure: Exposure<'_>) -> Option<Draft> {
    let (priors, model) = (exposure.priors, exposure.model);
    let (n, d) = parameters_and_tokens(model)?;
    let per = flop_per_parameter_and_token(model);
    let parts: Vec<&Value> = [n, d].into_iter().chain(model.epochs.as_ref()).collect();
    let constant: f64 =
        per * parts.iter().filter_map(|v| if let Value::Number(x) = v { Some(*x) } else { None }).product::<f64>();
    let given: Vec<&Distribution> =
        parts.iter().filter_map(|v| if let Value::Distribution(d) = v { Some(&**d) } else { None }).collect();
    let epochs = if model.epochs.is_some() { " · epochs" } else { "" };
    Some(match given.as_slice() {
        [] => {
            let exact = exact(model);
            let how = format!("{per} · N_active · tokens{epochs} = {constant:.4e} FLOP, GSD {}", priors.number(exact));
            let mut draft = Draft::given(&Value::Number(constant), priors.ln_gsd(exact), "FLOP");
            draft.provenance = disclosed(how, priors.chosen(exact));
            draft
        }
        [one] if constant > 0.0 => Draft {
            explicit: true,
            ..Draft::new(
                one.scaled(constant),
                disclosed(format!("{per} · N_active · tokens{epochs}, one as a distribution"), false),
            )
        },
        _ if constant <= 0.0 => Draft::given(&Value::Number(0.0), 0.0, "FLOP"),
        several => {
            let product = several.iter().map(|d| LogNormal::of(&Value::from((*d).clone()))).fold(
                LogNormal { median: constant, ln_sd: 0.0 },
                |a, b| LogNormal { median: a.median * b.median, ln_sd: quadrature(a.ln_sd, b.ln_sd) },
            );
            let how = format!("{per} · N_active · tokens{epochs}, lognormal with the medians and 90 % ranges given");
            Draft { explicit: true, ..Draft::new(lognormal(product), disclosed(how, false)) }
        }
    })
}
