//! One figure of one run, predicted by the product from less than was published.
//!
//! The run becomes a row of a portfolio that states only what the predictor may see; `assess`, `plan` and the engine do
//! the rest. What is predicted is the figure *as published*: the source's scope is set by priors and scope of the study,
//! so that hours times the TDP stay hours times the TDP. Accelerator-hours are no output of the product; they are the ratio
//! of two rows, the run's compute and the compute of one accelerator-hour of its chips, drawn together.

use super::calibrate::{self, Point};
use super::runs_file::{Architecture, EnergyBasis, Run};
use super::{Input, Judged, Quantity, Row, regions, scores, shipped};
use crate::assess::priors::names::{self, Lognormal, Name};
use crate::assess::priors::set;
use crate::assess::{self, Output, hardware};
use crate::compile::compile;
use crate::engine::GroupSummary;
use crate::portfolio::{
    Boundary, Date, Distribution, Labels, Model, Place, Portfolio, Problem, Problems, Study, Value,
};
use crate::run::{RunError, Sampler};

/// Rounding of published figures that are made of one another (GSD): LLaMA's energies are within 1 % of their product,
/// OpenBA's within 1.2 %.
const ROUNDING: f64 = 1.03;
/// Accelerator power / TDP in a training run, measured at the accelerator (chosen).
const ACCELERATOR_LOAD: &str = "lognormal(0.8, 1.2)";
/// The TDP that a source multiplied by, over that of the chip as named (chosen).
const TDP_VARIANT: &str = "lognormal(1, 1.1)";
/// The same where the name leaves the form factor open: the table then gives the SXM module, and PCIe cards have 0.5 to
/// 0.75 of its TDP (chosen).
const TDP_OF_SOME_FORM: &str = "lognormal(0.95, 1.2)";
/// The node's power over a stated power of a chip whose TDP is not known, so that it may be either's (chosen).
const NODE_OR_CHIP: &str = "lognormal(1.15, 1.25)";
/// A stated power this near to the TDP is the TDP and no measurement (chosen).
const IS_THE_TDP: f64 = 0.05;
/// What calculators count, over hours · TDP (chosen).
const CALCULATOR: &str = "lognormal(1, 1.2)";
const K_NODE: [Lognormal; 7] = {
    use names::k_node::*;
    [H100, A100, V100, TPU_V3, TPU_V4, TPU_OTHER, GPU_OTHER]
};
const METERS: [Lognormal; 4] = {
    use names::energy::*;
    [METERED, CALCULATOR, CALCULATOR_CPU, SELF_REPORTED]
};
/// A product within this of the published figure was made of the factors.
const CIRCULAR: f64 = 0.02;

/// Whether a figure is scored.
pub enum Usable {
    /// It is not published.
    No,
    /// It is published and not scored, for this reason.
    LeftOut(&'static str),
    /// It is scored, predicted from this.
    From(Input),
}

/// What the figure is predicted from: what the file says, else the most downstream published figure above it.
pub fn usable(run: &Run, quantity: Quantity) -> Usable {
    if run.zeros.contains(&quantity) {
        return Usable::LeftOut("published as 0, which has no logarithm");
    }
    if run.published(quantity).is_none() {
        return Usable::No;
    }
    if !run.independent {
        return Usable::LeftOut("not independent");
    }
    if !run.final_run {
        return Usable::LeftOut("another scope than the final run");
    }
    if quantity == Quantity::Energy && shipped::is_behind(run, "k_node") {
        return Usable::LeftOut("its measured power set the prior of node power");
    }
    if quantity == Quantity::Emissions && run.net {
        return Usable::LeftOut("net of carbon-free energy or market-based: no property of a place");
    }
    let above: &[Input] = match quantity {
        Quantity::Hours => &[Input::Compute],
        Quantity::Energy => &[Input::Hours, Input::Compute],
        Quantity::Emissions => &[Input::Energy, Input::Hours, Input::Compute],
    };
    let is_there = |input: Input| match input {
        Input::Energy => run.energy_kwh.is_some(),
        Input::Hours => run.gpu_hours.is_some(),
        Input::Compute => run.compute().is_some(),
    };
    let asked = run.predict_from.get(&quantity).filter(|i| above.contains(i) && is_there(**i));
    match asked.or_else(|| above.iter().find(|i| is_there(**i))) {
        Some(input) => Usable::From(*input),
        None => Usable::LeftOut("nothing that it could be predicted from is published"),
    }
}

/// Whether the figure was made from what the predictor sees: as the file says, by the basis of the energy, or because
/// hours · power reproduce the energy.
pub fn circular(run: &Run, quantity: Quantity) -> bool {
    let product = || {
        let pue = if run.energy_includes_pue == Some(true) { run.pue.unwrap_or(1.0) } else { 1.0 };
        let made = run.gpu_hours? * run.power_w? / 1000.0 * pue;
        Some((made / run.energy_kwh? - 1.0).abs() <= CIRCULAR)
    };
    run.circular.contains(&quantity)
        || match quantity {
            Quantity::Hours => false,
            Quantity::Energy => run.basis.is_arithmetic() || product() == Some(true),
            Quantity::Emissions => run.basis.is_arithmetic(),
        }
}

/// A study under construction, and what had to be assumed.
struct Draft {
    study: Study,
    notes: Vec<String>,
}

impl Draft {
    fn set(&mut self, name: impl Into<Name>, value: impl Into<toml::Value>) {
        set(&mut self.study.priors, name, value);
    }

