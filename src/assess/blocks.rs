//! The stage for portfolios whose models are not held: they are assessed again whenever they are asked for.
//!
//! A first pass over the rows gathers what depends on all of them: what they say of shared effects, which of these there
//! are, the groups, problems and warnings. A model is then what [`super::assess`] makes of its row, to the last digit, but
//! for the numbers of effects that no model is left exposed to.

use std::collections::BTreeSet;
use std::ops::Range;

use rayon::prelude::*;

use super::assemble::{Read, assessed, by_id, drafted, frame, numbered, read};
use super::assessment::{AssessedModel, Assessment};
use super::context::{Context, Rows};
use super::draft::DraftModel;
use super::effects::{EffectKey, Effects};
use super::learn::Posterior;
use super::priors::Priors;
use super::row;
use super::study_effects::{self, label};
use super::tier::Tier;
use crate::hashed::Set;
use crate::portfolio::{Model, Portfolio, Problems, Study, Warning};

/// A portfolio's models, in the order of their ids.
pub struct Blocks<'p> {
    study: &'p Study,
    rows: Rows<'p>,
    priors: Priors,
    posterior: Posterior,
    effects: Effects,
    frame: Assessment,
    tiers: Vec<Tier>,
    groups: BTreeSet<(String, String)>,
}

impl<'p> Blocks<'p> {
    /// Reads the rows once.
    ///
    /// # Errors
    /// As [`super::assess`].
    pub fn new(portfolio: &'p Portfolio) -> Result<Blocks<'p>, Problems> {
        let study = &portfolio.study;
        let rows = by_id(portfolio);
        let (mut keys, mut groups) = (Set::<EffectKey>::default(), BTreeSet::new());
        let mut tiers = Vec::with_capacity(rows.count());
        let Read { priors, posterior, mut warnings } = read(study, &rows, |model, draft| {
            for key in draft.factors.iter().flat_map(|(_, factor)| factor.shared.keys()) {
                if !keys.contains(key) {
                    keys.insert(key.clone());
                }
            }
            let group = |by: &String| Some((by.clone(), label(model, draft.tier, by)?.into_owned()));
            groups.extend(study.groups_by.iter().filter_map(group));
            tiers.push(draft.tier);
        })?;
        let mut keys: BTreeSet<EffectKey> = keys.into_iter().collect();
        warnings.extend(study_effects::idle(study, &keys.iter().collect()));
        posterior.reach(&mut keys);
        let effects = numbered(&keys, study, &priors);
        let frame = frame(study, effects.clone(), warnings);
        Ok(Blocks { study, rows, priors, posterior, effects, frame, tiers, groups })
    }

    /// The same with other warnings before its own.
    pub fn warned(mut self, before: &[Warning]) -> Blocks<'p> {
        self.frame.warnings.splice(0..0, before.iter().cloned());
        self
    }

    /// The assessment without its models.
    pub fn frame(&self) -> &Assessment {
        &self.frame
    }

    /// How many models there are.
    pub fn len(&self) -> usize {
        self.tiers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }

    /// Of each model.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The id of a model.
    pub fn id(&self, model: usize) -> &str {
        self.rows.sorted().get(model).map_or("", |row| &row.id)
    }

    /// Column and value of each group that has a model, sorted.
    pub fn groups(&self) -> impl Iterator<Item = &(String, String)> {
        self.groups.iter()
    }

    /// Some models. Their provenance does not say what the rows say of shared effects: they are drawn, not shown.
    ///
    /// # Errors
    /// As [`super::assess`]; there are none that the first pass has not found.
    pub fn models(&self, range: Range<usize>) -> Result<Vec<AssessedModel>, Problems> {
        let rows = self.rows.sorted().get(range).unwrap_or(&[]);
        rows.par_iter().map(|&row| self.model(row, |_| ())).collect()
    }

    /// The models at these places, in the order given, with all that they share.
    ///
    /// # Errors
    /// As [`Blocks::models`].
    pub fn only(&self, places: &[usize]) -> Result<Assessment, Problems> {
        let rows = places.par_iter().filter_map(|&place| self.rows.sorted().get(place));
        let explained = |draft: &mut DraftModel| self.posterior.explain(draft);
        let models = rows.map(|&row| self.model(row, explained)).collect::<Result<_, _>>()?;
        Ok(Assessment { models, ..self.frame.clone() })
    }

    fn model(&self, row: &Model, explained: impl Fn(&mut DraftModel)) -> Result<AssessedModel, Problems> {
        let context = Context { priors: &self.priors, study: self.study, by_id: &self.rows };
        let evidence = row::evidence(&context, row);
        let mut draft = drafted(&context, row, &evidence)?;
        explained(&mut draft);
        self.posterior.apply(&mut draft);
        Ok(assessed(row, draft, &self.effects))
    }
}
