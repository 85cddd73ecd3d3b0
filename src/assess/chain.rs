//! One model's chain: which disclosure counts, the factors around it, and each output as their product.
//!
//! In logs the chain C → hours → E_IT → E → G is a line. The most downstream disclosure is the anchor; outputs
//! downstream of it multiply factors, outputs upstream divide by them. [`super::evidence`] says beforehand which
//! disclosures count; several plain numbers are combined by [`super::combine`]. Where one of several is given as a
//! distribution, it is used as it is: the most downstream counts, and compute is used for compute.
//!
//! Units: compute factor FLOP (or FLOP/s behind hours), efficiency FLOP/J (or 1/W behind hours), grid gCO2e/kWh,
//! reporting in the unit of the disclosure (kg, kWh, hours).

use std::collections::BTreeMap;

use super::basis::{self, Market};
use super::combine::{self, Disclosures};
use super::efficiency::{self, Use, chips, column};
use super::evidence::{Evidence, evidence};
use super::factor::{Draft, LogNormal, eighth_octave, quadrature};
use super::figure;
use super::priors::Priors;
use super::shared::{self, Default, EffectKey, Exposure};
use super::{Kind, OUTPUTS, Output, Provenance, SLOTS, Slot, Term, Tier};
use super::{compute, facility};
use crate::portfolio::moments::raw_moment;
use crate::portfolio::{Basis, Boundary, Distribution, Model, Problem, Relation, Run, Study, Value, Warning};

/// A model before its shared effects are numbered.
pub struct DraftModel {
    pub tier: Tier,
    pub factors: [Option<Draft>; SLOTS],
    pub terms: [Term; OUTPUTS],
    pub provenance: BTreeMap<String, Provenance>,
    pub warnings: Vec<Warning>,
    /// The shared effects on efficiency and grid are those that several disclosures leave.
    pub conditioned: bool,
    /// The scope is market-based and the row says nothing of that.
    pub location_stands_in: bool,
}

impl DraftModel {
    /// Adds the study's shared effects to the factors they name, if they are not there yet.
    pub fn add_study_effects(&mut self, study: &Study, model: &Model) {
        let kept = [Slot::Efficiency, Slot::Grid].map(|slot| self.factors[slot as usize].clone());
        shared::add_study_effects(study, model, self.tier, &mut self.factors);
        if self.conditioned {
            for (slot, draft) in [Slot::Efficiency, Slot::Grid].into_iter().zip(kept) {
                self.factors[slot as usize] = draft;
            }
        }
    }
}

/// What surrounds a model.
pub struct Context<'a> {
    pub priors: &'a Priors,
    pub study: &'a Study,
    pub by_id: &'a BTreeMap<&'a str, &'a Model>,
}

/// Which disclosure the chain starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Emissions,
    Energy,
    Hours,
    Compute,
    Derivative,
    Imputed,
}

pub(super) fn zero(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Number(x) | Value::Distribution(Distribution::Fixed(x))) if *x == 0.0)
}

fn anchor(model: &Model) -> Anchor {
    // Stated zero emissions say nothing of the energy: the chain starts as if they were not stated.
    if model.emissions_kg.is_some() && !zero(model.emissions_kg.as_ref()) {
        Anchor::Emissions
    } else if model.energy_kwh.is_some() {
        Anchor::Energy
    } else if model.gpu_hours.is_some() {
        Anchor::Hours
    } else if compute::is_known(model) {
        Anchor::Compute
    } else if compute::is_certain_derivative(model) {
        Anchor::Derivative
    } else {
        Anchor::Imputed
    }
}

/// A product under construction.
#[derive(Clone, Copy)]
pub(super) struct Product(Term);

impl Product {
    pub(super) fn new(constant: f64) -> Product {
        Product(Term { constant, powers: [0; SLOTS] })
    }

    pub(super) fn with(mut self, slot: Slot, power: i8) -> Product {
        for s in Slot::ALL {
            if s == slot
                && let Some(p) = self.0.powers.get_mut(s as usize)
            {
                *p += power;
            }
        }
        self
    }

    pub(super) fn times(mut self, constant: f64) -> Product {
        self.0.constant *= constant;
        self
    }
}

pub(super) struct Factors([Option<Draft>; SLOTS]);