    /// Node power is what the source multiplied by: `k` × the stated power or the TDP.
    fn power(&mut self, k: impl Into<toml::Value>) {
        let k = k.into();
        for chip in K_NODE {
            self.set(chip, k.clone());
        }
        self.set(names::k_node::SHARED_GSD, 1.0);
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_string());
    }
}

/// The chips that a run names, if the table has what is needed of each.
pub fn chips(run: &Run) -> Option<Vec<&'static hardware::Chip>> {
    let found = hardware::find_all(&run.hardware).ok()?;
    found.iter().all(|c| c.tdp_w.is_some() && c.peak_flops.is_some()).then_some(found)
}

fn year(run: &Run) -> Option<i32> {
    run.date.get(..4).and_then(|y| y.parse().ok()).filter(|y| (1990..=2100).contains(y))
}

/// The run's place, if a grid is known for it.
pub fn region(run: &Run) -> Option<String> {
    regions::place(&run.region, year(run).unwrap_or(2024))
}

/// The part of the row that says what was trained where, on what.
fn described(run: &Run, draft: &mut Draft) -> Model {
    let mut labels = Labels::new();
    if !run.organization.is_empty() {
        labels.insert("organization", run.organization.clone());
    }
    if run.architecture == Architecture::EncoderDecoder {
        labels.insert("architecture", "encdec");
    }
    if chips(run).is_some() {
        labels.insert("hardware", run.hardware.clone());
    } else {
        draft.note("chip not known: mixture of its year");
    }
    let year = year(run);
    if let Some(region) = region(run) {
        labels.insert("region", region);
    } else if !run.region.is_empty() {
        draft.note("region not known: grid unknown");
    }
    Model {
        id: run.name.clone(),
        place: run.place.clone(),
        labels,
        date: year.map(|year| Date { year, month: None, day: None }),
        // Only its size: the MFU of large models is higher. Without tokens it states no compute.
        active_parameters: run.active().map(Value::Number),
        ..Model::default()
    }
}

fn with_compute(mut model: Model, run: &Run) -> Model {
    match run.training_flop {
        Some(flop) => model.compute_flop = Some(Value::Number(flop)),
        None => model.tokens = run.tokens.map(Value::Number),
    }
    model
}

/// What a stated power is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stated {
    No,
    /// The chip's TDP, which says nothing about what the run drew.
    Tdp,
    /// A figure of its own, which the source measured or assumed.
    Own,
    /// The TDP is not known.
    Unclear,
}

fn stated(run: &Run) -> Stated {
    let Some(watts) = run.power_w else { return Stated::No };
    let Some(chips) = chips(run) else { return Stated::Unclear };
    let is = |tdp: f64| (watts / tdp - 1.0).abs() <= IS_THE_TDP;
    if chips.iter().filter_map(|c| c.tdp_w).any(is) { Stated::Tdp } else { Stated::Own }
}

