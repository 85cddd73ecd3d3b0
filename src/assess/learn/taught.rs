//! What a figure that nobody has published yet would say of shared effects.
//!
//! It would be one more observation x = B z + e of the effects, made as those of the rows that state the figure are: with
//! the variance S of e, and with B in terms of the effects as the rows leave them ([`Posterior::left`]). All that it says is
//! in t = (x − E x)/√(B² + S), a standard normal: an effect has the correlation B_e/√(B² + S) with it.
//!
//! | figure | of rows that | informs |
//! |---|---|---|
//! | compute | state none, are dated runs of their own, and of no generation (organisation, year and name up to the size) that states it | training length of the organisation |
//! | hours | state compute | what lies between the two: MFU |
//! | energy | state compute or hours | MFU, node power |
//!
//! The rules are those of learning from a stated figure ([`super`]): rows of which it is a guess whether they are runs, runs
//! that a prior was derived from, and rows that would be mixtures of readings say nothing. Further left out is what a figure
//! would say by taking the place of an estimate of compute, and what a further size says of a generation that has stated its
//! compute: next to nothing, as they have their own part in common. A place and a chip inform no effect.

use std::collections::{BTreeMap, BTreeSet};

use super::length::{Generation, Length};
use super::{NOTHING, Posterior, ROUNDING};
use crate::assess::context::Context;
use crate::assess::described::ln_gsd;
use crate::assess::draft::Informs;
use crate::assess::effects::{EffectKey, Innovation, Loads};
use crate::assess::imputed::ln_expected;
use crate::assess::stated::{guessed, states_compute};
use crate::portfolio::{Model, Value};

/// What a figure would say of shared effects, by the standard normal t that all of it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Taught {
    /// Correlation of each effect, as the rows leave it, with t.
    pub correlations: BTreeMap<EffectKey, f64>,
    /// What ln of the model's own emissions moves by for each unit of t, given the shared effects.
    pub gain: f64,
}

/// The observation that a figure would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    innovation: Innovation,
    gain: f64,
}

/// What hours or energy (`what`) would say; `None` if nothing. `before` is the row without the figure, `informs` what the row
/// says with it.
pub fn by_figure(context: &Context<'_>, what: &str, before: &Model, informs: &Informs) -> Option<Lesson> {
    if !context.study.learn || guessed(before).is_some() {
        return None;
    }
    // The first figure of a row says nothing.
    let [_, .., innovation] = informs.innovations.as_slice() else { return None };
    let newest = informs.newest.filter(|newest| newest.what == what && !informs.unsettled)?;
    Some(Lesson { innovation: innovation.clone(), gain: newest.gain })
}

/// What compute would say of how long the organisation trains; `None` if nothing.
pub fn by_compute(context: &Context<'_>, before: &Model, generations: &BTreeSet<Generation>) -> Option<Lesson> {
    if !context.study.learn || states_compute(before) {
        return None;
    }
    // At what is to be expected: what it says of the spread does not depend on its value.
    let flop = libm::exp(ln_expected(context.exposure(before))?);
    let stated = Model { compute_flop: Some(Value::Number(flop)), compute_confidence: None, ..before.clone() };
    let length = Length::of(context, &stated)?;
    let is_new = length.generation().is_none_or(|generation| !generations.contains(&generation));
    is_new.then(|| Lesson { innovation: length.alone(), gain: 1.0 })
}

impl Lesson {
    /// In terms of the effects as the rows leave them; `None` if it says nothing of them.
    pub fn given(&self, context: &Context<'_>, posterior: &Posterior) -> Option<Taught> {
        let ln = |(key, weight): (&EffectKey, &f64)| {
            Some((key.clone(), weight * ln_gsd(key, context.study, context.priors)?))
        };
        let loads: Loads = posterior.left(&self.innovation.loads.iter().filter_map(ln).collect());
        let shared: f64 = loads.values().map(|l| l * l).sum();
        let own = self.innovation.variance.max(ROUNDING);
        let says = (shared + own).is_finite() && shared / own > NOTHING;
        let sd = (shared + own).sqrt();
        let correlations = loads.into_iter().map(|(key, load)| (key, load / sd)).collect();
        says.then_some(Taught { correlations, gain: self.gain * sd })
    }
}
