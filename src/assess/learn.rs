//! What the rows of a file say of the shared effects.
//!
//! Beforehand every shared effect z is a standard normal. A row's figures, with its own parts integrated out, are an
//! observation of the effects that it is exposed to ([`Innovation`]):
//!
//! ```text
//! y ~ N(A x₀ + B z, A P A' + R)      information B' S⁻¹ B, vector B' S⁻¹ (y − A x₀), S = A P A' + R
//! ```
//!
//! so that the posterior of all z, given all rows, is normal with the precision I + Σ B' S⁻¹ B over the rows. Given z, a
//! row's own parts have the posterior of [`super::condition`]; both together are the posterior of everything. Hours and
//! compute inform MFU, energy or hours with emissions the grid, a calculator's figure with another one its bias. What
//! rows state of compute informs how long their organisation trains (`length`).
//!
//! A row with one figure says nothing beyond that: of its compute nothing is known beforehand. Left out are rows held as
//! mixtures of readings, rows of which it is a guess whether they are a run, and of a run that a prior was derived from
//! ([`super::entered`]) what it would say of that prior's effects. Effects on PUE − 1 are not linear in logarithms and stay
//! as they are. Rows are summed in the order of their ids. An effect that no row informs is not touched, so that rows
//! without a common effect have nothing to do with each other.

mod blocks;
mod length;
mod posterior;
mod root;
mod sets;
mod taught;

pub use length::Generation;
pub use posterior::Posterior;
pub use taught::{Taught, by_compute, by_figure};

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::described::described;
use super::draft::DraftModel;
use super::effects::{EffectKey, Innovation, SharedEffect};
use super::evidence::Evidence;
use super::provenance::{Kind, Provenance};
use super::stated::guessed;
use crate::portfolio::Warning;
use blocks::Observation;
use length::Length;
use posterior::Informed;

/// What an observation takes of an effect's variance, below which it says nothing: what follows from the diffuse prior
/// of compute alone.
const NOTHING: f64 = 1e-6;
/// The least variance of an observation: figures without error that differ by a thousandth are the same.
const ROUNDING: f64 = 1e-6;

/// Says of a model that its row informs no shared effect, where that is so.
pub fn note_unsettled(context: &Context<'_>, evidence: &Evidence, draft: &mut DraftModel) {
    if context.study.learn && draft.informs.unsettled && guessed(&evidence.model).is_none() {
        let provenance = Provenance {
            kind: Kind::Disclosed,
            how: "not informed by this row: which of its figures are right is open".to_string(),
            source: "the models file".to_string(),
            chosen: false,
        };
        draft.provenance.insert("shared effects".to_string(), provenance);
    }
}

/// What the rows say, in the order in which they were added.
#[derive(Default)]
pub struct Lessons {
    rows: usize,
    /// With the number of the row.
    innovations: Vec<(usize, Innovation)>,
    lengths: Vec<Length>,
}

impl Lessons {
    /// What a row says. `draft` is the row's model; one that does not state several figures need not have one.
    pub fn add(&mut self, context: &Context<'_>, evidence: &Evidence, mut draft: Option<&mut DraftModel>) {
        self.rows += 1;
        if !context.study.learn || guessed(&evidence.model).is_some() {
            return;
        }
        let informs = draft.as_mut().map(|draft| std::mem::take(&mut draft.informs)).unwrap_or_default();
        if informs.unsettled {
            return;
        }
        self.innovations.extend(informs.innovations.into_iter().map(|innovation| (self.rows, innovation)));
        self.lengths.extend(Length::of(context, &evidence.model).filter(|_| !informs.compute_wrong));
    }

    /// The generations that state how long they trained.
    pub fn generations(&self) -> BTreeSet<Generation> {
        self.lengths.iter().filter_map(Length::generation).collect()
    }