impl Factors {
    pub(super) fn none() -> Factors {
        Factors(std::array::from_fn(|_| None))
    }

    pub(super) fn set(&mut self, slot: Slot, draft: Draft) {
        if let Some(place) = self.0.get_mut(slot as usize) {
            *place = Some(draft);
        }
    }

    fn get(&self, slot: Slot) -> Option<&Draft> {
        self.0.get(slot as usize).and_then(Option::as_ref)
    }
}

/// Assesses one model.
///
/// # Errors
/// Every value of the row that a needed factor cannot be looked up from.
pub fn assess_model(context: &Context<'_>, model: &Model) -> Result<DraftModel, Vec<Problem>> {
    assess_evidence(context, &evidence(context, model))
}

/// The same for a row of which it is known what counts.
pub fn assess_evidence(context: &Context<'_>, evidence: &Evidence) -> Result<DraftModel, Vec<Problem>> {
    let model = &evidence.model;
    let mut noted = evidence.warnings.clone();
    let mut problems = Vec::new();
    let exposure = Exposure { priors: context.priors, model, on: context.study.default_shared };
    let (grid, of_figure) = match &evidence.market {
        Some(Market::Figure(kg)) => {
            let (figure, tier) = basis::figure(exposure, kg);
            (Ok(figure), Some(tier))
        }
        _ => (facility::grid(exposure), None),
    };
    let pue = facility::pue(exposure);
    let core = match (&grid, several(exposure)) {
        (Ok(grid), Some((disclosures, tier))) => {
            let links = [grid.clone(), pue.clone()];
            combine::combined(context, exposure, disclosures, tier, links)
        }
        _ => core(context, exposure, anchor(model)),
    };
    let mut note = |problem| problems.push(problem);
    let (grid, core) = (grid.map_err(&mut note).ok(), core.map_err(&mut note).ok());
    let (Some(grid), Some(core)) = (grid, core) else { return Err(problems) };
    let Core { mut factors, mut outputs, tier, mut provenance, warnings } = core;
    noted.extend(warnings);
    provenance.extend(evidence.provenance.clone());
    let conditioned = factors.get(Slot::Grid).is_some();
    if !conditioned {
        factors.set(Slot::Grid, grid);
    }
    factors.set(Slot::Pue, pue);
    if let Some(market) = &evidence.market {
        let [.., energy, emissions] = &mut outputs;
        *emissions = basis::emissions(market, model, *energy, *emissions);
    }
    if context.study.scope.boundary == Boundary::It {
        let [_, it, energy, emissions] = &mut outputs;
        *energy = *it;
        *emissions = emissions.with(Slot::Pue, -1);
    }
    lineage(context, exposure, &mut factors, &mut outputs)?;
    if zero(model.emissions_kg.as_ref()) {
        let [.., emissions] = &mut outputs;
        *emissions = Product::new(0.0);
    }
    let terms = settle(model, &mut factors, outputs)?;
    for slot in Slot::ALL {
        if let Some(draft) = factors.get(slot) {
            provenance.insert(slot.factor().name().to_string(), draft.provenance.clone());
        }
    }
    let tier = of_figure.unwrap_or(tier);
    let location_stands_in = context.study.scope.basis == Basis::Market && evidence.market.is_none();
    Ok(DraftModel { tier, factors: factors.0, terms, provenance, warnings: noted, conditioned, location_stands_in })
}

/// The chain without PUE, grid and lineage.
pub(super) struct Core {
    pub(super) factors: Factors,
    /// Facility boundary, in the order of `Output`.
    pub(super) outputs: [Product; OUTPUTS],
    pub(super) tier: Tier,
    pub(super) provenance: BTreeMap<String, Provenance>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) const J_PER_KWH: f64 = 3.6e6;
pub(super) const FLOP_PER_EFLOP: f64 = 1e18;

fn core(context: &Context<'_>, exposure: Exposure<'_>, anchor: Anchor) -> Result<Core, Problem> {
    match anchor {
        Anchor::Compute | Anchor::Derivative | Anchor::Imputed => from_compute(context, exposure, anchor),
        Anchor::Hours => from_hours(exposure),
        Anchor::Energy => from_energy(exposure),
        Anchor::Emissions => from_emissions(exposure),
    }
}

