//! The masked sum: hide the compute of every model that states it, and see whether the sum comes back.
//!
//! Every base model of a list whose compute is known loses its compute, tokens, hours and energy; what `assess` imputes
//! for it (tier 5 by size and date, tier 6 without a size) is drawn for all of them together, with the effect that an
//! organisation's models share. The sum passes if its central 95 % interval holds the true sum and its mean is within a
//! factor of 1.5 of it.
//!
//! By folds: the priors of training length were derived from Epoch's models, so each organisation is predicted once more
//! with the median and the spread of every era derived without it: the shipped value times the change that leaving the
//! organisation out makes to the era's median (and to its standard deviation) in `fixtures/open_weights.csv`. The exponents
//! on size stay as shipped. All models are hidden together, so that none informs the shared effects of another; global
//! effects, which the other organisations' rows could inform by folds, do not act on training length.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::scores;
use crate::assess::era::Era;
use crate::assess::priors::{Priors, set};
use crate::assess::stated::{EPOCHS_CONVENTION, active_parameters, positive, published_flop, without_compute};
use crate::assess::{self, Assessment, Output};
use crate::compile::compile;
use crate::portfolio::cell::{Files, NoFiles};
use crate::portfolio::{Model, Place, Portfolio, Problem, Problems, Study, models_file};
use crate::run::{RunError, Sampler};

/// A list to be tested.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedList {
    /// As shown to the reader.
    pub name: String,
    /// Its rows.
    pub models: Vec<Model>,
    /// Only rows that name their row of Epoch (column `epoch_model`), where the list has such a column.
    pub found_in_epoch: bool,
}

/// What became of one list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskedSum {
    /// Name of the list, as shown to the reader.
    pub name: String,
    /// Models that take part: base models that state their compute.
    pub models: usize,
    /// Number of their organisations.
    pub organizations: usize,
    /// Of which tier 5 and tier 6.
    pub tier_5: usize,
    /// Models imputed in tier 6.
    pub tier_6: usize,
    /// Sum of the compute that they state, in EFLOP.
    pub true_eflop: f64,
    /// With the priors of the program.
    pub shipped: Imputed,
    /// With priors derived without the organisation, for each of them.
    pub folds: Imputed,
    /// Whether both pass.
    pub pass: bool,
}

/// The predictive distribution of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Imputed {
    /// Mean, in EFLOP.
    pub mean_eflop: f64,
    /// Median, in EFLOP.
    pub median_eflop: f64,
    /// Central 95 % interval, in EFLOP.
    pub interval_95: [f64; 2],
    /// Mean / true sum.
    pub ratio: f64,
    /// Whether the interval holds the true sum.
    pub inside: bool,
    /// Whether it does, and the mean is within [`FACTOR`] of the true sum.
    pub pass: bool,
}

/// Largest factor between the mean and the true sum.
pub const FACTOR: f64 = 1.5;
/// Models that an era needs without the organisation, to be derived again.
const FEWEST: usize = 8;
const OPEN_WEIGHTS: &str = include_str!("../../fixtures/open_weights.csv");
const HUB_MODELS: &str = include_str!("../../fixtures/hub_models.csv");
fn embedded(text: &str) -> Vec<Model> {
    // The files are part of the program and its tests; no input leads here.
    models_file::read(Path::new("fixtures"), text.as_bytes(), &NoFiles).map_or(Vec::new(), |f| f.models)
}

static OPEN: LazyLock<Vec<Model>> = LazyLock::new(|| embedded(OPEN_WEIGHTS));

/// The two lists that come with the program.
pub fn shipped_lists() -> Vec<MaskedList> {
    vec![
        MaskedList { name: "open weights (Epoch AI)".into(), models: OPEN.clone(), found_in_epoch: false },
        MaskedList { name: "hub bases found in Epoch".into(), models: embedded(HUB_MODELS), found_in_epoch: true },
    ]
}

/// A models file as a list; `files` has what a cell names.
///
/// # Errors
/// All problems of the file, and a list of which nothing can be hidden.
pub fn read_list(path: &Path, bytes: &[u8], files: &dyn Files) -> Result<MaskedList, Problems> {
    let models = models_file::read(path, bytes, files)?.models;
    let list = MaskedList { name: path.display().to_string(), models, found_in_epoch: false };
    if masked(&list).0.is_empty() {
        let place = Place { file: Arc::new(path.to_path_buf()), line: 0, column: String::new() };
        let message = "no base model of the file states its compute (compute_flop, or parameters and tokens), so there is no \
                       sum that could be hidden";
        return Err(Problem { place, value: String::new(), message: message.into() }.into());
    }
    Ok(list)
}

