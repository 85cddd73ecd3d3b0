//! Which disclosures of a row count: copies of the parent's, figures made from other figures, units off by 1000.
//!
//! - **Copies.** A derivative that states the emissions, energy, hours or compute (also as parameters and tokens) of what
//!   it was made from, or of what that was made from, within 2 %, repeats what has been counted there. It is assessed as
//!   if it did not state them.
//! - **Circular figures.** A disclosure equal within 2 % to another one times stated constants (hours · W, with or
//!   without PUE, · grid intensity) was made from it and is no second observation. Only the upstream one counts; of
//!   compute and hours connected by the stated MFU, or by one that Epoch AI assumes (0.3, 0.4), the hours do, unless the
//!   compute follows from parameters and tokens (then the MFU was made from both).
//! - **Units.** Model cards state grams, and people write kilograms into them. A figure from the column `emissions_g` is
//!   taken for 1,000 times what it says with prior probability 2 %, for a thousandth with 0.5 %, updated by what the row's
//!   energy, hours or compute lead to. It is corrected where that leaves less than 1 % of doubt, left out where doubt
//!   remains, and flagged where there is nothing to compare it with.

use std::collections::BTreeMap;

use super::basis::Market;
use super::chain::{Context, zero};
use super::combine::ln;
use super::compute;
use super::efficiency::{column, only_chip};
use super::factor::{LogNormal, shown};
use super::figure;
use super::shared::{Exposure, loadings};
use super::{Kind, Output, Provenance, Slot, facility, grid};
use crate::portfolio::{Basis, Model, Value, Warning};

/// Figures nearer than this are one figure.
const SAME: f64 = 0.02;
/// MFUs by which Epoch AI turns hours into compute where none is known.
const ASSUMED_MFU: [f64; 2] = [0.3, 0.4];
/// What a card's figure may have to be multiplied by, and how often, before anything else is known.
const UNITS: [(f64, f64); 3] = [(1.0, 0.975), (1e3, 0.02), (1e-3, 0.005)];
/// Doubt below which a unit is settled.
const SETTLED: f64 = 0.01;
/// Standard deviations within which a figure in another unit fits the rest of the row.
const FITS: f64 = 3.0;

/// The row without what does not count.
pub struct Evidence {
    pub model: Model,
    /// What decides the emissions where the scope is market-based.
    pub market: Option<Market>,
    pub provenance: BTreeMap<String, Provenance>,
    pub warnings: Vec<Warning>,
}

/// Decides what counts.
pub fn evidence(context: &Context<'_>, model: &Model) -> Evidence {
    let mut found = Evidence { model: model.clone(), market: None, provenance: BTreeMap::new(), warnings: Vec::new() };
    if compute::is_certain_derivative(model) {
        for base in ancestors(context, model) {
            found.copies(base);
        }
    }
    found.circular(context);
    found.basis(context.study.scope);
    found.unit(context);
    found
}

/// The rows it was made from, and those they were made from, each once.
fn ancestors<'a>(context: &Context<'a>, model: &Model) -> Vec<&'a Model> {
    let mut found: Vec<&Model> = Vec::new();
    let mut next: Vec<&str> = model.base_models.iter().map(String::as_str).collect();
    while let Some(id) = next.pop() {
        let Some(base) = context.by_id.get(id).copied() else { continue };
        if base.id != model.id && found.iter().all(|seen| seen.id != base.id) {
            found.push(base);
            next.extend(base.base_models.iter().map(String::as_str));
        }
    }
    found
}

/// Compute as plain numbers have it.
fn stated_compute(model: &Model) -> Option<f64> {
    let product = || {
        let (n, d) = compute::active_parameters(model).and_then(plain).zip(model.tokens.as_ref().and_then(plain))?;
        let epochs = model.epochs.as_ref().map_or(Some(1.0), plain)?;
        Some(compute::flop_per_parameter_and_token(model) * n * d * epochs)
    };
    compute::stated_flop(model).map_or_else(product, plain)
}

fn plain(value: &Value) -> Option<f64> {
    match value {
        Value::Number(x) if *x > 0.0 => Some(*x),
        _ => None,
    }
}