/// E, G from E_IT.
fn downstream(compute: Product, it: Product) -> [Product; OUTPUTS] {
    let energy = it.with(Slot::Pue, 1);
    // 1 t is 1e6 g.
    [compute, it, energy, energy.with(Slot::Grid, 1).times(1e-6)]
}

/// The given efficiency, or the chips' one.
pub(super) fn efficiency_of(
    exposure: Exposure<'_>,
    usage: Use,
    provenance: &mut BTreeMap<String, Provenance>,
) -> Result<(Draft, bool), Problem> {
    let error = exposure.priors.ln_gsd("efficiency.given_gsd");
    if let Some(given) = &exposure.model.efficiency_flop_per_j {
        return Ok((Draft::given(given, error, "FLOP/J"), true));
    }
    let chips = chips(exposure.priors, exposure.model)?;
    provenance.insert("hardware".to_string(), chips.provenance.clone());
    let named = chips.named;
    Ok((efficiency::efficiency(exposure, &chips, usage), named))
}

/// How a row used its chips, whichever disclosure its chain starts from.
pub(super) fn usage(model: &Model) -> Use {
    if compute::is_certain_derivative(model) { usage_of_derivative(model) } else { Use::Training }
}

/// The same if the row is a derivative: a fine-tune and a distillation train all weights, the others are small jobs.
fn usage_of_derivative(model: &Model) -> Use {
    match model.relation.unwrap_or(Relation::Finetune) {
        Relation::Finetune | Relation::Distill => Use::Training,
        _ => Use::Small,
    }
}

fn from_compute(context: &Context<'_>, exposure: Exposure<'_>, anchor: Anchor) -> Result<Core, Problem> {
    let mut provenance = BTreeMap::new();
    let mut factors = Factors::none();
    let usage = usage(exposure.model);
    let (mut efficiency, named) = efficiency_of(exposure, usage, &mut provenance)?;
    let (mut compute, tier) = match (anchor, compute::known(exposure)) {
        (Anchor::Compute, Some(known)) => (known, if named { Tier::T4 } else { Tier::T4b }),
        (Anchor::Derivative, _) => own_compute(context, exposure, usage)?,
        _ => compute::imputed(exposure, context.study.imputation),
    };
    // The convention multiplies both or neither, so that energy is free of it.
    if !compute.explicit && !efficiency.explicit {
        let sd = exposure.priors.ln_gsd("efficiency.flop_convention_gsd");
        exposure.expose(&mut compute, Default::FlopConvention, sd, 1.0);
        exposure.expose(&mut efficiency, Default::FlopConvention, sd, 1.0);
    }
    factors.set(Slot::Compute, compute);
    factors.set(Slot::Efficiency, efficiency);
    let c = Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1);
    let it = Product::new(1.0 / J_PER_KWH).with(Slot::Compute, 1).with(Slot::Efficiency, -1);
    Ok(Core { factors, outputs: downstream(c, it), tier, provenance, warnings: Vec::new() })
}

fn without_chip(model: &Model) -> Model {
    let mut bare = model.clone();
    bare.labels.remove("hardware");
    bare
}

/// Incremental compute of a derivative, by the MFU that its efficiency has.
fn own_compute(context: &Context<'_>, exposure: Exposure<'_>, usage: Use) -> Result<(Draft, Tier), Problem> {
    let chips = match chips(exposure.priors, exposure.model) {
        Ok(chips) => chips,
        // With an efficiency given the chip is not needed: hours by relation are those of the year's mixture.
        Err(_) if exposure.model.efficiency_flop_per_j.is_some() => {
            chips(exposure.priors, &without_chip(exposure.model))?
        }
        Err(problem) => return Err(problem),
    };
    let mfu = efficiency::median_mfu(exposure, &chips, usage);
    let base = exposure.model.base_models.iter().find_map(|id| context.by_id.get(id.as_str())).copied();
    compute::derivative(exposure, base, &chips, mfu)
}