/// What the energy figure, or the energy behind the emissions, was made of.
fn from_hours(run: &Run, model: &mut Model, draft: &mut Draft) {
    model.gpu_hours = run.gpu_hours.map(Value::Number);
    model.power_w = run.power_w.map(Value::Number);
    match (run.basis, stated(run)) {
        (EnergyBasis::NotStated, _) => {}
        (EnergyBasis::HoursTimesPower, Stated::No) => {
            let open = hardware::leaves_form_open(&run.hardware);
            draft.power(if open { TDP_OF_SOME_FORM } else { TDP_VARIANT });
            draft.set(names::hours::GSD, ROUNDING);
        }
        (EnergyBasis::HoursTimesPower, _) | (_, Stated::Own) => {
            draft.power(1.0);
            draft.set(names::hours::GSD, ROUNDING);
        }
        (basis, stated) => {
            if stated == Stated::Tdp {
                model.power_w = None;
                draft.note("the stated power is the TDP: not taken for a measurement");
            }
            match basis {
                EnergyBasis::Calculator => draft.power(CALCULATOR),
                EnergyBasis::GpuOnly => draft.power(ACCELERATOR_LOAD),
                _ if stated == Stated::Unclear => draft.power(NODE_OR_CHIP),
                // The whole node: the product's own prior.
                _ => {}
            }
        }
    }
}

/// Whether the energy holds the PUE, as stated; where that matters and is not, both ways with equal weight if a PUE is
/// published or the whole system was metered (chosen), else without.
fn includes_pue(run: &Run, quantity: Quantity, input: Input) -> &'static [bool] {
    let matters = quantity == Quantity::Energy || input == Input::Energy;
    match run.energy_includes_pue {
        Some(true) => &[true],
        None if matters && (run.pue.is_some() || run.basis == EnergyBasis::System) => &[true, false],
        _ => &[false],
    }
}

/// The row without what is predicted, and the scope in which it was published.
fn energy_or_emissions(run: &Run, quantity: Quantity, input: Input, includes: bool, draft: &mut Draft) -> Model {
    let mut model = described(run, draft);
    model.pue = run.pue.map(|pue| Value::from(Distribution::Fixed(pue)));
    match input {
        Input::Energy => {
            model.energy_kwh = run.energy_kwh.map(Value::Number);
            model.energy_includes_pue = includes;
            // Whatever the energy was in truth, the emissions were made of the published figure.
            for meter in METERS {
                draft.set(meter, format!("lognormal(1, {ROUNDING})"));
            }
        }
        Input::Hours => from_hours(run, &mut model, draft),
        Input::Compute => model = with_compute(model, run),
    }
    let it = match quantity {
        Quantity::Energy => !includes,
        _ => !run.emissions_include_pue.unwrap_or(run.basis != EnergyBasis::Calculator),
    };
    draft.study.scope.boundary = if it { Boundary::It } else { Boundary::Facility };
    model
}

/// Draws of the prediction's natural logarithm and the tier of the row.
fn sample(
    run: &Run,
    models: Vec<Model>,
    quantity: Quantity,
    study: Study,
    sampler: &Sampler<'_>,
) -> Result<(Vec<f64>, &'static str), RunError> {
    let assessment = assess::assess(&Portfolio::new(models, study))?;
    let plan = compile(&assessment).map_err(|e| {
        let place = Place { column: quantity.column().to_string(), ..run.place.clone() };
        Problems::from(Problem { place, value: String::new(), message: format!("it cannot be predicted: {e}") })
    })?;
    // What is not read is not drawn.
    let plan = match quantity {
        Quantity::Energy => plan.totals_only(),
        Quantity::Emissions => plan.dependent_only(),
        Quantity::Hours => plan.groups_only(),
    };
    let summary = sampler.draw(&plan).map_err(|e| e.during("the prediction"))?;
    let ln = |count: u64, unit: i32| libm::log(count as f64) + f64::from(unit) * std::f64::consts::LN_2;
    let total = |output: Output| {
        let unit = plan.unit(output as usize);
        let counts = summary.totals.get(output as usize).map_or(&[][..], Vec::as_slice);
        counts.iter().map(|&n| ln(n, unit)).collect()
    };
    let values: Vec<f64> = match quantity {
        Quantity::Energy => total(Output::Energy),
        Quantity::Emissions => total(Output::Emissions),
        // Groups are in the order of their values: "hour", then "run".
        Quantity::Hours => match (summary.groups.as_slice(), plan.groups.as_slice()) {
            (
                [GroupSummary::Kept { denominator: hour, .. }, GroupSummary::Kept { denominator: run, .. }],
                [hour_plan, run_plan],
            ) => {
                let (per_hour, whole) = (hour_plan.denominator.unit, run_plan.denominator.unit);
                run.iter().zip(hour).map(|(&c, &h): (&u64, &u64)| ln(c, whole) - ln(h, per_hour)).collect()
            }
            _ => return Err(RunError::failed("the prediction", &"no draws of both rows")),
        },
    };
    let tier = assessment.models.iter().rev().map(|m| m.tier.name()).next().unwrap_or("");
    Ok((values, tier))
}

