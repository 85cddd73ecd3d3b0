//! Compute of one run in FLOP: disclosed, 6·N·D, imputed, or a derivative's own.

use std::sync::LazyLock;

use super::efficiency::{Chips, column};
use super::factor::{Draft, LogNormal, eighth_octave, lognormal, mixture, quadrature, residual};
use super::names::normal;
use super::regression::{self, When};
use super::shared::{Default, Exposure};
use super::{Kind, Provenance, Tier};
use crate::portfolio::{Confidence, Distribution, Imputation, Model, Problem, Relation, Value};

/// FLOP per parameter and token: forward and backward pass, 6; 3 where each token passes through half of the model
/// (encoder–decoders).
pub fn flop_per_parameter_and_token(model: &Model) -> f64 {
    let architecture = model.labels.get("architecture").map(|a| normal(a)).unwrap_or_default();
    let encdec = ["encdec", "encoderdecoder", "t5", "bart", "ul2", "pegasus", "marian", "m2m100", "nllb"];
    if encdec.iter().any(|w| architecture.contains(w)) { 3.0 } else { 6.0 }
}

/// Active parameters, if stated.
pub fn active_parameters(model: &Model) -> Option<&Value> {
    model.active_parameters.as_ref().or(model.parameters.as_ref())
}

fn disclosed(how: String, chosen: bool) -> Provenance {
    Provenance { kind: Kind::Disclosed, how, source: "the models file".to_string(), chosen }
}

fn says_yes(model: &Model, label: &str) -> bool {
    model.labels.get(label).is_some_and(|t| matches!(t.to_lowercase().as_str(), "yes" | "true" | "1"))
}

/// Whether the row states its compute, directly or by parameters and tokens.
pub fn is_known(model: &Model) -> bool {
    stated_flop(model).is_some() || parameters_and_tokens(model).is_some()
}

/// Whether the row is a derivative and not possibly a training run of its own.
pub fn is_certain_derivative(model: &Model) -> bool {
    (!model.base_models.is_empty() || model.relation.is_some() || model.base_probability.is_some())
        && model.base_probability.is_none_or(|p| p <= 0.0)
}

/// N and D where their product is the row's own compute. Rows of quantisations, merges, copies and adapters repeat
/// their parent's figures, which is not what was computed for them; fine-tunes and distillations have their own tokens.
fn parameters_and_tokens(model: &Model) -> Option<(&Value, &Value)> {
    let parents = match model.relation {
        None | Some(Relation::Finetune | Relation::Distill) => false,
        Some(
            Relation::Quantized
            | Relation::Merge
            | Relation::Fork
            | Relation::Lora
            | Relation::Qlora
            | Relation::Adapter,
        ) => is_certain_derivative(model),
    };
    active_parameters(model).zip(model.tokens.as_ref()).filter(|_| !parents)
}

/// `compute_flop`, unless Epoch found it wrong.
pub fn stated_flop(model: &Model) -> Option<&Value> {
    model.compute_flop.as_ref().filter(|_| model.compute_confidence != Some(Confidence::Wrong))
}

/// The compute that the row states.
pub fn known(exposure: Exposure<'_>) -> Option<Draft> {
    let (priors, model) = (exposure.priors, exposure.model);
    let exact = if says_yes(model, "rounded") { "compute.rounded_gsd" } else { "compute.disclosed_gsd" };
    let n_and_d = parameters_and_tokens(model);
    if let Some(stated) = stated_flop(model) {
        let prior = match model.compute_confidence {
            None => exact,
            Some(Confidence::Confident) if n_and_d.is_some() => exact,
            Some(Confidence::Confident) => "compute.confident_gsd",
            Some(Confidence::Likely) => "compute.likely_gsd",
            Some(_) => "compute.speculative_gsd",
        };
        let ln_sd = priors.ln_gsd(prior);
        let mut draft = Draft::given(stated, ln_sd, "FLOP");
        if let Value::Number(x) = stated
            && !draft.is_zero()
        {
            draft.provenance.chosen = priors.chosen(prior);
            draft.provenance.source += &format!("; spread: {}", priors.source(prior));
            if matches!(prior, "compute.likely_gsd" | "compute.speculative_gsd") {
                let hi = bound(exposure, None).max(3.0 * x);
                draft.provenance.how += &format!(", below {hi:.3e}");
                draft.distribution = truncated(draft.distribution, hi);
            }
        }
        return Some(draft);
    }
    let (n, d) = n_and_d?;
    let per = flop_per_parameter_and_token(model);
    let parts: Vec<&Value> = [n, d].into_iter().chain(model.epochs.as_ref()).collect();
    let constant: f64 =
        per * parts.iter().filter_map(|v| if let Value::Number(x) = v { Some(*x) } else { None }).product::<f64>();
    let given: Vec<&Distribution> =
        parts.iter().filter_map(|v| if let Value::Distribution(d) = v { Some(d) } else { None }).collect();
    let epochs = if model.epochs.is_some() { " · epochs" } else { "" };
    Some(match given.as_slice() {
        [] => {
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
            let product = several.iter().map(|d| LogNormal::of(&Value::Distribution((*d).clone()))).fold(
                LogNormal { median: constant, ln_sd: 0.0 },
                |a, b| LogNormal { median: a.median * b.median, ln_sd: quadrature(a.ln_sd, b.ln_sd) },
            );
            let how = format!("{per} · N_active · tokens{epochs}, lognormal with the medians and 90 % ranges given");
            Draft { explicit: true, ..Draft::new(lognormal(product), disclosed(how, false)) }
        }
    })
}