/// The disclosures that count, where there are several and all are plain numbers.
fn several(exposure: Exposure<'_>) -> Option<(Disclosures, Tier)> {
    let model = exposure.model;
    let plain = |value: &Option<Value>| matches!(value, Some(Value::Number(x)) if *x > 0.0);
    let stated = [&model.gpu_hours, &model.energy_kwh];
    // Zeros, and what stands as it is given, do not combine; nor do an efficiency given and hours, nor what lies on both
    // sides of a chip that is not known.
    if stated.into_iter().any(|v| v.is_some() && !plain(v))
        || model.emissions_kg.is_some() && !plain(&model.emissions_kg)
        || model.efficiency_flop_per_j.is_some()
        || chips(exposure.priors, model).is_err()
    {
        return None;
    }
    let compute = known_besides(exposure);
    if compute.as_ref().is_some_and(|c| c.explicit || c.is_zero()) {
        return None;
    }
    let (emissions, of_emissions) = figure::emissions_disclosed(exposure);
    let tier = match (&model.emissions_kg, &model.energy_kwh) {
        (Some(_), _) => of_emissions,
        (None, Some(_)) => Tier::T2,
        (None, None) => Tier::T3,
    };
    let disclosures = Disclosures {
        compute,
        hours: model.gpu_hours.is_some().then(|| figure::hours_disclosed(exposure)),
        energy: model.energy_kwh.is_some().then(|| figure::energy_disclosed(exposure)),
        emissions: model.emissions_kg.is_some().then_some(emissions),
    };
    (disclosures.count() > 1).then_some((disclosures, tier))
}

fn from_hours(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    factors.set(Slot::Reporting, figure::hours_disclosed(exposure));
    let h = Product::new(1.0).with(Slot::Reporting, 1);
    let (it, c) = behind_hours(exposure, h, 0.0, &mut factors, &mut provenance)?;
    Ok(Core { factors, outputs: downstream(c, it), tier: Tier::T3, provenance, warnings: Vec::new() })
}

/// E_IT and C from accelerator-hours `h`; `further` is a spread (ln) of the hours that has no slot of its own.
fn behind_hours(
    exposure: Exposure<'_>,
    h: Product,
    further: f64,
    factors: &mut Factors,
    provenance: &mut BTreeMap<String, Provenance>,
) -> Result<(Product, Product), Problem> {
    let chips = chips(exposure.priors, exposure.model)?;
    provenance.insert("hardware".to_string(), chips.provenance.clone());
    factors.set(Slot::Efficiency, efficiency::inverse_power(exposure, &chips, further));
    let it = h.with(Slot::Efficiency, -1).times(1e-3);
    let c = if let Some(known) = known_besides(exposure) {
        factors.set(Slot::Compute, known);
        Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1)
    } else if let Some(given) = &exposure.model.efficiency_flop_per_j {
        factors.set(Slot::Compute, Draft::given(given, exposure.priors.ln_gsd("efficiency.given_gsd"), "FLOP/J"));
        it.with(Slot::Compute, 1).times(J_PER_KWH / FLOP_PER_EFLOP)
    } else {
        factors.set(Slot::Compute, efficiency::throughput(exposure, &chips, usage(exposure.model)));
        h.with(Slot::Compute, 1).times(3600.0 / FLOP_PER_EFLOP)
    };
    Ok((it, c))
}

/// Compute stated in addition to a disclosure further down: it alone decides C.
fn known_besides(exposure: Exposure<'_>) -> Option<Draft> {
    let mut known = compute::known(exposure)?;
    if !known.explicit {
        let sd = exposure.priors.ln_gsd("efficiency.flop_convention_gsd");
        exposure.expose(&mut known, Default::FlopConvention, sd, 1.0);
    }
    Some(known)
}

/// C from E_IT where it is not stated.
fn backwards(
    exposure: Exposure<'_>,
    it: Product,
    factors: &mut Factors,
    provenance: &mut BTreeMap<String, Provenance>,
    warnings: &mut Vec<Warning>,
) -> Result<Product, Problem> {
    if let Some(known) = known_besides(exposure) {
        factors.set(Slot::Compute, known);
        return Ok(Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1));
    }
    let mut efficiency = match efficiency_of(exposure, usage(exposure.model), provenance) {
        Ok((efficiency, _)) => efficiency,
        // The energy stands without the chip; only the compute behind it needs one.
        Err(problem) => {
            let bare = without_chip(exposure.model);
            let (efficiency, _) = efficiency_of(Exposure { model: &bare, ..exposure }, usage(&bare), provenance)?;
            warnings.push(Warning {
                rule: "unknown-chip-ignored",
                place: problem.place,
                value: problem.value,
                message: format!("{}; the chips of the year are used to infer the compute", problem.message),
            });
            efficiency
        }
    };
    if !efficiency.explicit {
        let sd = exposure.priors.ln_gsd("efficiency.flop_convention_gsd");
        exposure.expose(&mut efficiency, Default::FlopConvention, sd, 1.0);
    }
    factors.set(Slot::Efficiency, efficiency);
    Ok(it.with(Slot::Efficiency, 1).times(J_PER_KWH / FLOP_PER_EFLOP))
}

