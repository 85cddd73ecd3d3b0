//! The stage as a whole: every row by itself, then all models with numbers for the shared effects between them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::assessment::{AssessedFactor, AssessedModel, Assessment};
use super::context::{Context, Rows};
use super::described::described;
use super::draft::DraftModel;
use super::effects::{EffectKey, Effects};
use super::evidence::Evidence;
use super::learn::{self, Lessons, Posterior};
use super::priors::Priors;
use super::provenance::{Kind, Provenance};
use super::stated::states_several;
use super::{basis, checks, row, study_effects};
use crate::portfolio::{Model, Portfolio, Problem, Problems, Study, Warning, YEAR};

/// Rows that are drafted on all cores before they are taken in.
const AT_ONCE: usize = 4096;

/// What the portfolio implies, under its study's priors, scope and shared effects.
///
/// A model's result depends on its own row, the study, the rows it names as bases, and what the rows say of the shared
/// effects that it is exposed to; on nothing else, and not on the order of rows.
///
/// # Errors
/// All problems at once: priors that do not exist or have the wrong form, scopes that are not supported, chips and
/// regions that are needed and not known, zeros that would be divided by.
pub fn assess(portfolio: &Portfolio) -> Result<Assessment, Problems> {
    let rows = by_id(portfolio);
    let mut drafts = Vec::with_capacity(rows.count());
    let Read { priors, posterior, warnings } =
        read(&portfolio.study, &rows, |model, draft| drafts.push((model, draft)))?;
    Ok(assembled(drafts, &portfolio.study, &priors, &posterior, warnings))
}

/// What all rows lead to together.
pub struct Read {
    pub priors: Priors,
    /// What they say of shared effects.
    pub posterior: Posterior,
    pub warnings: Vec<Warning>,
}

/// Goes through the rows, in the order of their ids; `take` is given each with its draft.
///
/// # Errors
/// As [`assess`].
pub fn read<'p>(study: &Study, rows: &Rows<'p>, mut take: impl FnMut(&'p Model, DraftModel)) -> Result<Read, Problems> {
    let mut problems = checks::unsupported(study);
    let priors = match Priors::of(study) {
        Ok(priors) => priors,
        Err(found) => {
            problems.extend(found);
            Priors::defaults()
        }
    };
    let context = Context { priors: &priors, study, by_id: rows };
    let mut warnings = Vec::new();
    let mut at_location = 0;
    let mut lessons = Lessons::default();
    let draft = |&model: &&'p Model| {
        let evidence = row::evidence(&context, model);
        (model, drafted(&context, model, &evidence), evidence, checks::warnings_of(&priors, model))
    };
    let block_of = |rows: &[&'p Model]| rows.par_iter().map(draft).collect::<Vec<_>>();
    let mut blocks = rows.sorted().chunks(AT_ONCE);
    let mut next = blocks.next().map(block_of);
    while let Some(block) = next.take() {
        let further = blocks.next();
        // The next ones are drafted, on all cores, while these are taken in one after the other.
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = further.map(block_of));
            for (model, draft, evidence, of_row) in block {
                match draft {
                    Ok(mut draft) => {
                        lessons.add(&context, &evidence, Some(&mut draft));
                        warnings.append(&mut draft.warnings);
                        at_location += usize::from(draft.location_stands_in);
                        take(model, draft);
                    }
                    Err(found) => problems.extend(found),
                }
                warnings.extend(of_row);
            }
        });
    }
    if !problems.is_empty() {
        // In the order of the file, whatever the order of ids.
        problems.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
        return Err(problems.into());
    }
    if at_location > 0 {
        warnings.push(basis::at_location(study, at_location, rows.count()));
    }
    let (posterior, warning) = lessons.posterior(&context);
    warnings.extend(warning);
    Ok(Read { priors, posterior, warnings })
}

/// A row's model with the study's shared effects, as they are before any row is read.
///
/// # Errors
/// As [`row::exposed`].
pub fn drafted(context: &Context<'_>, model: &Model, evidence: &Evidence) -> Result<DraftModel, Vec<Problem>> {
    let mut draft = row::exposed(context, model, evidence)?;
    learn::note_unsettled(context, evidence, &mut draft);
    Ok(draft)
}