fn organization(model: &Model) -> &str {
    model.labels.get("organization").map_or("", String::as_str)
}

/// The models that take part, without what would tell their compute, and the sum of what they state in EFLOP.
fn masked(list: &MaskedList) -> (Vec<Model>, f64) {
    let found = |model: &&Model| !list.found_in_epoch || model.labels.contains_key("epoch_model");
    let mut hidden: Vec<(Model, f64)> = list.models.iter().filter(found).filter_map(without_compute).collect();
    // In one order, whatever that of the file: sums of floats depend on it.
    hidden.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let sum = hidden.iter().map(|(_, eflop)| eflop).sum();
    (hidden.into_iter().map(|(model, _)| model).collect(), sum)
}

/// Era and ln(tokens) less the shipped exponent's part, of each open-weight model that the priors could be derived from.
static TOKENS: LazyLock<Vec<(Era, String, f64)>> = LazyLock::new(|| {
    let priors = Priors::defaults();
    let residual = |model: &Model| {
        let n = active_parameters(model).and_then(positive)?;
        let (flop, era) = (published_flop(model)?, Era::of(model.date?.year));
        let exponent = priors.number(era.priors().exponent);
        let tokens = libm::log(flop / (EPOCHS_CONVENTION * n)) - exponent * libm::log(n / 10e9);
        Some((era, organization(model).to_string(), tokens))
    };
    OPEN.iter().filter_map(residual).collect()
});

fn sd(values: &[f64]) -> f64 {
    let mean = scores::mean(values).unwrap_or(0.0);
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
}

/// Priors of training length without an organisation.
fn study_without(organization: &str) -> Study {
    let priors = Priors::defaults();
    let mut study = Study { learn: false, ..Study::default() };
    for era in Era::ALL {
        let of = |left_out: bool| -> Vec<f64> {
            let kept = TOKENS.iter().filter(|(e, o, _)| *e == era && !(left_out && o == organization));
            kept.map(|(.., ln)| *ln).collect()
        };
        let (all, others) = (of(false), of(true));
        if others.len() < FEWEST || others.len() == all.len() {
            continue;
        }
        let name = era.priors().tokens;
        let shipped = priors.lognormal(name);
        let (Some(a), Some(b)) = (scores::median(all.clone()), scores::median(others.clone())) else { continue };
        let median = shipped.median * libm::exp(b - a);
        let gsd = libm::exp(shipped.ln_sd * sd(&others) / sd(&all).max(f64::MIN_POSITIVE));
        set(&mut study.priors, name, format!("lognormal({median:e}, {})", gsd.max(1.0)));
    }
    study
}

fn assessed(models: Vec<Model>, study: Study) -> Result<Assessment, RunError> {
    Ok(assess::assess(&Portfolio::new(models, study))?)
}

/// Draws the sum of the compute.
fn imputed(assessment: &Assessment, models: &[Model], truth: f64, sampler: &Sampler<'_>) -> Result<Imputed, RunError> {
    let plan = compile(assessment).map_err(|e| Problems::from(e.at(models)))?;
    let summary = sampler.draw(&plan).map_err(|e| e.during("the masked sum"))?;
    let at = Output::Compute as usize;
    let unit = libm::ldexp(1.0, plan.unit(at));
    let mut sums: Vec<f64> =
        summary.totals.get(at).map_or(Vec::new(), |t| t.iter().map(|&n| n as f64 * unit).collect());
    sums.sort_by(f64::total_cmp);
    let mean = scores::mean(&sums).unwrap_or(f64::NAN);
    let [lo, hi] = scores::central(&sums, 0.95);
    let (ratio, inside) = (mean / truth, lo <= truth && truth <= hi);
    Ok(Imputed {
        mean_eflop: mean,
        median_eflop: scores::quantile(&sums, 0.5),
        interval_95: [lo, hi],
        ratio,
        inside,
        pass: inside && (1.0 / FACTOR..=FACTOR).contains(&ratio),
    })
}

