//! Compute of a model that does not state it: by tokens of its era or a regression where its parameters are known
//! (tier 5), else by its kind (tier 6).

use super::acts::Acts;
use super::cut::raised;
use super::default_effects::{DefaultEffect, TOKENS_DIRECTIONS};
use super::draft::Draft;
use super::era::{Era, below, bound, truncated};
use super::exposure::{Exposure, at_size};
use super::lognormal::{LogNormal, eighth_octave, lognormal, mixture, quadrature, residual};
use super::priors::names::{self, Lognormal, Number};
use super::provenance::{Kind, Provenance};
use super::regression::{self, When};
use super::stated::{active_parameters, flop_per_parameter_and_token};
use super::tier::Tier;
use super::when;
use crate::portfolio::spelling::normal;
use crate::portfolio::{Distribution, Imputation, Model};

/// The compute and its tier.
pub fn imputed(exposure: Exposure<'_>, by: Imputation) -> (Draft, Tier) {
    let Some(n) = active_parameters(exposure.model).map(LogNormal::of).filter(|n| n.median > 0.0) else {
        return (by_kind(exposure), Tier::T6);
    };
    let (eras, when) = eras(exposure);
    if by == Imputation::Regression {
        let per = flop_per_parameter_and_token(exposure.model);
        let when = when_trained(exposure, &eras);
        let hi = bound(exposure, Some(Era::of(when.year as i32)));
        if let Some(draft) = regression::compute(exposure, n, per, when, hi) {
            return (draft, Tier::T5);
        }
    }
    (by_tokens(exposure, n, &eras, &when), Tier::T5)
}

/// The eras that a model may be of, with weights, and how that is said.
fn eras(exposure: Exposure<'_>) -> (Vec<(f64, Era)>, String) {
    let (priors, model) = (exposure.priors, exposure.model);
    match when::year(model) {
        Some(year) => (vec![(1.0, Era::of(year))], format!("of {year}{}", when::said(model))),
        None => {
            let weight = |era: &Era| priors.number(era.priors().weight);
            let sum: f64 = Era::ALL.iter().map(weight).sum();
            let eras = Era::ALL.iter().map(|era| (weight(era) / sum, *era));
            (eras.filter(|(w, _)| *w > 0.0).collect(), "of no known date: mixture over eras".to_string())
        }
    }
}

/// k·N·D by the tokens prior of each era.
fn by_tokens(exposure: Exposure<'_>, n: LogNormal, eras: &[(f64, Era)], when: &str) -> Draft {
    let priors = exposure.priors;
    let per = flop_per_parameter_and_token(exposure.model);
    let size = eighth_octave(n.median);
    // An era's spread is split between and within organisations in one proportion.
    let between = priors.ln_gsd(names::tokens::ORGANIZATION_GSD);
    let total = quadrature(between, priors.ln_gsd(names::tokens::WITHIN_GSD));
    let share = if total > 0.0 { between / total } else { 0.0 };
    let least = eras.iter().map(|(_, e)| priors.lognormal(e.priors().tokens).ln_sd).fold(f64::INFINITY, f64::min);
    let shared = exposure.acting(DefaultEffect::TokensOrganization, share * least);
    let mut medians = Vec::new();
    // The uncertainty of each era's prior, by the weight of the era.
    let loads: Vec<Vec<f64>> = eras.iter().map(|(w, era)| prior_loads(exposure, *era, size, *w)).collect();
    let common = loads.concat();
    let parts = eras.iter().map(|(w, era)| {
        let of_era = era.priors();
        let tokens = priors.lognormal(of_era.tokens);
        let exponent = priors.number(of_era.exponent);
        let d = tokens.median * libm::pow(size / 10e9, exponent);
        medians.push(d);
        let uncertain = exposure.apart(&prior_loads(exposure, *era, size, 1.0), &common);
        let own = quadrature(residual(tokens.ln_sd, shared), uncertain);
        let ln_sd = quadrature(own, (1.0 + exponent) * n.ln_sd);
        let hi = bound(exposure, Some(*era));
        // What was observed was observed below the bound.
        let spread = quadrature(tokens.ln_sd, (1.0 + exponent) * n.ln_sd);
        let median = libm::exp(raised(libm::log(per * n.median * d), spread, libm::log(hi)));
        (*w, lognormal(LogNormal { median, ln_sd }), hi)
    });
    let parts: Vec<(f64, Distribution, f64)> = parts.collect();
    let (distribution, acts) = match <[_; 1]>::try_from(parts) {
        Ok([(_, one, hi)]) => below(one, hi),
        // Each part has a bound of its own, which no one bound stands for.
        Err(parts) => {
            let cut = parts.into_iter().map(|(w, d, hi)| (w, truncated(d, hi)));
            (mixture(cut.collect()), Acts::Multiply)
        }
    };
    let tokens = match medians.as_slice() {
        [d] => format!("{d:.3e} tokens"),
        _ => "tokens".to_string(),
    };
    let how = format!(
        "{per} · {:.4e} active parameters · {tokens} (geometric mean) of a base model {when}, truncated",
        n.median
    );
    let prior = eras.first().map_or(names::tokens::IN_2024, |(_, e)| e.priors().tokens);
    let provenance = Provenance { kind: Kind::Imputed, ..priors.provenance(prior, how) };
    let mut draft = Draft { acts, ..Draft::new(distribution, provenance) };
    exposure.expose(&mut draft, DefaultEffect::TokensOrganization, shared, 1.0);
    for ((_, era), loads) in eras.iter().zip(&loads) {
        exposure.expose_to_prior(&mut draft, loads, |k| DefaultEffect::TokensPrior(*era as usize, k));
    }
    draft
}