fn truncated(d: Distribution, hi: f64) -> Distribution {
    match d {
        Distribution::LogNormal { median, gsd } => Distribution::Truncated {
            // A median above the bound would leave only a far tail.
            inner: Box::new(Distribution::LogNormal { median: median.min(hi), gsd }),
            lo: 0.0,
            hi,
        },
        d => d,
    }
}

/// Largest imputed compute: 6·N·D_bound of the era, and the largest disclosed for an open-weight model.
fn bound(exposure: Exposure<'_>, era: Option<Era>) -> f64 {
    let priors = exposure.priors;
    let overall = priors.number("compute.bound_flop");
    let era = era.or_else(|| exposure.model.date.map(|d| Era::of(d.year)));
    match (active_parameters(exposure.model), era) {
        (Some(n), Some(era)) => {
            let tokens = priors.number(era.priors().2);
            overall.min(flop_per_parameter_and_token(exposure.model) * LogNormal::of(n).median * tokens)
        }
        _ => overall,
    }
}

/// Periods with a tokens prior of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Era {
    To2020,
    In2021And2022,
    In2023,
    In2024,
    From2025,
}

impl Era {
    const ALL: [Era; 5] = [Era::To2020, Era::In2021And2022, Era::In2023, Era::In2024, Era::From2025];

    fn of(year: i32) -> Era {
        match year {
            ..=2020 => Era::To2020,
            2021..=2022 => Era::In2021And2022,
            2023 => Era::In2023,
            2024 => Era::In2024,
            2025.. => Era::From2025,
        }
    }

    /// The year in the middle of its models.
    fn middle(self) -> f64 {
        match self {
            Era::To2020 => 2020.0,
            Era::In2021And2022 => 2022.0,
            Era::In2023 => 2023.5,
            Era::In2024 => 2024.5,
            Era::From2025 => 2025.75,
        }
    }

    /// Names of the priors: tokens at 10 B, exponent, bound, weight among undated models.
    fn priors(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Era::To2020 => {
                ("tokens.to_2020", "tokens.to_2020_exponent", "tokens.to_2020_bound", "tokens.weight_to_2020")
            }
            Era::In2021And2022 => (
                "tokens.in_2021_2022",
                "tokens.in_2021_2022_exponent",
                "tokens.in_2021_2022_bound",
                "tokens.weight_in_2021_2022",
            ),
            Era::In2023 => {
                ("tokens.in_2023", "tokens.in_2023_exponent", "tokens.in_2023_bound", "tokens.weight_in_2023")
            }
            Era::In2024 => {
                ("tokens.in_2024", "tokens.in_2024_exponent", "tokens.in_2024_bound", "tokens.weight_in_2024")
            }
            Era::From2025 => {
                ("tokens.from_2025", "tokens.from_2025_exponent", "tokens.from_2025_bound", "tokens.weight_from_2025")
            }
        }
    }
}

/// Median Hub creation year of an architecture's original models. From an embedded table and not from the rows at
/// hand, so that no row's result depends on which others are present.
static ARCHITECTURE_YEARS: LazyLock<Vec<(String, i32)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("data/architecture_dates.csv").as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.filter_map(|row| Some((normal(row.get(0)?), row.get(1)?.get(..4)?.parse().ok()?))).collect()
});

