//! Which disclosures of a row count: copies of the parent's and figures made from other figures do not.
//!
//! - **Copies.** A derivative that states the emissions, energy, hours or compute (also as parameters and tokens) of what
//!   it was made from, or of what that was made from, within 2 %, repeats what has been counted there. It is assessed as
//!   if it did not state them.
//! - **Circular figures.** A disclosure equal within 2 % to another one times stated constants (hours · W, with or
//!   without PUE, · grid intensity) was made from it and is no second observation. Only the upstream one counts; of
//!   compute and hours connected by the stated MFU, or by one that Epoch AI assumes (0.3, 0.4), the hours do, unless the
//!   compute follows from parameters and tokens (then the MFU was made from both).
//!
//! - **A calculator's emissions** are its energy times its own factor, whatever that is: where it states both, the energy
//!   counts.
//! - **Zeros** that another figure of the row contradicts.
//!
//! What is left is put in the scope's basis ([`super::basis`]).

use std::collections::VecDeque;

use super::basis;
use super::chips::{self, only_chip};
use super::context::Context;
use super::evidence::Evidence;
use super::grid;
use super::number_format;
use super::stated::{column, is_derivative, is_six_n_d, is_zero, number, plain_compute, positive};
use super::wording::shown;
use crate::hashed::Set;
use crate::portfolio::{Basis, Model, Source, Value, Warning};

/// Figures nearer than this are one figure.
const SAME: f64 = 0.02;
/// MFUs by which Epoch AI turns hours into compute where none is known.
const ASSUMED_MFU: [f64; 2] = [0.3, 0.4];

/// What counts of a row, whatever the unit of its emissions.
pub fn counted(context: &Context<'_>, model: &Model) -> Evidence {
    let mut found = Evidence::all_of(model);
    found.model.hardware_count = chips::count(model);
    if is_derivative(model) {
        for base in ancestors(context, model) {
            copies(&mut found, base);
        }
    }
    zeros(&mut found);
    circular(&mut found, context);
    basis::put_in(&mut found, context.study.scope);
    found
}

/// Ancestors that are compared with: nearer ones first. No chain of published models is as long.
const ANCESTORS: usize = 64;

/// The rows it was made from, and those they were made from, each once.
fn ancestors<'a>(context: &Context<'a>, model: &Model) -> Vec<&'a Model> {
    let mut found: Vec<&Model> = Vec::new();
    let mut seen: Set<&str> = Set::default();
    let mut next: VecDeque<&str> = model.base_ids().collect();
    while let Some(id) = next.pop_front().filter(|_| found.len() < ANCESTORS) {
        let Some(base) = context.by_id.get(id) else { continue };
        if base.id != model.id && seen.insert(base.id.as_str()) {
            found.push(base);
            next.extend(base.base_ids());
        }
    }
    found
}

fn same(a: f64, b: f64) -> bool {
    (libm::log(a) - libm::log(b)).abs() < libm::log1p(SAME)
}

/// Leaves out what repeats the base's.
fn copies(found: &mut Evidence, base: &Model) {
    let m = &mut found.model;
    let mut copied = Vec::new();
    // Parameters and tokens of the base are its compute as well.
    if let (Some(x), Some(y)) = (plain_compute(m), plain_compute(base))
        && same(x, y)
    {
        let name = if number(&m.compute_flop).is_some() { "compute_flop" } else { "tokens" };
        (m.compute_flop, m.tokens, m.epochs) = (None, None, None);
        copied.push((name, x));
    }
    let pairs = [
        ("emissions", &mut m.emissions_kg, &base.emissions_kg),
        ("energy_kwh", &mut m.energy_kwh, &base.energy_kwh),
        ("gpu_hours", &mut m.gpu_hours, &base.gpu_hours),
    ];
    for (name, own, parent) in pairs {
        if let (Some(x), Some(y)) = (number(own), number(parent))
            && same(x, y)
        {
            *own = None;
            copied.push((name, x));
        }
    }
    for (name, x) in copied {
        let what = if name == "tokens" { format!("a compute of {x:.3e} FLOP") } else { shown(x) };
        found.left_out(name, format!("{what} repeats that of {}", base.id));
        found.warnings.push(Warning {
            rule: "copy-not-counted",
            place: column(&found.model, name),
            value: what,
            message: format!(
                "that of {}, which it was made from, within 2 %: treated as a copy and not counted; a derivative states \
                 only what it added itself",
                base.id
            ),
        });
    }
}

