//! Carbon intensity of training compute: ATCI with its three ratios, of a portfolio and of parts of it.
//!
//! ATCI is the emissions of a set of models over their compute, in kgCO2e per EFLOP of training operations performed: a
//! ratio of sums in every draw, never a mean of the models' ratios. IT energy over compute, facility over IT energy and
//! emissions over facility energy multiply to it in every draw (`docs/method.md`, section 2). Keys of models do not
//! depend on what else there is, so that the draws of a part are those that its models have in the whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::concentration::ratio as share_of;
use super::{KG_PER_T, of_ratios, of_side};
use crate::assess::{AssessedModel, Assessment, OUTPUTS, Output};
use crate::engine::plan::Header;
use crate::engine::stats::estimate::Estimate;
use crate::engine::stats::ratio::{Side, ratios, widest_shift};
use crate::engine::{Reduce, Summary};
use crate::exact::terms::{Known, products};
use crate::portfolio::YEAR;

/// Values of one column that are listed individually, by expected compute; the rest are taken together.
pub const LARGEST: usize = 20;
/// ATCI and the three ratios that multiply to it, draw by draw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intensity {
    /// Emissions over compute, in kgCO2e/EFLOP.
    pub atci_kg_per_eflop: Estimate,
    /// IT energy over compute, in kWh/EFLOP.
    pub it_energy_kwh_per_eflop: Estimate,
    /// Facility energy over IT energy.
    pub energy_per_it_energy: Estimate,
    /// Emissions over facility energy, in kgCO2e/kWh.
    pub emissions_kg_per_kwh: Estimate,
}

/// What the ratios leave out or hold back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Draws without any compute, which have no ATCI.
    pub without_compute: u64,
    /// Draws whose ATCI is held at the ceiling.
    pub saturated: u64,
}

/// Compute, energies and emissions of some models by draw, in the order of [`Output::ALL`].
#[derive(Clone, Copy)]
pub struct Chain<'a> {
    /// Counts, each with its unit.
    pub sides: [Side<'a>; OUTPUTS],
    /// Of emissions over compute; `None`: as wide as these draws allow.
    pub ratio_shift: Option<u32>,
    /// Absolute index of the first draw.
    pub first: u64,
}

impl<'a> Chain<'a> {
    /// The totals of a run.
    pub fn of(plan: &Header, summary: &'a Summary) -> Chain<'a> {
        let side = |o: Output| Side { counts: &summary.totals[o as usize], unit: plan.unit(o as usize) };
        Chain { sides: Output::ALL.map(side), ratio_shift: Some(plan.ratio_shift), first: summary.draws.start }
    }

    fn side(&self, output: Output) -> Side<'a> {
        self.sides[output as usize]
    }
}

/// The ratios of totals.
pub fn intensity(chain: Chain<'_>, level: f64, reduce: &dyn Reduce) -> (Intensity, Counted) {
    let first = chain.first;
    let side = |output: Output| chain.side(output);
    let shift = |over: Output, under: Output| widest_shift(side(over), side(under));
    let atci_shift = chain.ratio_shift.unwrap_or_else(|| shift(Output::Emissions, Output::Compute));
    let atci = ratios(reduce, side(Output::Emissions), side(Output::Compute), atci_shift, first);
    let counted = Counted { without_compute: atci.left_out, saturated: atci.saturated };
    let part = |over: Output, under: Output, factor: f64| {
        of_ratios(ratios(reduce, side(over), side(under), shift(over, under), first), level, factor)
    };
    let intensity = Intensity {
        atci_kg_per_eflop: of_ratios(atci, level, KG_PER_T),
        it_energy_kwh_per_eflop: part(Output::ItEnergy, Output::Compute, 1.0),
        energy_per_it_energy: part(Output::Energy, Output::ItEnergy, 1.0),
        emissions_kg_per_kwh: part(Output::Emissions, Output::Energy, KG_PER_T),
    };
    (intensity, counted)
}

/// Which models of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Part {
    /// With this value in the column.
    Value(String),
    /// Without a value in the column.
    NotStated,
    /// All values but the largest: how many.
    Other(usize),
}

/// The models of one part, to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Which models these are.
    pub part: Part,
    /// Their places in the assessment, ascending.
    pub models: Vec<usize>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which models the line is about.
    pub part: Part,
    /// Number of models.
    pub models: usize,
    /// Their compute, in EFLOP.
    pub compute_eflop: Estimate,
    /// Their emissions, in t.
    pub emissions_t: Estimate,
    /// Of the mean compute of the portfolio.
    pub share: Option<f64>,
    /// Their ATCI and its three ratios.
    pub intensity: Intensity,
}

impl Row {
    /// From the draws of so many models. `compute_eflop` is the mean compute of the portfolio.
    pub fn new(
        part: Part,
        models: usize,
        chain: Chain<'_>,
        level: f64,
        reduce: &dyn Reduce,
        compute_eflop: Option<f64>,
    ) -> Row {
        let kept = |output: Output| of_side(reduce, chain.side(output), chain.first, level);
        let compute = kept(Output::Compute);
        Row {
            part,
            models,
            share: share_of(compute.mean, compute_eflop.or(compute.mean)),
            compute_eflop: compute,
            emissions_t: kept(Output::Emissions),
            intensity: intensity(chain, level, reduce).0,
        }
    }
}

