//! The spread of emissions that the priors combine to, tier by tier, for a typical model: output, never drawn.

use std::collections::BTreeMap;

use super::chain::{Context, DraftModel, assess_model};
use super::priors::Priors;
use super::shared::effects;
use super::{Output, Tier};
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Date, Model, Source, Study, Value};

/// Tier and geometric standard deviation of the emissions of a model in the USA of 2024 on A100s where the tier knows
/// the chip, with the least that the tier discloses. Quadrature of half the central 68 % range of each factor's ln and
/// of the shared effects: exact for lognormals, a description for the rest.
pub fn gsds(priors: &Priors) -> Vec<(Tier, f64)> {
    let study = Study::default();
    let x = Some(Value::Number(1e3));
    let labels = |chip: bool| {
        let mut labels = BTreeMap::from([
            ("organization".to_string(), "an organisation".to_string()),
            ("region".to_string(), "USA".to_string()),
        ]);
        if chip {
            labels.insert("hardware".to_string(), "NVIDIA A100".to_string());
        }
        labels
    };
    let model = |chip| Model {
        labels: labels(chip),
        date: Some(Date { year: 2024, month: None, day: None }),
        ..Model::default()
    };
    let flop = Some(Value::Number(1e22));
    let rows = [
        Model { emissions_kg: x.clone(), source: Source::Audited, ..model(true) },
        Model { emissions_kg: x.clone(), ..model(true) },
        Model { energy_kwh: x.clone(), source: Source::Metered, ..model(true) },
        Model { gpu_hours: x, ..model(true) },
        Model { compute_flop: flop.clone(), ..model(true) },
        Model { compute_flop: flop, ..model(false) },
        Model { parameters: Some(Value::Number(7e9)), ..model(false) },
        model(false),
    ];
    let by_id = BTreeMap::new();
    let context = Context { priors, study: &study, by_id: &by_id };
    let spread = |row: &Model| {
        let draft = assess_model(&context, row).ok()?;
        Some((draft.tier, libm::exp(ln_sd(&draft, &study, priors))))
    };
    rows.iter().filter_map(spread).collect()
}

fn ln_sd(draft: &DraftModel, study: &Study, priors: &Priors) -> f64 {
    let powers = draft.terms.get(Output::Emissions as usize).map_or([0; super::SLOTS], |t| t.powers);
    let mut shared: BTreeMap<_, f64> = BTreeMap::new();
    let mut variance = 0.0;
    for (factor, power) in draft.factors.iter().zip(powers) {
        let Some(factor) = factor.as_ref().filter(|_| power != 0) else { continue };
        // P(|z| < 1): 0.158655 lies below −1.
        let (lo, hi) =
            (quantile(&factor.distribution, 0.158_655_253_931), quantile(&factor.distribution, 0.841_344_746_069));
        let own = if lo > 0.0 { 0.5 * libm::log(hi / lo) } else { 0.0 };
        variance += own * own;
        for (key, weight) in &factor.shared {
            *shared.entry(key.clone()).or_default() += weight * f64::from(power);
        }
    }
    let keys = shared.keys().cloned().enumerate().map(|(i, k)| (k, i)).collect();
    for (effect, weight) in effects(&keys, study, priors).iter().zip(shared.values()) {
        variance += (effect.ln_gsd * weight) * (effect.ln_gsd * weight);
    }
    variance.sqrt()
}
