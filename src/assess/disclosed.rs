//! What a model would be assessed as if one more quantity of it were disclosed.
//!
//! The row is given the quantity as a plain number and goes through the same assessment as any other. So what the
//! number replaces, which factors remain, what its own measurement error is and which shared effects still act are
//! those of a row that states it; nothing of that is written down twice. The number itself is a placeholder, hours and energy
//! the ones that the row leads to already: it scales the outputs, and whoever compares means and spreads has to take its
//! scale out.
//!
//! | quantity | column | offered where | replaces |
//! |---|---|---|---|
//! | compute | `compute_flop`, exact | no compute, hours, energy or emissions are stated; also where compute is an estimate (`compute_confidence`) | imputed compute |
//! | hours | `gpu_hours` | no hours, energy or emissions | compute and MFU; node power, PUE and grid remain |
//! | energy | `energy_kwh`, without PUE | no energy or emissions | compute and efficiency; PUE and grid remain |
//! | place | `grid_g_per_kwh` | no grid intensity or emissions | the spread over places; the error of a region's figure remains |

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{assembled, by_id, lessons};
use super::assessment::Assessment;
use super::chips::{Chips, chips};
use super::context::Context;
use super::learn::{self, Generation, Posterior, Taught};
use super::priors::Priors;
use super::stated::{is_zero, states_compute};
use super::{figure, node, row};
use crate::portfolio::{Confidence, Model, Output, Portfolio, Problems, Value};

/// A quantity that a publisher could disclose as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disclosable {
    /// Training compute, in FLOP.
    Compute,
    /// Accelerator-hours.
    Hours,
    /// IT energy, in kWh.
    Energy,
    /// The grid intensity of the place, in gCO2e/kWh.
    Place,
}

impl Disclosable {
    /// Every quantity, in the order of the chain.
    pub const ALL: [Disclosable; 4] =
        [Disclosable::Compute, Disclosable::Hours, Disclosable::Energy, Disclosable::Place];

    /// The name used in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Disclosable::Compute => "compute",
            Disclosable::Hours => "hours",
            Disclosable::Energy => "energy",
            Disclosable::Place => "place",
        }
    }

    /// The row with the quantity stated as `figures` expect it; `None` where it, or something that makes it needless, is
    /// stated already.
    fn stated_in(self, model: &Model, figures: impl Fn() -> Figures) -> Option<Model> {
        if model.emissions_kg.is_some() && !is_zero(model.emissions_kg.as_ref()) {
            return None;
        }
        let (energy, hours) = (model.energy_kwh.is_some(), model.gpu_hours.is_some());
        let estimate = !matches!(model.compute_confidence, None | Some(Confidence::Wrong));
        let mut row = model.clone();
        match self {
            Disclosable::Compute if !energy && !hours && (estimate || !states_compute(model)) => {
                row.compute_flop = Some(Value::Number(1e22));
                row.compute_confidence = None;
            }
            Disclosable::Hours if !energy && !hours => row.gpu_hours = Some(Value::Number(figures().hours)),
            Disclosable::Energy if !energy => {
                row.energy_kwh = Some(Value::Number(figures().energy_kwh));
                row.energy_includes_pue = false;
            }
            Disclosable::Place if model.grid_g_per_kwh.is_none() => row.grid_g_per_kwh = Some(Value::Number(400.0)),
            _ => return None,
        }
        Some(row)
    }
}

/// What the row leads to before anything more is disclosed: a figure far from it would be a contradiction.
#[derive(Clone, Copy)]
struct Figures {
    hours: f64,
    energy_kwh: f64,
}

impl Figures {
    fn new(context: &Context<'_>, model: &Model) -> Option<Figures> {
        let draft = row::draft(context, model).ok()?;
        let term = draft.terms[Output::ItEnergy as usize];
        let factors = draft.factors.iter().map(|(slot, factor)| (factor, term.powers[slot as usize]));
        let medians =
            factors.filter(|(_, power)| *power != 0).map(|(f, power)| libm::pow(f.median(), f64::from(power)));
        let it_kwh = term.constant * medians.product::<f64>();
        let exposure = context.exposure(model);
        let per_kwh = |chips: &Chips| 1e3 * node::inverse_power(exposure, chips, 0.0).median();
        let hours = chips(context.priors, model).map_or(1e5, |chips| it_kwh * per_kwh(&chips));
        let energy_kwh = it_kwh / figure::meter_bias(context.priors, model);
        (hours > 0.0 && energy_kwh > 0.0).then_some(Figures { hours, energy_kwh })
    }
}

/// Every model to which a disclosure is offered, as it would be assessed with it.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// What is disclosed.
    pub quantity: Disclosable,
    /// The models. Indices of shared effects are those of this assessment, not of the portfolio's own.
    pub assessment: Assessment,
    /// By the model's id: what the figure would say of shared effects, and so of other models. Only where it would.
    pub taught: BTreeMap<String, Taught>,
}

/// For each figure of [`Disclosable::ALL`], every model to which its disclosure is offered, as it would be assessed with it.
/// Shared effects are as the rows inform them without the figure. A row that could not be assessed so (its chip is not
/// known, say) is left out.
///
/// # Errors
/// Priors that do not exist or have the wrong form.
pub fn if_disclosed(portfolio: &Portfolio) -> Result<Vec<Alternative>, Problems> {
    let study = &portfolio.study;
    let priors = Priors::of(study)?;
    let by_id = by_id(portfolio);
    let context = Context { priors: &priors, study, by_id: &by_id };
    let lessons = lessons(&context);
    let generations = lessons.generations();
    let (posterior, _) = lessons.posterior(&context);
    let alternative = |quantity| alternative(&context, quantity, &posterior, &generations);
    Ok(Disclosable::ALL.into_iter().map(alternative).collect())
}

fn alternative(
    context: &Context<'_>,
    quantity: Disclosable,
    posterior: &Posterior,
    generations: &BTreeSet<Generation>,
) -> Alternative {
    let (mut drafts, mut found) = (Vec::new(), BTreeMap::new());
    for model in context.by_id.values() {
        let mut known = row::evidence(context, model);
        let none = Figures { hours: 1e5, energy_kwh: 1e5 };
        let figures = || Figures::new(context, &known.model).unwrap_or(none);
        let Some(stated) = quantity.stated_in(&known.model, figures) else { continue };
        let before = std::mem::replace(&mut known.model, stated);
        if let Ok(draft) = row::exposed(context, model, &known) {
            let lesson = match quantity {
                Disclosable::Compute => learn::by_compute(context, &before, generations),
                _ => learn::by_figure(context, quantity.name(), &before, &draft.informs),
            };
            let given = lesson.and_then(|lesson| lesson.given(context, posterior));
            found.extend(given.map(|taught| (model.id.clone(), taught)));
            drafts.push((model, draft));
        }
    }
    let assessment = assembled(drafts, context.study, context.priors, posterior, Vec::new());
    Alternative { quantity, assessment, taught: found }
}