/// Compute of a model that does not state it: by tokens of its era or a regression if its parameters are known (tier 5),
/// else by its kind (tier 6).
pub fn imputed(exposure: Exposure<'_>, by: Imputation) -> (Draft, Tier) {
    let Some(n) = active_parameters(exposure.model).map(LogNormal::of).filter(|n| n.median > 0.0) else {
        return (by_kind(exposure), Tier::T6);
    };
    let (priors, model) = (exposure.priors, exposure.model);
    let architecture = model.labels.get("architecture").map(|a| normal(a));
    let architecture_year = || {
        let wanted = architecture.as_ref()?;
        ARCHITECTURE_YEARS.iter().find(|(a, _)| a == wanted).map(|(_, y)| *y)
    };
    let (eras, when) = match (model.date, architecture_year()) {
        (Some(date), _) => (vec![(1.0, Era::of(date.year))], format!("of {}", date.year)),
        (None, Some(year)) => (vec![(1.0, Era::of(year))], format!("of {year}, the architecture's median year")),
        (None, None) => {
            let sum: f64 = Era::ALL.iter().map(|e| priors.number(e.priors().3)).sum();
            let eras = Era::ALL.iter().map(|e| (priors.number(e.priors().3) / sum, *e));
            (eras.filter(|(w, _)| *w > 0.0).collect(), "of no known date: mixture over eras".to_string())
        }
    };
    let per = flop_per_parameter_and_token(model);
    if by == Imputation::Regression {
        let when = when_trained(exposure, &eras);
        let hi = bound(exposure, Some(Era::of(when.year as i32)));
        if let Some(draft) = regression::compute(exposure, n, per, when, hi) {
            return (draft, Tier::T5);
        }
    }
    let size = eighth_octave(n.median);
    // An era's spread is split between and within organisations in one proportion.
    let (between, within) = (priors.ln_gsd("tokens.organization_gsd"), priors.ln_gsd("tokens.within_gsd"));
    let total = quadrature(between, within);
    let share = if total > 0.0 { between / total } else { 0.0 };
    let least = eras.iter().map(|(_, e)| priors.lognormal(e.priors().0).ln_sd).fold(f64::INFINITY, f64::min);
    let shared = exposure.acting(Default::TokensOrganization, share * least);
    let mut medians = Vec::new();
    let parts = eras.iter().map(|(w, era)| {
        let names = era.priors();
        let tokens = priors.lognormal(names.0);
        let exponent = priors.number(names.1);
        let d = tokens.median * libm::pow(size / 10e9, exponent);
        medians.push(d);
        let ln_sd = quadrature(residual(tokens.ln_sd, shared), (1.0 + exponent) * n.ln_sd);
        (*w, truncated(lognormal(LogNormal { median: per * n.median * d, ln_sd }), bound(exposure, Some(*era))))
    });
    let distribution = mixture(parts.collect());
    let tokens = match medians.as_slice() {
        [d] => format!("{d:.3e} tokens"),
        _ => "tokens".to_string(),
    };
    let how =
        format!("{per} · {:.4e} active parameters · {tokens} (median) of a base model {when}; truncated", n.median);
    let prior = eras.first().map_or("tokens.in_2024", |(_, e)| e.priors().0);
    let provenance = Provenance { kind: Kind::Imputed, ..priors.provenance(prior, how) };
    let mut draft = Draft::new(distribution, provenance);
    exposure.expose(&mut draft, Default::TokensOrganization, shared, 1.0);
    (draft, Tier::T5)
}

/// The date, else the middle of the only era's year or of the eras by weight.
fn when_trained(exposure: Exposure<'_>, eras: &[(f64, Era)]) -> When {
    if let Some(date) = exposure.model.date {
        return When { year: date.as_year(), sd: 0.0 };
    }
    let year = eras.iter().map(|(w, era)| w * era.middle()).sum::<f64>();
    let variance: f64 = eras.iter().map(|(w, era)| w * (era.middle() - year) * (era.middle() - year)).sum();
    When { year, sd: variance.sqrt() }
}

/// Years of the rows that the growth by kind was fitted to; it is not extrapolated.
const FITTED: (i32, i32) = (2012, 2026);