/// What the rows say of the shared effects, for rows that are assessed otherwise than they are stated.
pub fn lessons(context: &Context<'_>) -> Lessons {
    let mut lessons = Lessons::default();
    for model in context.by_id.values() {
        let evidence = row::evidence(context, model);
        let several = states_several(&evidence.model);
        let mut draft = if several { row::exposed(context, model, &evidence).ok() } else { None };
        lessons.add(context, &evidence, draft.as_mut());
    }
    lessons
}

/// The rows by their ids.
pub fn by_id(portfolio: &Portfolio) -> Rows<'_> {
    Rows::new(&portfolio.models)
}

/// The models with numbered shared effects, as the rows inform them. `drafts` are sorted by id.
pub fn assembled(
    mut drafts: Vec<(&Model, DraftModel)>,
    study: &Study,
    priors: &Priors,
    posterior: &Posterior,
    mut warnings: Vec<Warning>,
) -> Assessment {
    warnings.extend(study_effects::idle(study, &used(&drafts)));
    drafts.par_iter_mut().for_each(|(_, draft)| {
        posterior.explain(draft);
        posterior.apply(draft);
    });
    let effects = numbered(used(&drafts), study, priors);
    let models = drafts.into_par_iter().map(|(model, draft)| assessed(model, draft, &effects)).collect();
    Assessment { models, ..frame(study, effects, warnings) }
}

/// The shared effects of these keys.
pub fn numbered<'k>(keys: impl IntoIterator<Item = &'k EffectKey>, study: &Study, priors: &Priors) -> Effects {
    Effects::sorted(keys.into_iter().filter_map(|key| described(key, study, priors)))
}

/// An assessment without its models.
pub fn frame(study: &Study, effects: Effects, warnings: Vec<Warning>) -> Assessment {
    Assessment {
        models: vec![],
        shared: effects.into_list(),
        scope: study.scope,
        warnings,
        groups_by: study.groups_by.clone(),
        further: vec![],
    }
}

fn used<'d>(drafts: &'d [(&Model, DraftModel)]) -> BTreeSet<&'d EffectKey> {
    drafts.iter().flat_map(|(_, draft)| draft.factors.iter()).flat_map(|(_, factor)| factor.shared.keys()).collect()
}

/// A draft with numbers for its shared effects.
pub fn assessed(model: &Model, draft: DraftModel, effects: &Effects) -> AssessedModel {
    let mut labels = model.labels.clone();
    labels.insert("tier", draft.tier.name());
    if let Some(year) = model.year() {
        labels.insert(YEAR, year);
    }
    AssessedModel {
        id: model.id.clone(),
        tier: draft.tier,
        factors: draft.factors.map(|factor| AssessedFactor {
            shared: effects.numbered(&factor.shared),
            distribution: factor.distribution,
            acts: factor.acts,
            provenance: factor.provenance,
        }),
        terms: draft.terms,
        further: vec![],
        labels,
        provenance: with_published(model, draft.provenance),
    }
}

/// Names the document of each published figure that the row was completed with, the day it was read, and what is to be
/// known of the run.
fn with_published(model: &Model, mut provenance: BTreeMap<String, Provenance>) -> BTreeMap<String, Provenance> {
    if !model.published.is_empty() {
        for entry in provenance.values_mut().filter(|entry| entry.kind == Kind::Disclosed) {
            entry.source = entry.source.replace("the models file", "the models file and published facts");
        }
    }
    for (column, fact) in &model.published {
        let source = format!("{}; read {}", fact.document, fact.read);
        let entry = Provenance { kind: Kind::LookedUp, how: fact.value.clone(), source, chosen: false };
        provenance.insert(format!("published {column}"), entry);
    }
    // Of one run: every figure of the row has the same note.
    if let Some(fact) = model.published.values().find(|fact| !fact.note.is_empty()) {
        let source = "the table of published facts".to_string();
        let entry = Provenance { kind: Kind::LookedUp, how: fact.note.clone(), source, chosen: false };
        provenance.insert("note on the published run".to_string(), entry);
    }
    provenance
}
