//! The unit of emissions on a model card.
//!
//! Model cards state grams, and people write kilograms into them. A figure from the column `emissions_g` is taken for
//! 1,000 times what it says with prior probability 2 %, for a thousandth with 0.5 %, updated by what the row's energy,
//! hours or compute lead to. It is corrected where that leaves less than 1 % of doubt, left out where doubt remains, and
//! flagged where there is nothing to compare it with.

use super::chain;
use super::context::Context;
use super::counted::counted;
use super::described::loadings;
use super::effects::Loads;
use super::evidence::{Evidence, Market};
use super::facility;
use super::figure;
use super::normal::{add, ln};
use super::priors::names;
use super::slot::Slot;
use super::stated::{column, is_zero, number, states_compute, without_pue};
use super::wording::{shown, shown_to_three};
use crate::portfolio::{Model, Output, Value, Warning};

/// What a card's figure may have to be multiplied by, and how often, before anything else is known.
const UNITS: [(f64, f64); 3] = [(1.0, 0.975), (1e3, 0.02), (1e-3, 0.005)];
/// Doubt below which a unit is settled.
const SETTLED: f64 = 0.01;
/// Standard deviations within which a figure in another unit fits the rest of the row.
const FITS: f64 = 3.0;

/// Puts the emissions of a card in the unit that they are probably in.
pub fn settle(found: &mut Evidence, context: &Context<'_>) {
    let Some(kg) = figure_of_a_card(found) else { return };
    let m = &found.model;
    let warning = |rule, message| Warning {
        rule,
        place: column(m, "emissions_g"),
        value: format!("{} g", shown(kg * 1e3)),
        message,
    };
    let Some((mean, sd)) = comparable(m).then(|| expected(context, m)).flatten() else {
        let message = "nothing in the row shows whether this is in grams; model cards often state kilograms";
        let flag = warning("emissions-unit-unchecked", message.to_string());
        found.warnings.push(flag);
        return;
    };
    let weights = UNITS.map(|(factor, prior)| {
        let z = (libm::log(kg * factor) - mean) / sd;
        prior * libm::exp(-0.5 * z * z)
    });
    let sum: f64 = weights.iter().sum();
    let best = UNITS.iter().zip(weights).max_by(|a, b| a.1.total_cmp(&b.1)).map(|((factor, _), w)| (*factor, w));
    let Some((factor, weight)) = best.filter(|_| sum > 0.0) else { return };
    let doubt = 1.0 - weight / sum;
    let rest = libm::exp(mean);
    // Where no unit fits, the best of them is no better than the others.
    let fits = factor == 1.0 || (libm::log(kg * factor) - mean).abs() < FITS * sd;
    if doubt >= SETTLED || !fits {
        let message = format!(
            "the row's other data lead to {} kg (GSD {:.2}), which leaves open what unit the figure is in; it is not used",
            shown_to_three(rest),
            libm::exp(sd)
        );
        let flag = warning("emissions-unit-unclear", message);
        found.warnings.push(flag);
        found.model.emissions_kg = None;
        found.left_out("emissions", "its unit is not clear".to_string());
    } else if factor != 1.0 {
        let message = format!(
            "the row's other data lead to {} kg (GSD {:.2}): read as {} kg, {factor} times what it says; state \
             emissions_kg if it is right as it stands",
            shown_to_three(rest),
            libm::exp(sd),
            shown_to_three(kg * factor)
        );
        let flag = warning("emissions-unit-corrected", message);
        found.warnings.push(flag);
        found.model.emissions_kg = Some(Value::Number(kg * factor));
    }
}

/// kg, as the card has them.
fn figure_of_a_card(found: &Evidence) -> Option<f64> {
    let stated = match &found.market {
        Some(Market::Figure(value)) => Some(value.clone()),
        _ => found.model.emissions_kg.clone(),
    };
    number(&stated).filter(|_| found.model.emissions_from_card)
}

/// Whether the rest of the row says what the emissions should be near. Nothing says how far below the grid's a
/// market-based figure may lie.
fn comparable(m: &Model) -> bool {
    let states = |v: &Option<Value>| v.is_some() && !is_zero(v.as_ref());
    m.emissions_kg.is_some() && (states(&m.energy_kwh) || states(&m.gpu_hours) || states_compute(m))
}

/// Mean and standard deviation of ln emissions (kg) that the row leads to without its stated emissions, and with the
/// error of a stated figure.
fn expected(context: &Context<'_>, model: &Model) -> Option<(f64, f64)> {
    let bare = Model { emissions_kg: None, ..model.clone() };
    let draft = chain::draft(context, &counted(context, &bare)).ok()?;
    let term = &draft.terms[Output::Emissions as usize];
    let mut mean = libm::log(term.constant * 1e3);
    let mut variance = context.priors.ln_gsd(names::emissions::SELF_REPORTED_GSD);
    variance *= variance;
    let mut loads = Loads::new();
    for slot in Slot::ALL {
        let power = f64::from(term.powers[slot as usize]);
        let Some(factor) = draft.factors.get(slot).filter(|_| power != 0.0) else { continue };
        let own = ln(factor);
        mean += power * own.mean;
        variance += power * power * own.sd * own.sd;
        add(&mut loads, &own.shared, power);
    }
    for loading in loadings(&loads, context.study, context.priors) {
        variance += loading * loading;
    }
    // What one accelerator's power leaves out a card leaves out too, and the overhead where it says so.
    if let Some(scope) = figure::emissions_bias(context.priors, model) {
        mean -= libm::log(scope.median);
    }
    if without_pue(model) {
        mean -= libm::log(facility::pue(context.exposure(model)).median());
    }
    (mean.is_finite() && variance.is_finite()).then(|| (mean, variance.sqrt()))
}