/// Leaves out zeros that another figure of the row contradicts: a run that emitted, or took energy, hours or compute, took
/// some of each. The rules `energy-zero`, `figure-zero` and `grid-zero` warn of them.
fn zeros(found: &mut Evidence) {
    let m = &found.model;
    let above = |value: &Option<Value>| value.as_ref().and_then(positive).is_some();
    let emits = above(&m.emissions_kg);
    let runs = emits || above(&m.energy_kwh) || above(&m.gpu_hours) || above(&m.compute_flop);
    let mut left = Vec::new();
    let m = &mut found.model;
    for (name, value, contradicted) in [
        ("energy_kwh", &mut m.energy_kwh, runs),
        ("gpu_hours", &mut m.gpu_hours, runs),
        ("compute_flop", &mut m.compute_flop, runs),
        ("power_w", &mut m.power_w, runs),
        ("grid_g_per_kwh", &mut m.grid_g_per_kwh, emits),
    ] {
        if contradicted && is_zero(value.as_ref()) {
            *value = None;
            left.push(name);
        }
    }
    for name in left {
        found.left_out(name, "0, which the other figures of the row contradict".to_string());
    }
}

/// Leaves out what was made from other figures of the row.
fn circular(found: &mut Evidence, context: &Context<'_>) {
    for (name, made_of) in made_of_others(&found.model, context) {
        let value = match name {
            "compute_flop" => found.model.compute_flop.take(),
            "energy_kwh" => found.model.energy_kwh.take(),
            _ => found.model.emissions_kg.take(),
        };
        let value = number(&value).map_or(String::new(), shown);
        found.left_out(name, format!("{value} is {made_of}: the same observation"));
    }
}

/// Columns whose figures were made from others, and how.
fn made_of_others(model: &Model, context: &Context<'_>) -> Vec<(&'static str, String)> {
    let chip = only_chip(context.priors, model);
    let watts = number(&model.power_w).or(chip.and_then(|c| c.tdp_w));
    let (hours, compute, energy) = (number(&model.gpu_hours), number(&model.compute_flop), number(&model.energy_kwh));
    let pues = || std::iter::once(1.0).chain(number(&model.pue));
    let by_hours = hours.zip(watts).map(|(h, w)| h * w / 1e3);
    let of_hours = |w: Option<f64>| format!("gpu_hours × {} W", w.map_or(String::new(), shown));

    let mut out: Vec<(&str, String)> = Vec::new();
    if let (Some(h), Some(c), Some(chip)) = (hours, compute, chip)
        && let Some(peak) = chip.peak_flops
        && !is_six_n_d(model, c)
    {
        let stated = number(&model.mfu).map(|mfu| mfu * number_format::factor(model, chip));
        let mfus = stated.into_iter().chain(ASSUMED_MFU.into_iter().filter(|_| stated.is_none()));
        if let Some(mfu) = mfus.into_iter().find(|mfu| same(c, h * 3600.0 * peak * mfu)) {
            out.push(("compute_flop", format!("gpu_hours × peak × MFU {} within 2 %", shown(mfu))));
        }
    }
    let energy_made = energy.zip(by_hours).is_some_and(|(e, made)| pues().any(|pue| same(e, made * pue)));
    if energy_made {
        out.push(("energy_kwh", format!("{} within 2 %", of_hours(watts))));
    }
    // Whatever the factor: it is the calculator's, and no observation of the grid.
    if model.source == Source::Calculator && energy.is_some() && number(&model.emissions_kg).is_some() {
        out.push(("emissions", "a calculator's energy_kwh × its own factor".to_string()));
        return out;
    }
    let located = number(&model.emissions_kg).filter(|_| model.emissions_basis == Basis::Location);
    if let (Some(kg), Some(g)) = (located, intensity(model)) {
        let made = |kwh: f64| pues().any(|pue| same(kg, kwh * pue * g / 1e3));
        if energy.is_some_and(made) {
            out.push(("emissions", format!("energy_kwh × {} g/kWh within 2 %", shown(g))));
        } else if by_hours.is_some_and(made) {
            out.push(("emissions", format!("{} × {} g/kWh within 2 %", of_hours(watts), shown(g))));
        }
    }
    out
}

/// The one grid intensity that the row states or names by its region and year, in g/kWh.
fn intensity(model: &Model) -> Option<f64> {
    number(&model.grid_g_per_kwh).or_else(|| {
        let found = grid::of_row(&model.labels, model.date?.year).ok()?;
        match found.points.as_slice() {
            [point] => Some(point.value),
            _ => None,
        }
    })
}
