//! A derivative's own compute, not its base's.

use super::chips::{Chips, chips};
use super::context::Context;
use super::draft::Draft;
use super::era::truncated;
use super::exposure::Exposure;
use super::lognormal::{LogNormal, eighth_octave, lognormal};
use super::mfu::median_mfu;
use super::priors::names::{self, Number};
use super::provenance::{Kind, Provenance};
use super::stated::{self, Use, active_parameters, column, flop_per_parameter_and_token};
use super::tier::Tier;
use crate::portfolio::spelling::normal;
use crate::portfolio::{Distribution, Model, Problem, Relation};

/// Incremental compute of a derivative, by the MFU that its efficiency has.
///
/// # Errors
/// A chip that is needed and not known; a prior that leaves nothing to draw from.
pub fn own_compute(context: &Context<'_>, exposure: Exposure<'_>, usage: Use) -> Result<(Draft, Tier), Problem> {
    let chips = chips(exposure.priors, exposure.model)?;
    let mfu = median_mfu(exposure, &chips, usage);
    let base = exposure.model.base_ids().find_map(|id| context.by_id.get(id));
    derivative(exposure, base, &chips, mfu)
}

/// What was trained of a laboratory's derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Laboratory {
    /// Instruction, preference and reasoning training, guards, embeddings.
    Post,
    /// More pre-training, another modality, code, mathematics, pruning with distillation.
    Further,
}

/// What a laboratory trained, by the label `further_training`; of a derivative by the organisation of its base, which is
/// at hand, post-training. `None` for the public's jobs, and for relations that are no training of all weights.
fn laboratory(model: &Model, base: Option<&Model>) -> Option<Laboratory> {
    if stated::usage_if_derivative(model) != Use::Training {
        return None;
    }
    match model.labels.get("further_training").map(normal).as_deref() {
        Some("post" | "posttraining") => return Some(Laboratory::Post),
        Some("further" | "furthertraining" | "continued" | "continuedpretraining") => return Some(Laboratory::Further),
        _ => {}
    }
    let organization = |m: &Model| m.labels.get("organization").map(normal).filter(|o| !o.is_empty());
    let own = organization(model)?;
    (organization(base?)? == own).then_some(Laboratory::Post)
}

/// By what a laboratory trained, else GPU-hours by relation. `base` is a base row at hand whose parameters stand in for
/// missing ones.
fn derivative(exposure: Exposure<'_>, base: Option<&Model>, chips: &Chips, mfu: f64) -> Result<(Draft, Tier), Problem> {
    let tier = if active_parameters(exposure.model).is_some() { Tier::T5 } else { Tier::T6 };
    let draft = match laboratory(exposure.model, base) {
        Some(laboratory) => by_tokens(exposure, base, laboratory)?,
        None => by_hours(exposure, base, chips, mfu)?,
    };
    Ok((draft, tier))
}

/// k·N·D by the tokens that laboratories train their derivatives on, below the longest such training.
fn by_tokens(exposure: Exposure<'_>, base: Option<&Model>, laboratory: Laboratory) -> Result<Draft, Problem> {
    let (prior, bound, name) = match laboratory {
        Laboratory::Post => (names::derivative::TOKENS_POST, names::derivative::TOKENS_POST_BOUND, "post-training"),
        Laboratory::Further => {
            (names::derivative::TOKENS_FURTHER, names::derivative::TOKENS_FURTHER_BOUND, "further training")
        }
    };
    let priors = exposure.priors;
    let (n, per_token) = per_token(exposure, base)?;
    let how = format!(
        "a laboratory's {name}: {:.3e} tokens (median) of {n:.3e} parameters; truncated",
        priors.lognormal(prior).median
    );
    let tokens = truncated(priors.distribution(prior), priors.number(bound));
    let provenance = Provenance { kind: Kind::Imputed, ..priors.provenance(prior, how) };
    Ok(Draft::new(tokens.scaled(per_token), provenance))
}

/// Parameters of the row or of its base, else of the prior, and FLOP per token.
fn per_token(exposure: Exposure<'_>, base: Option<&Model>) -> Result<(f64, f64), Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let stated = active_parameters(model).or(base.and_then(active_parameters)).map(|n| LogNormal::of(n).median);
    let n = stated.filter(|n| *n > 0.0).unwrap_or(priors.number(names::derivative::PARAMETERS));
    let per_token = flop_per_parameter_and_token(model) * eighth_octave(n);
    if per_token.is_finite() && per_token > 0.0 {
        return Ok((n, per_token));
    }
    Err(Problem {
        place: column(model, "parameters"),
        value: String::new(),
        message: "no parameters to scale continued training with; give parameters, or set \
                  priors.derivative.parameters above 0"
            .to_string(),
    })
}

/// GPU-hours by relation times the chips' median throughput; for fine-tunes a small share is continued training, by
/// tokens.
fn by_hours(exposure: Exposure<'_>, base: Option<&Model>, chips: &Chips, mfu: f64) -> Result<Draft, Problem> {
    let (priors, relation) = (exposure.priors, stated::relation(exposure.model));
    let (prior, name) = hours_prior(relation);
    let hours = priors.number(prior);
    // One number stands for the chips: the geometric mean of their peaks over the shares.
    let ln_peak: f64 = chips.shares.iter().map(|(w, c)| w * libm::log(c.peak_flops.unwrap_or(1.0))).sum();
    let per_hour = 3600.0 * libm::exp(ln_peak) * mfu;
    let ln_sd = priors.ln_gsd(names::derivative::HOURS_GSD);
    let by_hours = lognormal(LogNormal { median: hours * per_hour, ln_sd });
    let continued = priors.number(names::derivative::CONTINUED_SHARE);
    let mut how =
        format!("{name}: {hours} GPU-hours (median, GSD {:.3}) · {:.3e} FLOP per hour", libm::exp(ln_sd), per_hour);
    let distribution = if relation == Relation::Finetune && continued > 0.0 {
        let (n, per_token) = per_token(exposure, base)?;
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
    Ok(Draft::new(distribution, provenance))
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