/// A stated number above 0. Distributions stand as they are.
fn number(value: &Option<Value>) -> Option<f64> {
    value.as_ref().and_then(plain)
}

fn same(a: f64, b: f64) -> bool {
    (libm::log(a) - libm::log(b)).abs() < libm::log1p(SAME)
}

impl Evidence {
    /// Says why a figure does not count, under the name of its column.
    pub(super) fn left_out(&mut self, column: &str, how: String) {
        let provenance =
            Provenance { kind: Kind::Disclosed, how, source: "the models file".to_string(), chosen: false };
        self.provenance.insert(format!("{column} (not counted)"), provenance);
    }

    fn copies(&mut self, base: &Model) {
        let m = &mut self.model;
        let mut copied = Vec::new();
        // Parameters and tokens of the base are its compute as well.
        if let (Some(x), Some(y)) = (stated_compute(m), stated_compute(base))
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
            self.left_out(name, format!("{what} repeats that of {}", base.id));
            self.warnings.push(Warning {
                rule: "copy-not-counted",
                place: column(&self.model, name),
                value: what,
                message: format!(
                    "that of {}, which it was made from, within 2 %: treated as a copy and not counted; a derivative \
                     states only what it added itself",
                    base.id
                ),
            });
        }
    }

    fn circular(&mut self, context: &Context<'_>) {
        let model = &self.model;
        let chip = only_chip(context.priors, model);
        let watts = number(&model.power_w).or(chip.and_then(|c| c.tdp_w));
        let (hours, compute, energy) =
            (number(&model.gpu_hours), number(&model.compute_flop), number(&model.energy_kwh));
        let pues = || std::iter::once(1.0).chain(number(&model.pue));
        let by_hours = hours.zip(watts).map(|(h, w)| h * w / 1e3);
        let of_hours = |w: Option<f64>| format!("gpu_hours × {} W", w.map_or(String::new(), shown));

        let mut out: Vec<(&str, String)> = Vec::new();
        if let (Some(h), Some(c), Some(chip)) = (hours, compute, chip)
            && let Some(peak) = chip.peak_flops
            && !six_n_d(model, c)
        {
            let stated = number(&model.mfu);
            let mfus = stated.into_iter().chain(ASSUMED_MFU.into_iter().filter(|_| stated.is_none()));
            if let Some(mfu) = mfus.into_iter().find(|mfu| same(c, h * 3600.0 * peak * mfu)) {
                out.push(("compute_flop", format!("gpu_hours × peak × MFU {mfu}")));
            }
        }
        let energy_made = energy.zip(by_hours).is_some_and(|(e, made)| pues().any(|pue| same(e, made * pue)));
        if energy_made {
            out.push(("energy_kwh", of_hours(watts)));
        }
        let located = number(&model.emissions_kg).filter(|_| model.emissions_basis == Basis::Location);
        if let (Some(kg), Some(g)) = (located, intensity(model)) {
            let made = |kwh: f64| pues().any(|pue| same(kg, kwh * pue * g / 1e3));
            if energy.is_some_and(made) {
                out.push(("emissions", format!("energy_kwh × {} g/kWh", shown(g))));
            } else if by_hours.is_some_and(made) {
                out.push(("emissions", format!("{} × {} g/kWh", of_hours(watts), shown(g))));
            }
        }
        for (name, made_of) in out {
            let value = match name {
                "compute_flop" => self.model.compute_flop.take(),
                "energy_kwh" => self.model.energy_kwh.take(),
                _ => self.model.emissions_kg.take(),
            };
            let value = number(&value).map_or(String::new(), shown);
            self.left_out(name, format!("{value} is {made_of} within 2 %: the same observation"));
        }
    }

    /// The unit of a card's figure.
    fn unit(&mut self, context: &Context<'_>) {
        let m = &self.model;
        let stated = match &self.market {
            Some(Market::Figure(value)) => Some(value.clone()),
            _ => m.emissions_kg.clone(),
        };
        let Some(kg) = number(&stated).filter(|_| m.emissions_from_card) else { return };
        // Nothing says how far below the grid's a market-based figure may lie.
        let known = m.emissions_kg.is_some()
            && [&m.energy_kwh, &m.gpu_hours].into_iter().any(|v| v.is_some() && !zero(v.as_ref()));
        let warning = |rule, message| Warning {
            rule,
            place: column(m, "emissions_g"),
            value: format!("{} g", shown(kg * 1e3)),
            message,
        };
        let comparable = known || m.emissions_kg.is_some() && compute::is_known(m);
        let expected = comparable.then(|| expected(context, m)).flatten();
        let Some((mean, sd)) = expected else {
            let message = "nothing in the row shows whether this is in grams; model cards often state kilograms";
            let flag = warning("emissions-unit-unchecked", message.to_string());
            self.warnings.push(flag);
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
                "the row's other data lead to {} kg (GSD {:.2}), which leaves open what unit the figure is in; it is not \
                 used",
                shown_short(rest),
                libm::exp(sd)
            );
            let flag = warning("emissions-unit-unclear", message);
            self.warnings.push(flag);
            self.model.emissions_kg = None;
            self.left_out("emissions", "its unit is not clear".to_string());
        } else if factor != 1.0 {
            let message = format!(
                "the row's other data lead to {} kg (GSD {:.2}): read as {} kg, {factor} times what it says; state \
                 emissions_kg if it is right as it stands",
                shown_short(rest),
                libm::exp(sd),
                shown_short(kg * factor)
            );
            let flag = warning("emissions-unit-corrected", message);
            self.warnings.push(flag);
            self.model.emissions_kg = Some(Value::Number(kg * factor));
        }
    }
}

