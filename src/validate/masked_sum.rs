//! The masked sum: hide the compute of every model that states it, and see whether the sum comes back.
//!
//! Every base model of a list whose compute is known loses its compute, tokens, hours and energy; what `assess` imputes
//! for it (tier 5 by size and date, tier 6 without a size) is drawn for all of them together, with the effect that an
//! organisation's models share. The sum passes if its central 95 % interval holds the true sum and its mean is within a
//! factor of 1.5 of it.
//!
//! By folds: the priors of training length were fitted to such models, so each organisation is predicted once more with
//! priors fitted without it ([`super::tokens`]): level, slope and spread of every era, their own uncertainty, and the share
//! that is an organisation's. All models are hidden together, so that none informs the shared effects of another. From the
//! same draws, by folds, comes the probability integral transform of every masked model ([`super::pit`]).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::pit::{Histogram, MaskedModel};
use super::{scores, tokens};
use crate::assess::priors::set;
use crate::assess::stated::without_compute;
use crate::assess::{self, Assessment, Output};
use crate::compile::compile;
use crate::engine::stats::single::at_most;
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
    /// Where the truth lies in the distribution that each model was given by folds; `None` if no model has one.
    pub pit: Option<Histogram>,
    /// The models, by id.
    pub masked_models: Vec<MaskedModel>,
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
const OPEN_WEIGHTS: &str = include_str!("../../fixtures/open_weights.csv");
const HUB_MODELS: &str = include_str!("../../fixtures/hub_models.csv");

/// The models of a file that is part of the program.
pub(super) fn embedded(text: &str) -> Vec<Model> {
    // The files are part of the program and its tests; no input leads here.
    models_file::read(Path::new("fixtures"), text.as_bytes(), &NoFiles).map_or(Vec::new(), |f| f.models)
}