fn by_kind(exposure: Exposure<'_>) -> Draft {
    let priors = exposure.priors;
    let label = |name: &str| exposure.model.labels.get(name).map(|t| normal(t)).unwrap_or_default();
    let task = label("task") + &label("domain");
    let has = |words: &[&str]| words.iter().any(|w| task.contains(w));
    let (prior, growth) = if has(&["texttoimage", "texttovideo", "imagegeneration", "videogeneration", "diffusion"]) {
        ("compute.unknown_image_generation", "compute.unknown_image_generation_growth")
    } else if has(&["imagetexttotext", "multimodal", "visualquestion", "anytoany", "visionlanguage"]) {
        ("compute.unknown_multimodal", "compute.unknown_multimodal_growth")
    } else if has(&["speech", "audio", "voice"]) {
        ("compute.unknown_speech", "compute.unknown_speech_growth")
    } else if has(&["image", "vision", "object", "segment", "video", "depth"]) {
        ("compute.unknown_vision", "compute.unknown_vision_growth")
    } else if task.is_empty()
        || has(&["text", "language", "fillmask", "sentence", "token", "question", "translation", "summar", "chat"])
    {
        ("compute.unknown_language", "compute.unknown_language_growth")
    } else {
        ("compute.unknown_other", "compute.unknown_other_growth")
    };
    let year = exposure.model.date.map_or(priors.number("chips.undated_year") as i32, |d| d.year);
    let grown = libm::exp(priors.number(growth) * f64::from(year.clamp(FITTED.0, FITTED.1) - 2023));
    let hi = priors.number(match year {
        ..=2016 => "compute.bound_to_2016",
        2017..=2018 => "compute.bound_to_2018",
        2019..=2020 => "compute.bound_to_2020",
        2021..=2022 => "compute.bound_to_2022",
        2023 => "compute.bound_to_2023",
        2024.. => "compute.bound_flop",
    });
    let kind = prior.trim_start_matches("compute.unknown_").replace('_', " ");
    let how = format!("neither compute nor parameters stated: models of kind {kind} in {year}, below {hi:e} FLOP");
    let provenance = Provenance { kind: Kind::Imputed, ..priors.provenance(prior, how) };
    Draft::new(truncated(lognormal(priors.lognormal(prior).times(grown)), hi), provenance)
}

/// A derivative's own compute: GPU-hours by relation times the chips' median throughput; for fine-tunes a small share
/// is continued training, by tokens. `base` is a base row at hand whose parameters stand in for missing ones.
///
/// # Errors
/// None at present but for a prior that leaves nothing to draw from.
pub fn derivative(
    exposure: Exposure<'_>,
    base: Option<&Model>,
    chips: &Chips,
    mfu: f64,
) -> Result<(Draft, Tier), Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let relation = model.relation.unwrap_or(Relation::Finetune);
    let (prior, name) = hours_prior(relation);
    let hours = priors.number(prior);
    let own = active_parameters(model);
    let tier = if own.is_some() { Tier::T5 } else { Tier::T6 };
    // One number stands for the chips: the geometric mean of their peaks over the shares.
    let ln_peak: f64 = chips.shares.iter().map(|(w, c)| w * libm::log(c.peak_flops.unwrap_or(1.0))).sum();
    let per_hour = 3600.0 * libm::exp(ln_peak) * mfu;
    let ln_sd = priors.ln_gsd("derivative.hours_gsd");
    let by_hours = lognormal(LogNormal { median: hours * per_hour, ln_sd });
    let continued = priors.number("derivative.continued_share");
    let mut how =
        format!("{name}: {hours} GPU-hours (median, GSD {:.3}) · {:.3e} FLOP per hour", libm::exp(ln_sd), per_hour);
    let distribution = if relation == Relation::Finetune && continued > 0.0 {
        let stated = own.or(base.and_then(active_parameters)).map(|n| LogNormal::of(n).median);
        let n = stated.filter(|n| *n > 0.0).unwrap_or(priors.number("derivative.parameters"));
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
        let training = priors.distribution("derivative.continued_tokens").scaled(per_token);
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

fn hours_prior(relation: Relation) -> (&'static str, &'static str) {
    match relation {
        Relation::Finetune => ("derivative.hours_finetune", "fine-tune"),
        Relation::Lora => ("derivative.hours_lora", "LoRA"),
        Relation::Qlora => ("derivative.hours_qlora", "QLoRA"),
        Relation::Adapter => ("derivative.hours_adapter", "adapter"),
        Relation::Quantized => ("derivative.hours_quantized", "quantised"),
        Relation::Merge => ("derivative.hours_merge", "merge"),
        Relation::Distill => ("derivative.hours_distill", "distilled"),
        Relation::Fork => ("derivative.hours_fork", "fork"),
    }
}