/// The MFU priors without the families among those that they were derived from to which the run may belong.
fn leave_out(run: &Run, draft: &mut Draft) -> bool {
    let families = shipped::families(run, "mfu");
    if families.is_empty() {
        return false;
    }
    let others = calibrate::without(&points(), &families);
    for (name, value) in calibrate::fit(&others).map_or(Vec::new(), |fit| fit.priors()) {
        draft.set(name, value);
    }
    true
}

/// The name of the run's family: that of the shipped run of its name, or the one left out of its priors.
fn family(run: &Run) -> String {
    let shipped = shipped::find(&run.name).map(Run::family);
    shipped.unwrap_or_else(|| match shipped::families(run, "mfu").as_slice() {
        [one] => one.clone(),
        _ => run.family(),
    })
}

/// What the shipped MFU priors were derived from.
pub fn points() -> Vec<Point> {
    shipped::behind("mfu").filter_map(|run| Point::of(run, run.compute()?)).collect()
}

/// Predicts and scores one figure, which `usable` has found usable.
///
/// # Errors
/// A prediction that cannot be compiled or drawn, and an interruption.
pub fn row(run: &Run, quantity: Quantity, input: Input, sampler: &Sampler<'_>) -> Result<Row, RunError> {
    // Nothing is learned from a run that is to be predicted.
    let draft = || Draft { study: Study { learn: false, ..Study::default() }, notes: Vec::new() };
    let mut without_family = false;
    let (mut draws, mut tier, mut notes) = (Vec::new(), "", Vec::new());
    let ways = includes_pue(run, quantity, input);
    for &includes in ways {
        let mut draft = draft();
        without_family = input == Input::Compute && leave_out(run, &mut draft);
        let models = if quantity == Quantity::Hours {
            draft.study.groups_by = vec!["part".to_string()];
            let part = |name: &str, mut model: Model| {
                model.id = format!("{} ({name})", model.id);
                model.labels.insert("part", name);
                model
            };
            let bare = described(run, &mut draft);
            let mut hour = bare.clone();
            hour.gpu_hours = Some(Value::from(Distribution::Fixed(1.0)));
            vec![part("hour", hour), part("run", with_compute(bare, run))]
        } else {
            vec![energy_or_emissions(run, quantity, input, includes, &mut draft)]
        };
        let drawn;
        (drawn, tier) = sample(run, models, quantity, draft.study, sampler)?;
        draws.extend(drawn);
        notes = draft.notes;
    }
    if ways.len() > 1 {
        notes.push("whether the energy includes the PUE is not stated: half of the draws as if it did".to_string());
    }
    let mut sample: Vec<f64> = draws;
    sample.sort_by(f64::total_cmp);
    let published = run.published(quantity).unwrap_or(f64::NAN);
    let y = libm::log(published);
    let at_most = sample.partition_point(|x| *x <= y) as f64 / sample.len().max(1) as f64;
    let central = |level: f64| scores::central(&sample, level);
    let [lo, hi] = central(0.9);
    let values = |[lo, hi]: [f64; 2]| [libm::exp(lo), libm::exp(hi)];
    let median = scores::quantile(&sample, 0.5);
    Ok(Row {
        model: run.name.clone(),
        line: run.place.line,
        family: family(run),
        tier,
        quantity,
        from: input,
        published,
        predicted: libm::exp(median),
        interval_50: values(central(0.5)),
        interval_80: values(central(0.8)),
        interval_90: values([lo, hi]),
        interval_95: values(central(0.95)),
        inside_90: lo <= y && y <= hi,
        pit: at_most,
        error_ln: median - y,
        crps: scores::crps_of_sample(&sample, y),
        interval_score: scores::interval_score([lo, hi], 0.1, y),
        circular: circular(run, quantity),
        in_sample: without_family && shipped::is_behind(run, "mfu"),
        judged_by: if without_family { Judged::WithoutItsFamily } else { Judged::Shipped },
        distilled: run.distilled,
        notes,
    })
}