/// The two lists that come with the program.
pub fn shipped_lists() -> Vec<MaskedList> {
    vec![
        MaskedList { name: "open weights (Epoch AI)".into(), models: embedded(OPEN_WEIGHTS), found_in_epoch: false },
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
    model.labels.get("organization").unwrap_or("")
}

/// The models that take part, without what would tell their compute, and what they state in EFLOP.
fn masked(list: &MaskedList) -> (Vec<Model>, Vec<f64>) {
    let found = |model: &&Model| !list.found_in_epoch || model.labels.contains_key("epoch_model");
    let mut hidden: Vec<(Model, f64)> = list.models.iter().filter(found).filter_map(without_compute).collect();
    // In one order, whatever that of the file: sums of floats depend on it.
    hidden.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    hidden.into_iter().unzip()
}

/// Priors of training length without an organisation.
fn study_without(organization: &str) -> Study {
    let mut study = Study { learn: false, ..Study::default() };
    for (name, value) in tokens::priors_without(organization) {
        set(&mut study.priors, name, value);
    }
    study
}

fn assessed(models: Vec<Model>, study: Study) -> Result<Assessment, RunError> {
    Ok(assess::assess(&Portfolio::new(models, study))?)
}

/// Draws the sum of the compute and, with `single`, says where each model's own truth lies in what was drawn for it.
fn imputed(
    assessment: &Assessment,
    models: &[Model],
    truths: &[f64],
    single: bool,
    sampler: &Sampler<'_>,
) -> Result<(Imputed, Vec<Option<f64>>), RunError> {
    let truth: f64 = truths.iter().sum();
    // What single models are binned by.
    let of_compute = assessment
        .as_emissions(Output::Compute)
        .ok_or_else(|| RunError::Failed("the masked sum: the models have no compute of their own".to_string()))?;
    let plan = compile(&of_compute).map_err(|e| Problems::from(e.at(models)))?;
    let plan = if single { plan.dependent_by_model() } else { plan.dependent_only() };
    let summary = sampler.draw(&plan).map_err(|e| e.during("the masked sum"))?;
    let at = plan.headline;
    let unit = libm::ldexp(1.0, plan.unit(at));
    let mut sums: Vec<f64> =
        summary.totals.get(at).map_or(Vec::new(), |t| t.iter().map(|&n| n as f64 * unit).collect());
    sums.sort_by(f64::total_cmp);
    let mean = scores::mean(&sums).unwrap_or(f64::NAN);
    let [lo, hi] = scores::central(&sums, 0.95);
    let (ratio, inside) = (mean / truth, lo <= truth && truth <= hi);
    let drawn = summary.models.iter().zip(&plan.models).zip(truths);
    let pits = drawn.map(|((drawn, model), &truth)| at_most(&drawn.headline, model.headline, truth)).collect();
    let sum = Imputed {
        mean_eflop: mean,
        median_eflop: scores::quantile(&sums, 0.5),
        interval_95: [lo, hi],
        ratio,
        inside,
        pass: inside && (1.0 / FACTOR..=FACTOR).contains(&ratio),
    };
    Ok((sum, pits))
}

/// The models with their transforms; all of them by id.
fn masked_models(whole: &Assessment, models: &[Model], truths: &[f64], pits: &[Option<f64>]) -> Vec<MaskedModel> {
    let rows = whole.models.iter().zip(models).zip(truths).zip(pits);
    rows.map(|(((assessed, model), &true_eflop), &pit)| MaskedModel {
        id: model.id.clone(),
        organization: organization(model).to_string(),
        tier: assessed.tier.name(),
        true_eflop,
        pit,
    })
    .collect()
}

/// Tests one list.
///
/// # Errors
/// A list that cannot be assessed or drawn, or in which no base model states its compute.
pub fn masked_sum(list: &MaskedList, sampler: &Sampler<'_>) -> Result<MaskedSum, RunError> {
    let (models, truths) = masked(list);
    if models.is_empty() {
        return Err(RunError::Failed(format!("{}: no base model states its compute", list.name)));
    }
    // The figures of all these models are hidden, from each other too.
    let whole = assessed(models.clone(), Study { learn: false, ..Study::default() })?;
    let (shipped, _) = imputed(&whole, &models, &truths, false, sampler)?;
    let organizations: BTreeSet<&str> = models.iter().map(organization).collect();
    let without = |left_out: &&str| {
        let own = models.iter().filter(|m| organization(m) == *left_out).cloned().collect();
        assessed(own, study_without(left_out))
    };
    let parts: Vec<Assessment> = organizations.par_iter().map(without).collect::<Result<_, _>>()?;
    let joint = Assessment::joined(parts).unwrap_or_else(|| whole.clone());
    let (folds, pits) = imputed(&joint, &models, &truths, true, sampler)?;
    let known: Vec<f64> = pits.iter().copied().flatten().collect();
    let of_tier = |tier: assess::Tier| whole.models.iter().filter(|m| m.tier == tier).count();
    Ok(MaskedSum {
        name: list.name.clone(),
        models: models.len(),
        organizations: organizations.len(),
        tier_5: of_tier(assess::Tier::T5),
        tier_6: of_tier(assess::Tier::T6),
        true_eflop: truths.iter().sum(),
        shipped,
        folds,
        pass: shipped.pass && folds.pass,
        pit: Histogram::of(&known, organizations.len()),
        masked_models: masked_models(&whole, &models, &truths, &pits),
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
        let (models, truths) = masked(&list());
        let sum: f64 = truths.iter().sum();
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

    /// "nobody" has trained nothing; Meta AI's priors are fitted again, and can be read.
    #[test]
    fn an_organisation_is_predicted_without_itself() {
        use crate::assess::priors::Priors;
        assert!(study_without("nobody").priors.is_empty());
        let meta = study_without("Meta AI");
        let tokens = meta.priors["tokens"].as_table().unwrap();
        assert!(tokens.contains_key("in_2023") && tokens.contains_key("in_2023_exponent_loadings"));
        assert_ne!(Priors::of(&meta).unwrap(), Priors::defaults());
    }
}
