//! The spread of emissions that the priors combine to, tier by tier, for a typical model: output, never drawn.

use super::context::{Context, Rows};
use super::described::loadings;
use super::draft::DraftModel;
use super::effects::Loads;
use super::priors::Priors;
use super::row;
use super::tier::Tier;
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Date, Labels, Model, Output, Source, Study, Value};

/// Tier and geometric standard deviation of the emissions of a model in the USA of 2024 on A100s where the tier knows
/// the chip, with the least that the tier discloses. Quadrature of half the central 68 % range of each factor's ln and
/// of the shared effects: exact for lognormals, a description for the rest.
pub fn gsds(priors: &Priors) -> Vec<(Tier, f64)> {
    let study = Study::default();
    let x = Some(Value::Number(1e3));
    let labels = |chip: bool| {
        let mut labels = Labels::from([
            ("organization".to_string(), "an organisation".to_string()),
            ("region".to_string(), "USA".to_string()),
        ]);
        if chip {
            labels.insert("hardware", "NVIDIA A100");
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
    let by_id = Rows::default();
    let context = Context { priors, study: &study, by_id: &by_id };
    let spread = |row: &Model| {
        let draft = row::draft(&context, row).ok()?;
        Some((draft.tier, libm::exp(ln_sd(&draft, &study, priors))))
    };
    rows.iter().filter_map(spread).collect()
}

fn ln_sd(draft: &DraftModel, study: &Study, priors: &Priors) -> f64 {
    let powers = draft.terms[Output::Emissions as usize].powers;
    let mut shared = Loads::new();
    let mut variance = 0.0;
    for (slot, factor) in draft.factors.iter().filter(|(slot, _)| powers[*slot as usize] != 0) {
        // P(|z| < 1): 0.158655 lies below −1.
        let d = factor.alone();
        let (lo, hi) = (quantile(&d, 0.158_655_253_931), quantile(&d, 0.841_344_746_069));
        let own = if lo > 0.0 { 0.5 * libm::log(hi / lo) } else { 0.0 };
        variance += own * own;
        for (key, weight) in &factor.shared {
            *shared.entry(key.clone()).or_default() += weight * f64::from(powers[slot as usize]);
        }
    }
    for loading in loadings(&shared, study, priors) {
        variance += loading * loading;
    }
    variance.sqrt()
}