fn from_energy(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    factors.set(Slot::Reporting, figure::energy_disclosed(exposure));
    let reported = Product::new(1.0).with(Slot::Reporting, 1);
    let it = if exposure.model.energy_includes_pue { reported.with(Slot::Pue, -1) } else { reported };
    let mut warnings = Vec::new();
    let c = backwards(exposure, it, &mut factors, &mut provenance, &mut warnings)?;
    Ok(Core { factors, outputs: downstream(c, it), tier: Tier::T2, provenance, warnings })
}

fn from_emissions(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    let mut warnings = Vec::new();
    let (reporting, tier) = figure::emissions_disclosed(exposure);
    let kg = reporting.median();
    factors.set(Slot::Reporting, reporting);
    // Where the source left the overhead out, its figure is that of the IT energy.
    let overhead = i8::from(figure::without_pue(model));
    let emissions = Product::new(1e-3).with(Slot::Reporting, 1).with(Slot::Pue, overhead);
    // What else is stated decides the energies; it has the relative error of the emissions, which it was made with.
    let (it, energy, c) = if let Some(stated) = model.energy_kwh.as_ref().filter(|_| kg > 0.0) {
        let bias = LogNormal::of(stated).median * figure::meter_bias(priors, model);
        let reported = Product::new(bias / kg).with(Slot::Reporting, 1);
        let it = if model.energy_includes_pue { reported.with(Slot::Pue, -1) } else { reported };
        (it, it.with(Slot::Pue, 1), backwards(exposure, it, &mut factors, &mut provenance, &mut warnings)?)
    } else if let Some(hours) = &model.gpu_hours {
        let hours = LogNormal::of(hours);
        let further = quadrature(hours.ln_sd, priors.ln_gsd("hours.gsd"));
        let (it, c) = behind_hours(exposure, Product::new(hours.median), further, &mut factors, &mut provenance)?;
        (it, it.with(Slot::Pue, 1), c)
    } else {
        // kg / (g/kWh) = 1,000 kWh
        let energy = Product::new(1e3).with(Slot::Reporting, 1).with(Slot::Grid, -1).with(Slot::Pue, overhead);
        let it = energy.with(Slot::Pue, -1);
        (it, energy, backwards(exposure, it, &mut factors, &mut provenance, &mut warnings)?)
    };
    Ok(Core { factors, outputs: [c, it, energy, emissions], tier, provenance, warnings })
}

/// The factor of all outputs that says how much of the run is counted: whether it is one at all, and the development
/// multiplier.
fn lineage(
    context: &Context<'_>,
    exposure: Exposure<'_>,
    factors: &mut Factors,
    outputs: &mut [Product; OUTPUTS],
) -> Result<(), Vec<Problem>> {
    let (priors, model) = (exposure.priors, exposure.model);
    let guessed = model.base_probability.filter(|p| *p > 0.0 && *p < 1.0);
    let development = context.study.scope.run == Run::Development;
    let (base, tune) = (development_prior(model), "development.finetune");
    let multiplier = |derivative: bool| {
        let name = if derivative { tune } else { base };
        if development { priors.distribution(name) } else { Distribution::Fixed(1.0) }
    };
    let mut draft = if let Some(p) = guessed {
        let whole = outputs.first().map_or(0.0, |c| mean(context, factors, c));
        let (mut own, _) = own_compute(context, exposure, usage_of_derivative(model)).map_err(|p| vec![p])?;
        // The convention acts on either branch.
        exposure.expose(&mut own, Default::FlopConvention, priors.ln_gsd("efficiency.flop_convention_gsd"), 1.0);
        let mut alone = Factors::none();
        alone.set(Slot::Compute, own);
        let own = mean(context, &alone, &Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1));
        let ratio = if whole > 0.0 { eighth_octave(own / whole).min(1.0) } else { 1.0 };
        if ratio >= 1.0 && !development {
            return Ok(());
        }
        let how = format!(
            "a training run of its own with probability {p}, else a derivative with {ratio:.3e} of the compute (ratio of means){}",
            if development { "; times the development multiplier" } else { "" }
        );
        let source = "base_probability of the models file".to_string();
        let parts = vec![(p, multiplier(false)), (1.0 - p, scaled(&multiplier(true), ratio))];
        Draft::new(Distribution::Mixture(parts), Provenance { kind: Kind::Guessed, how, source, chosen: true })
    } else if development {
        let derivative = compute::is_certain_derivative(model);
        let name = if derivative { tune } else { base };
        Draft::new(multiplier(derivative), priors.provenance(name, "development multiplier: all runs / final run"))
    } else {
        return Ok(());
    };
    draft.provenance.chosen |= guessed.is_some();
    factors.set(Slot::Lineage, draft);
    for output in outputs {
        *output = output.with(Slot::Lineage, 1);
    }
    Ok(())
}

