//! Disclosures as observations of the unknowns of a chain, and how far they are from each other.
//!
//! Disclosures further apart than three standard deviations are reported as a contradiction. What becomes of them is a
//! matter of probability ([`super::odds`]).

use super::context::Context;
use super::described::shared_variance;
use super::disclosures::Disclosures;
use super::draft::Draft;
use super::lognormal::LogNormal;
use super::normal::{Normal, add, ln};
use super::stated::{column, without_pue};
use super::wording::shown;
use crate::portfolio::{Model, Warning};

/// ln C, its link to the next node, that one's to E_IT (0 where hours are not stated), ln PUE, ln(grid / 1000).
pub const UNKNOWNS: usize = 5;
/// Weights of the unknowns in the logarithm of a node.
pub type Row = [f64; UNKNOWNS];
pub const COMPUTE: Row = [1.0, 0.0, 0.0, 0.0, 0.0];
const HOURS: Row = [1.0, 1.0, 0.0, 0.0, 0.0];
pub const IT: Row = [1.0, 1.0, 1.0, 0.0, 0.0];
pub const ENERGY: Row = [1.0, 1.0, 1.0, 1.0, 0.0];
const EMISSIONS: Row = [1.0; UNKNOWNS];
/// Where the source left the overhead out.
const EMISSIONS_OF_IT: Row = [1.0, 1.0, 1.0, 0.0, 1.0];

/// How far apart disclosures may be, in standard deviations of what they should differ by.
const DISAGREE: f64 = 3.0;

/// One disclosure.
pub struct Observed {
    pub what: &'static str,
    column: &'static str,
    /// As the row has it, before any correction.
    stated: Option<f64>,
    pub row: Row,
    pub error: Normal,
}

/// What emissions of this row are in the chain.
pub fn emissions_row(model: &Model) -> Row {
    if without_pue(model) { EMISSIONS_OF_IT } else { EMISSIONS }
}

/// The disclosures of a row, from compute to emissions.
pub fn observations(model: &Model, disclosures: Disclosures) -> Vec<Observed> {
    let observed = |what, column, row, draft: Draft| {
        let mut error = ln(&draft);
        error.shared.values_mut().for_each(|weight| *weight = -*weight);
        let cell = match column {
            "gpu_hours" => &model.gpu_hours,
            "energy_kwh" => &model.energy_kwh,
            "emissions_kg" => &model.emissions_kg,
            _ => &model.compute_flop,
        };
        let stated = cell.as_ref().map(|value| LogNormal::of(value).median);
        Observed { what, column, stated, row, error }
    };
    let energy_row = if model.energy_includes_pue { ENERGY } else { IT };
    let Disclosures { compute, hours, energy, emissions } = disclosures;
    [
        compute.map(|draft| observed("compute", "compute_flop", COMPUTE, draft)),
        hours.map(|draft| observed("hours", "gpu_hours", HOURS, draft)),
        energy.map(|draft| observed("energy", "energy_kwh", energy_row, draft)),
        emissions.map(|draft| observed("emissions", "emissions_kg", emissions_row(model), draft)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How far one observation is from what another leads to.
struct Apart {
    /// ln of the one over what the other leads to.
    ln: f64,
    sds: f64,
}

fn apart(context: &Context<'_>, priors: &[Normal; UNKNOWNS], first: &Observed, second: &Observed) -> Apart {
    let mut expected = Normal::default();
    for (j, prior) in priors.iter().enumerate() {
        expected = expected.plus(&prior.clone().scaled(second.row[j] - first.row[j]), 1.0);
    }
    let mut loads = expected.shared.clone();
    add(&mut loads, &second.error.shared, 1.0);
    add(&mut loads, &first.error.shared, -1.0);
    let link = expected.sd * expected.sd + shared_variance(&loads, context.study, context.priors);
    let ln = second.error.mean - first.error.mean - expected.mean;
    let errors = first.error.sd * first.error.sd + second.error.sd * second.error.sd;
    // Two exact figures that are equal agree.
    let sds = if ln == 0.0 { 0.0 } else { ln.abs() / (link + errors).sqrt() };
    Apart { ln, sds }
}

/// What some of the disclosures are, in words.
pub fn names(of: &[usize], all: &[Observed]) -> String {
    if of.is_empty() {
        return "none of them".to_string();
    }
    of.iter().map(|&k| all[k].what).collect::<Vec<_>>().join(" and ")
}

/// The warning that disclosures contradict each other, at the first neighbours that do. `used` says what becomes of them.
pub fn contradiction(
    context: &Context<'_>,
    model: &Model,
    priors: &[Normal; UNKNOWNS],
    all: &[Observed],
    used: &str,
) -> Option<Warning> {
    let (apart, first, second) = all.windows(2).find_map(|pair| {
        let apart = apart(context, priors, &pair[0], &pair[1]);
        (apart.sds > DISAGREE).then_some((apart, &pair[0], &pair[1]))
    })?;
    Some(Warning {
        rule: "disclosures-disagree",
        place: column(model, second.column),
        value: second.stated.map_or(String::new(), shown),
        message: format!(
            "{} and {} contradict each other: {:.3} times what {} would lead to, {:.1} standard deviations off, so one of \
             the figures is wrong (a unit, a scope, a typing error); {used}. Correct the wrong one, or leave its cell empty",
            second.what,
            first.what,
            libm::exp(apart.ln),
            first.what,
            apart.sds
        ),
    })
}