/// The value of a column for one model.
pub fn value<'m>(model: &'m AssessedModel, column: &str) -> Option<&'m str> {
    model.labels.stated(column)
}

/// The parts of a portfolio by a column, largest expected compute first, years in order: at most [`LARGEST`] values, what has none, and
/// the other values together.
pub fn split(assessment: &Assessment, column: &str) -> Vec<Split> {
    let compute = expected_compute(assessment);
    let mut sizes: BTreeMap<Option<&str>, (f64, usize)> = BTreeMap::new();
    for (model, compute) in assessment.models.iter().zip(&compute) {
        let (sum, models) = sizes.entry(value(model, column)).or_default();
        *sum += compute;
        *models += 1;
    }
    let mut values: Vec<(&str, (f64, usize))> = sizes.iter().filter_map(|(v, &size)| Some(((*v)?, size))).collect();
    values.sort_by(|(a, (x, m)), (b, (y, n))| y.total_cmp(x).then(n.cmp(m)).then(a.cmp(b)));
    // A lone value beyond the limit takes no more room than the line that would stand for it.
    let listed = if values.len() > LARGEST + 1 { LARGEST } else { values.len() };
    // Years read best in their order.
    if column == YEAR
        && let Some(largest) = values.get_mut(..listed)
    {
        largest.sort_by_key(|&(v, _)| v);
    }
    let (largest, others) = values.split_at(listed);
    let is_other: BTreeSet<&str> = others.iter().map(|&(v, _)| v).collect();
    let mut parts: Vec<Split> =
        largest.iter().map(|&(v, _)| Split { part: Part::Value(v.to_string()), models: vec![] }).collect();
    let place: HashMap<&str, usize> = largest.iter().map(|&(v, _)| v).zip(0..).collect();
    let (mut other, mut not_stated) = (vec![], vec![]);
    for (m, model) in assessment.models.iter().enumerate() {
        match value(model, column) {
            None => not_stated.push(m),
            Some(v) if is_other.contains(v) => other.push(m),
            Some(v) => place.get(v).and_then(|&k| parts.get_mut(k)).into_iter().for_each(|part| part.models.push(m)),
        }
    }
    parts.push(Split { part: Part::Other(others.len()), models: other });
    parts.push(Split { part: Part::NotStated, models: not_stated });
    parts.retain(|part| !part.models.is_empty());
    parts
}

/// Exact mean compute by model; all 0 where a factor has no finite mean, so that the number of models decides.
fn expected_compute(assessment: &Assessment) -> Vec<f64> {
    let mut means = vec![0.0; assessment.models.len()];
    let of_compute = assessment.as_emissions(Output::Compute);
    if let Some(Ok(products)) = of_compute.map(|compute| products(&compute, &mut Known::default())) {
        for product in products {
            means[product.model] += product.mean_t;
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::example;

    #[test]
    fn three_ratios_multiply_to_atci() {
        // Every draw of the example has E_IT = C·0.4 kWh/EFLOP, E = E_IT·1.25, G = E·0.5 kg/kWh.
        let (_, plan, summary, _) = example::proportional(2_000);
        let (found, counted) = intensity(Chain::of(&plan, &summary), 0.95, &Host);
        let close = |e: &Estimate, want: f64| (e.median.unwrap_or(0.0) / want - 1.0).abs() < 1e-6;
        assert!(close(&found.atci_kg_per_eflop, 0.25) && !close(&found.atci_kg_per_eflop, 0.2501), "{found:?}");
        assert!(close(&found.it_energy_kwh_per_eflop, 0.4));
        assert!(close(&found.energy_per_it_energy, 1.25) && close(&found.emissions_kg_per_kwh, 0.5));
        assert_eq!(counted, Counted { without_compute: 0, saturated: 0 });
    }

    fn labelled(values: &[(&str, &str)]) -> Assessment {
        let (mut assessment, ..) = example::lognormal(values.len(), 1);
        for (model, (column, value)) in assessment.models.iter_mut().zip(values) {
            model.labels.insert(*column, value);
        }
        assessment
    }

    #[test]
    fn every_model_is_in_one_part() {
        let names: Vec<String> = (0..30).map(|k| format!("v{}", k % 25)).collect();
        let mut values: Vec<(&str, &str)> = names.iter().map(|n| ("place", n.as_str())).collect();
        values.push(("elsewhere", "x"));
        let assessment = labelled(&values);
        let parts = split(&assessment, "place");
        assert_eq!(parts.len(), LARGEST + 2);
        assert_eq!(parts[LARGEST].part, Part::Other(5));
        assert_eq!(parts[LARGEST + 1].part, Part::NotStated);
        let mut models: Vec<usize> = parts.iter().flat_map(|p| &p.models).copied().collect();
        models.sort();
        assert_eq!(models, (0..assessment.models.len()).collect::<Vec<_>>());
        // One more than the limit is listed individually.
        let some: Vec<(&str, &str)> = values[..21].to_vec();
        assert!(split(&labelled(&some), "place").iter().all(|p| !matches!(p.part, Part::Other(_))));
        // By expected compute, largest first.
        let compute = expected_compute(&assessment);
        let sizes: Vec<f64> = parts[..LARGEST].iter().map(|p| p.models.iter().map(|&m| compute[m]).sum()).collect();
        assert!(sizes.windows(2).all(|w| w[0] >= w[1]), "{sizes:?}");
    }
}
