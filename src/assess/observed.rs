//! Disclosures as observations of the unknowns of a chain, and how far they are from each other.
//!
//! Disclosures further apart than three standard deviations are warned of, and their errors inflated until they differ
//! by one (Birge 1932, doi:10.1103/PhysRev.40.207): the error of one alone where a third disclosure bears the other out.

use super::context::Context;
use super::described::loadings;
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
    /// Variance of the links between them and of the shared parts.
    link: f64,
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
    let shared: f64 = loadings(&loads, context.study, context.priors).into_iter().map(|l| l * l).sum();
    let link = expected.sd * expected.sd + shared;
    let ln = second.error.mean - first.error.mean - expected.mean;
    let errors = first.error.sd * first.error.sd + second.error.sd * second.error.sd;
    Apart { ln, link, sds: ln.abs() / (link + errors).sqrt() }
}

/// Warns of neighbours that are too far apart, and inflates their errors: of both, or of one where a third observation
/// bears the other out.
pub fn disagreements(
    context: &Context<'_>,
    model: &Model,
    priors: &[Normal; UNKNOWNS],
    all: &mut [Observed],
) -> Vec<Warning> {
    let borne_out = |k: usize, without: usize| {
        let others = (0..all.len()).filter(|l| *l != k && *l != without);
        others.into_iter().any(|l| apart(context, priors, &all[l.min(k)], &all[l.max(k)]).sds <= DISAGREE)
    };
    let mut warnings = Vec::new();
    let mut inflation = vec![1.0f64; all.len()];
    for i in 1..all.len() {
        let (first, second) = (&all[i - 1], &all[i]);
        let apart = apart(context, priors, first, second);
        let errors = [first, second].map(|observed| observed.error.sd * observed.error.sd);
        if apart.sds <= DISAGREE || errors[0] + errors[1] <= 0.0 {
            continue;
        }
        let by = inflations(&apart, errors, [borne_out(i - 1, i), borne_out(i, i - 1)]);
        inflation[i - 1] = inflation[i - 1].max(by[0]);
        inflation[i] = inflation[i].max(by[1]);
        warnings.push(warning(model, first, second, &apart, errors, by));
    }
    for (observed, factor) in all.iter_mut().zip(inflation) {
        observed.error.sd *= factor.sqrt();
    }
    warnings
}

/// What the variances of two observations have to be multiplied by for them to be one standard deviation apart.
fn inflations(apart: &Apart, [a, b]: [f64; 2], borne_out: [bool; 2]) -> [f64; 2] {
    let square = apart.ln * apart.ln;
    match borne_out {
        [true, false] if b > 0.0 => [1.0, ((square - apart.link - a) / b).max(1.0)],
        [false, true] if a > 0.0 => [((square - apart.link - b) / a).max(1.0), 1.0],
        _ => [((square - apart.link) / (a + b)).max(1.0); 2],
    }
}

fn warning(
    model: &Model,
    first: &Observed,
    second: &Observed,
    apart: &Apart,
    [a, b]: [f64; 2],
    [of_first, of_second]: [f64; 2],
) -> Warning {
    let larger = |what: &str| format!(", {what} with a larger error, since the rest of the row supports the other");
    let used = match (of_first > 1.0, of_second > 1.0) {
        (true, false) => larger(first.what),
        (false, true) => larger(second.what),
        _ => ", with larger errors".to_string(),
    };
    Warning {
        rule: "disclosures-disagree",
        place: column(model, second.column),
        value: second.stated.map_or(String::new(), shown),
        message: format!(
            "{} {:.3} times what {} would lead to, {:.1} standard deviations off; both are used{used} (GSD {:.2} and \
             {:.2})",
            second.what,
            libm::exp(apart.ln),
            first.what,
            apart.sds,
            libm::exp((a * of_first).sqrt()),
            libm::exp((b * of_second).sqrt()),
        ),
    }
}