/// ln of the geometric mean of what is imputed by tokens to a model whose period is known.
pub fn ln_expected(exposure: Exposure<'_>) -> Option<f64> {
    let n = active_parameters(exposure.model).map(LogNormal::of).filter(|n| n.median > 0.0)?;
    let of_era = Era::of(when::year(exposure.model)?).priors();
    let exponent = exposure.priors.number(of_era.exponent);
    let tokens = exposure.priors.lognormal(of_era.tokens).median * libm::pow(eighth_octave(n.median) / 10e9, exponent);
    Some(libm::log(flop_per_parameter_and_token(exposure.model) * n.median * tokens))
}

/// How far from 10 B parameters the uncertainty of the slope is carried, in e-folds: from 4 M to 24 T parameters.
const FARTHEST: f64 = 7.8;

/// What the uncertainty of an era's tokens prior loads on at a size, `weight` times.
fn prior_loads(exposure: Exposure<'_>, era: Era, size: f64, weight: f64) -> Vec<f64> {
    let of_era = era.priors();
    let level = exposure.priors.loadings(of_era.tokens, of_era.tokens_loadings);
    let slope = exposure.priors.loadings(of_era.exponent, of_era.exponent_loadings);
    let x = libm::log(size / 10e9).clamp(-FARTHEST, FARTHEST);
    let mut loads = at_size(level, slope, x);
    loads.truncate(TOKENS_DIRECTIONS);
    loads.iter_mut().for_each(|load| *load *= weight);
    loads
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
    let (kind, prior, growth) = kind(exposure.model);
    let year = priors.year_of(exposure.model);
    let grown = libm::exp(priors.number(growth) * f64::from(year.clamp(FITTED.0, FITTED.1) - 2023));
    let hi = priors.number(match year {
        ..=2016 => names::compute::BOUND_TO_2016,
        2017..=2018 => names::compute::BOUND_TO_2018,
        2019..=2020 => names::compute::BOUND_TO_2020,
        2021..=2022 => names::compute::BOUND_TO_2022,
        2023 => names::compute::BOUND_TO_2023,
        2024.. => names::compute::BOUND_FLOP,
    });
    let how = format!("neither compute nor parameters stated: models of kind {kind} in {year}, below {hi:e} FLOP");
    let provenance = Provenance { kind: Kind::Imputed, ..priors.provenance(prior, how) };
    let (distribution, acts) = below(lognormal(priors.lognormal(prior).times(grown)), hi);
    Draft { acts, ..Draft::new(distribution, provenance) }
}

/// The kind of a model by what it is for; its compute in 2023 and the growth of that.
fn kind(model: &Model) -> (&'static str, Lognormal, Number) {
    use names::compute::*;
    let label = |name: &str| model.labels.get(name).map(normal).unwrap_or_default();
    let task = label("task") + &label("domain");
    let has = |words: &[&str]| words.iter().any(|w| task.contains(w));
    if has(&["texttoimage", "texttovideo", "imagegeneration", "videogeneration", "diffusion"]) {
        ("image generation", UNKNOWN_IMAGE_GENERATION, UNKNOWN_IMAGE_GENERATION_GROWTH)
    } else if has(&["imagetexttotext", "multimodal", "visualquestion", "anytoany", "visionlanguage"]) {
        ("multimodal", UNKNOWN_MULTIMODAL, UNKNOWN_MULTIMODAL_GROWTH)
    } else if has(&["speech", "audio", "voice"]) {
        ("speech", UNKNOWN_SPEECH, UNKNOWN_SPEECH_GROWTH)
    } else if has(&["image", "vision", "object", "segment", "video", "depth"]) {
        ("vision", UNKNOWN_VISION, UNKNOWN_VISION_GROWTH)
    } else if task.is_empty()
        || has(&["text", "language", "fillmask", "sentence", "token", "question", "translation", "summar", "chat"])
    {
        ("language", UNKNOWN_LANGUAGE, UNKNOWN_LANGUAGE_GROWTH)
    } else {
        ("other", UNKNOWN_OTHER, UNKNOWN_OTHER_GROWTH)
    }
}