/// Tests one list.
///
/// # Errors
/// A list that cannot be assessed or drawn, or in which no base model states its compute.
pub fn masked_sum(list: &MaskedList, sampler: &Sampler<'_>) -> Result<MaskedSum, RunError> {
    let (models, truth) = masked(list);
    if models.is_empty() {
        return Err(RunError::Failed(format!("{}: no base model states its compute", list.name)));
    }
    // The figures of all these models are hidden, from each other too.
    let whole = assessed(models.clone(), Study { learn: false, ..Study::default() })?;
    let shipped = imputed(&whole, &models, truth, sampler)?;
    let organizations: BTreeSet<&str> = models.iter().map(organization).collect();
    let mut parts = Vec::new();
    for organization_left_out in &organizations {
        let own = models.iter().filter(|m| organization(m) == *organization_left_out).cloned().collect();
        parts.push(assessed(own, study_without(organization_left_out))?);
    }
    let joint = Assessment::joined(parts).unwrap_or_else(|| whole.clone());
    let folds = imputed(&joint, &models, truth, sampler)?;
    let of_tier = |tier: assess::Tier| whole.models.iter().filter(|m| m.tier == tier).count();
    Ok(MaskedSum {
        name: list.name.clone(),
        models: models.len(),
        organizations: organizations.len(),
        tier_5: of_tier(assess::Tier::T5),
        tier_6: of_tier(assess::Tier::T6),
        true_eflop: truth,
        shipped,
        folds,
        pass: shipped.pass && folds.pass,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "id,organization,date,parameters,compute_flop,tokens,base_model\n\
        a,X,2024-01-01,7e9,1e23,,\nb,Y,2023-01-01,1e9,,1e12,\nc,X,2024-05-01,7e10,1e24,,\nd,Z,2024-01-01,7e9,1e23,,a\n\
        e,Z,2024-01-01,7e9,,,\n";

    fn list() -> MaskedList {
        read_list(Path::new("models.csv"), LIST.as_bytes(), &NoFiles).unwrap()
    }

    /// By hand: a, c as stated and b with 6 · 1e9 · 1e12; d is a derivative, e says nothing.
    #[test]
    fn bases_with_known_compute_take_part_and_say_nothing_of_it() {
        let (models, sum) = masked(&list());
        assert_eq!(models.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!((sum - (1e5 + 6e3 + 1e6)).abs() < 1e-6);
        let whole = assessed(models, Study::default()).unwrap();
        assert!(whole.models.iter().all(|m| m.tier == assess::Tier::T5));
    }

    /// Hidden rows are hidden from each other: with learning they say nothing, and stated they would.
    #[test]
    fn hidden_rows_inform_nothing() {
        let learning = |models: Vec<Model>, learn| assessed(models, Study { learn, ..Study::default() }).unwrap();
        let (hidden, _) = masked(&list());
        assert_eq!(learning(hidden.clone(), true), learning(hidden, false));
        let stated = list().models;
        let e = Model { labels: [("organization".to_string(), "X".to_string())].into(), ..stated[4].clone() };
        let with_e = [stated, vec![Model { id: "f".into(), ..e }]].concat();
        assert_ne!(learning(with_e.clone(), true).models, learning(with_e, false).models);
    }

    /// Put together from parts by organisation the assessment is the same, effects and all.
    #[test]
    fn parts_join_to_the_whole() {
        let (models, _) = masked(&list());
        let whole = assessed(models.clone(), Study::default()).unwrap();
        let part = |name: &str| {
            assessed(models.iter().filter(|m| organization(m) == name).cloned().collect(), Study::default()).unwrap()
        };
        let joint = Assessment::joined(vec![part("Y"), part("X")]).unwrap();
        assert_eq!((&joint.models, &joint.shared), (&whole.models, &whole.shared));
        assert_ne!(Assessment::joined(vec![part("X")]).unwrap().models, whole.models);
    }

    #[test]
    fn leaving_an_organisation_out_moves_its_eras_only() {
        let priors = |name: &str| study_without(name).priors;
        assert!(priors("nobody").is_empty());
        let meta = priors("Meta AI")["tokens"].as_table().unwrap().clone();
        assert!(meta.contains_key("in_2023") && meta.values().all(|v| v.as_str().unwrap().starts_with("lognormal(")));
        assert!(Priors::of(&study_without("Meta AI")).is_ok());
    }
}