/// `d · k`, where k may be 0.
fn scaled(d: &Distribution, k: f64) -> Distribution {
    if k > 0.0 { d.scaled(k) } else { Distribution::Fixed(0.0) }
}

fn development_prior(model: &Model) -> &'static str {
    let reasoning =
        model.labels.get("reasoning").is_some_and(|t| matches!(t.to_lowercase().as_str(), "yes" | "true" | "1"));
    if reasoning && model.date.is_some_and(|d| d.year >= 2025) { "development.reasoning" } else { "development.base" }
}

/// Mean of an output, with the default shared effects; a factor whose moment is infinite stands at its median.
fn mean(context: &Context<'_>, factors: &Factors, product: &Product) -> f64 {
    let mut value = product.0.constant;
    let mut weights: BTreeMap<EffectKey, f64> = BTreeMap::new();
    for (slot, power) in Slot::ALL.into_iter().zip(product.0.powers) {
        let Some(draft) = factors.get(slot).filter(|_| power != 0) else { continue };
        let moment = raw_moment(&draft.distribution, i32::from(power)).filter(|m| m.is_finite());
        value *= moment.unwrap_or_else(|| libm::pow(draft.median(), f64::from(power)));
        for (key, weight) in &draft.shared {
            *weights.entry(key.clone()).or_default() += weight * f64::from(power);
        }
    }
    for loading in shared::loadings(&weights, context.study, context.priors) {
        value *= libm::exp(0.5 * loading * loading);
    }
    value
}

/// Zero factors make zero outputs; factors that reach no output are dropped.
fn settle(model: &Model, factors: &mut Factors, outputs: [Product; OUTPUTS]) -> Result<[Term; OUTPUTS], Vec<Problem>> {
    let mut problems = Vec::new();
    let mut terms = outputs.map(|p| p.0);
    for slot in Slot::ALL {
        let Some(draft) = factors.get(slot).filter(|d| d.is_zero()) else { continue };
        let mut divides = false;
        for term in &mut terms {
            let power = term.powers.get(slot as usize).copied().unwrap_or(0);
            if power > 0 {
                *term = Term { constant: 0.0, powers: [0; SLOTS] };
            } else if power < 0 && term.constant > 0.0 {
                divides = true;
            }
        }
        if divides {
            problems.push(Problem {
                place: column(model, slot.factor().name()),
                value: "0".to_string(),
                message: format!(
                    "{} of 0 ({}) would have to be divided by; leave it empty or give the energy",
                    slot.factor().name(),
                    draft.provenance.how
                ),
            });
        }
    }
    for term in &mut terms {
        if term.constant == 0.0 {
            term.powers = [0; SLOTS];
        }
        if !term.constant.is_finite() {
            problems.push(Problem {
                place: column(model, "id"),
                value: model.id.clone(),
                message: "the product of this row's values is too large for a number; check their units".to_string(),
            });
        }
    }
    for slot in Slot::ALL {
        let used = Output::ALL.iter().zip(&terms).any(|(_, t)| t.powers.get(slot as usize).is_some_and(|p| *p != 0));
        if !used && let Some(place) = factors.0.get_mut(slot as usize) {
            *place = None;
        }
    }
    if problems.is_empty() { Ok(terms) } else { Err(problems) }
}