fn shown_short(x: f64) -> String {
    format!("{x:.2e}").parse::<f64>().map_or(String::new(), shown)
}

/// Whether stated compute follows from the row's parameters and tokens.
fn six_n_d(model: &Model, compute: f64) -> bool {
    let n = compute::active_parameters(model).map(|v| LogNormal::of(v).median);
    let d = model.tokens.as_ref().map(|v| LogNormal::of(v).median);
    let epochs = model.epochs.as_ref().map_or(1.0, |v| LogNormal::of(v).median);
    n.zip(d).is_some_and(|(n, d)| n > 0.0 && d > 0.0 && (0.5..2.0).contains(&(compute / (6.0 * n * d * epochs))))
}

/// The one grid intensity that the row states or names by its region and year, in g/kWh.
fn intensity(model: &Model) -> Option<f64> {
    number(&model.grid_g_per_kwh).or_else(|| {
        let points = grid::find(model.labels.get("region")?, model.date?.year).ok()?;
        match points.as_slice() {
            [point] => Some(point.value),
            _ => None,
        }
    })
}

/// Mean and standard deviation of ln emissions (kg) that the row leads to without its stated emissions, and with the
/// error of a stated figure.
fn expected(context: &Context<'_>, model: &Model) -> Option<(f64, f64)> {
    let bare = Model { emissions_kg: None, ..model.clone() };
    let draft = super::chain::assess_model(context, &bare).ok()?;
    let term = draft.terms.get(Output::Emissions as usize)?;
    let mut mean = libm::log(term.constant * 1e3);
    let mut variance = context.priors.ln_gsd("emissions.self_reported_gsd");
    variance *= variance;
    let mut loads = super::condition::Loads::new();
    for slot in Slot::ALL {
        let power = f64::from(term.powers[slot as usize]);
        let Some(factor) = draft.factors[slot as usize].as_ref().filter(|_| power != 0.0) else { continue };
        let own = ln(factor);
        mean += power * own.mean;
        variance += power * power * own.sd * own.sd;
        super::condition::add(&mut loads, &own.shared, power);
    }
    for loading in loadings(&loads, context.study, context.priors) {
        variance += loading * loading;
    }
    // What one accelerator's power leaves out a card leaves out too, and the overhead where it says so.
    if let Some(scope) = figure::emissions_bias(context.priors, model) {
        mean -= libm::log(scope.median);
    }
    if figure::without_pue(model) {
        let exposure = Exposure { priors: context.priors, model, on: context.study.default_shared };
        mean -= libm::log(facility::pue(exposure).median());
    }
    (mean.is_finite() && variance.is_finite()).then(|| (mean, variance.sqrt()))
}
