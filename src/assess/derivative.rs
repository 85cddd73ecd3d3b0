//! A derivative's own compute, not its base's.

use super::chips::{Chips, chips};
use super::context::Context;
use super::draft::Draft;
use super::exposure::Exposure;
use super::lognormal::{LogNormal, eighth_octave, lognormal};
use super::mfu::median_mfu;
use super::priors::names::{self, Number};
use super::provenance::{Kind, Provenance};
use super::stated::{self, Use, active_parameters, column, flop_per_parameter_and_token};
use super::tier::Tier;
use crate::portfolio::{Distribution, Model, Problem, Relation};

/// Incremental compute of a derivative, by the MFU that its efficiency has.
///
/// # Errors
/// A chip that is needed and not known; a prior that leaves nothing to draw from.
pub fn own_compute(context: &Context<'_>, exposure: Exposure<'_>, usage: Use) -> Result<(Draft, Tier), Problem> {
    let chips = chips(exposure.priors, exposure.model)?;
    let mfu = median_mfu(exposure, &chips, usage);
    let base = exposure.model.base_models.iter().find_map(|id| context.by_id.get(id.as_str())).copied();
    derivative(exposure, base, &chips, mfu)
}

/// GPU-hours by relation times the chips' median throughput; for fine-tunes a small share is continued training, by
/// tokens. `base` is a base row at hand whose parameters stand in for missing ones.
fn derivative(exposure: Exposure<'_>, base: Option<&Model>, chips: &Chips, mfu: f64) -> Result<(Draft, Tier), Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let relation = stated::relation(model);
    let (prior, name) = hours_prior(relation);
    let hours = priors.number(prior);
    let own = active_parameters(model);
    let tier = if own.is_some() { Tier::T5 } else { Tier::T6 };
    // One number stands for the chips: the geometric mean of their peaks over the shares.
    let ln_peak: f64 = chips.shares.iter().map(|(w, c)| w * libm::log(c.peak_flops.unwrap_or(1.0))).sum();
    let per_hour = 3600.0 * libm::exp(ln_peak) * mfu;
    let ln_sd = priors.ln_gsd(names::derivative::HOURS_GSD);
    let by_hours = lognormal(LogNormal { median: hours * per_hour, ln_sd });
    let continued = priors.number(names::derivative::CONTINUED_SHARE);
    let mut how =
        format!("{name}: {hours} GPU-hours (median, GSD {:.3}) · {:.3e} FLOP per hour", libm::exp(ln_sd), per_hour);
    let distribution = if relation == Relation::Finetune && continued > 0.0 {
        let stated = own.or(base.and_then(active_parameters)).map(|n| LogNormal::of(n).median);
        let n = stated.filter(|n| *n > 0.0).unwrap_or(priors.number(names::derivative::PARAMETERS));
        let per_token = flop_per_parameter_and_token(model) * eighth_octave(n);
        if !(per_token.is_finite() && per_token > 0.0) {
            return Err(Problem {
                place: column(model, "parameters"),
                value: String::new(),
                message: "no parameters to scale continued training with; give parameters, or set \
                          priors.derivative.parameters above 0"
                    .to_string(),
            });
        }
        let training = priors.distribution(names::derivative::CONTINUED_TOKENS).scaled(per_token);
        how += &format!("; with probability {continued} continued training of {n:.3e} parameters");
        if continued < 1.0 {
            Distribution::Mixture(vec![(1.0 - continued, by_hours), (continued, training)])
        } else {
            training
        }
    } else {
        by_hours
    };
    let provenance = Provenance { kind: Kind::Imputed, chosen: true, ..priors.provenance(prior, how) };
    Ok((Draft::new(distribution, provenance), tier))
}

fn hours_prior(relation: Relation) -> (Number, &'static str) {
    use names::derivative::*;
    match relation {
        Relation::Finetune => (HOURS_FINETUNE, "fine-tune"),
        Relation::Lora => (HOURS_LORA, "LoRA"),
        Relation::Qlora => (HOURS_QLORA, "QLoRA"),
        Relation::Adapter => (HOURS_ADAPTER, "adapter"),
        Relation::Quantized => (HOURS_QUANTIZED, "quantised"),
        Relation::Merge => (HOURS_MERGE, "merge"),
        Relation::Distill => (HOURS_DISTILL, "distilled"),
        Relation::Fork => (HOURS_FORK, "fork"),
    }
}