    /// The effects given all of it, and a warning if some of it could not be used.
    pub fn posterior(self, context: &Context<'_>) -> (Posterior, Option<Warning>) {
        let lengths = length::innovations(&self.lengths);
        // Rows that say how long they trained are not counted twice: nothing else informs that effect.
        let all: Vec<(usize, usize, Innovation)> = (self.innovations.into_iter().map(|(row, i)| (row, 1, i)))
            .chain(lengths.into_iter().map(|(rows, i)| (0, rows.len(), i)))
            .collect();
        let keys: BTreeSet<&EffectKey> = all.iter().flat_map(|(.., i)| i.loads.keys()).collect();
        let described: Vec<SharedEffect> =
            keys.into_iter().filter_map(|key| described(key, context.study, context.priors)).collect();
        let numbers: BTreeMap<EffectKey, usize> = described.iter().map(SharedEffect::key).zip(0..).collect();
        let mut rows = vec![(0, 0); described.len()];
        let mut observations = Vec::new();
        for (row, count, innovation) in &all {
            let Some(observation) = observation(innovation, &described, &numbers) else { continue };
            for (effect, _) in &observation.loads {
                let (last, sum) = &mut rows[*effect];
                if *row == 0 || *last != *row {
                    *sum += count;
                }
                *last = *row;
            }
            observations.push(observation);
        }
        informed(context, described, &rows, &observations)
    }
}

/// In standard deviations of the effects; `None` where it says nothing.
fn observation(
    innovation: &Innovation,
    effects: &[SharedEffect],
    numbers: &BTreeMap<EffectKey, usize>,
) -> Option<Observation> {
    let variance = innovation.variance.max(ROUNDING);
    let load = |(key, weight): (&EffectKey, &f64)| {
        let number = *numbers.get(key)?;
        Some((number, weight * effects[number].ln_gsd))
    };
    let loads: Vec<(usize, f64)> = innovation.loads.iter().filter_map(load).filter(|(_, c)| *c != 0.0).collect();
    let information = loads.iter().map(|(_, c)| c * c).sum::<f64>() / variance;
    let finite = innovation.value.is_finite() && information.is_finite();
    (finite && information > NOTHING).then_some(Observation { value: innovation.value, variance, loads })
}

fn informed(
    context: &Context<'_>,
    effects: Vec<SharedEffect>,
    rows: &[(usize, usize)],
    observations: &[Observation],
) -> (Posterior, Option<Warning>) {
    // Numbers of those that an observation is left of.
    let used: BTreeSet<usize> = observations.iter().flat_map(|o| o.loads.iter().map(|(e, _)| *e)).collect();
    let renumbered: BTreeMap<usize, usize> = used.iter().copied().zip(0..).collect();
    let of = |o: &Observation| Observation {
        loads: o.loads.iter().filter_map(|(e, c)| Some((*renumbered.get(e)?, *c))).collect(),
        ..o.clone()
    };
    let observations: Vec<Observation> = observations.iter().map(of).collect();
    let mut effects: Vec<Option<SharedEffect>> = effects.into_iter().map(Some).collect();
    let used: Vec<(SharedEffect, usize)> =
        used.into_iter().filter_map(|e| Some((effects[e].take()?, rows[e].1))).collect();
    let global: Vec<bool> = used.iter().map(|(effect, _)| effect.by.is_empty()).collect();
    let known = blocks::posterior(&global, &observations);
    let left_out = known.iter().filter(|known| known.is_none()).count();
    // Numbers once more: without those of too large a block.
    let mut places = vec![0; known.len()];
    let mut informed: Vec<Informed> = Vec::new();
    for (number, ((effect, rows), known)) in used.into_iter().zip(known).enumerate() {
        let Some(known) = known else { continue };
        places[number] = informed.len();
        let key = effect.key();
        informed.push(Informed { key, name: effect.name.to_string(), ln_gsd: effect.ln_gsd, rows, known });
    }
    for load in informed.iter_mut().flat_map(|informed| &mut informed.known.loads) {
        load.0 = places[load.0];
    }
    let warning = (left_out > 0).then(|| Warning {
        rule: "too-many-effects",
        place: context.study.place("shared"),
        value: format!("{left_out} effects"),
        message: format!(
            "more than {} shared effects meet in one row after the other, so that what these rows say of them is not used; \
             the effects stay as they are before any row is read. Share them by a coarser column",
            blocks::LARGEST
        ),
    });
    (Posterior::of(informed), warning)
}
