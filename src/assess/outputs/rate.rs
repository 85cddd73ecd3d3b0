//! What an output multiplies something of the chain by: a factor in a slot of its own.

use crate::assess::acts::Acts;
use crate::assess::assessment::{AssessedFactor, AssessedModel};
use crate::assess::default_effects::DEFAULT_ORDINAL;
use crate::assess::effects::{Effects, SharedEffect};
use crate::assess::lognormal::{LogNormal, lognormal};
use crate::assess::provenance::{Kind, Provenance};
use crate::assess::slot::Slot;
use crate::assess::term::Term;
use crate::portfolio::{Distribution, Value};

/// Ordinal of the effects made here: no default effect and no effect of a study has it.
const ORDINAL: u32 = 2 * DEFAULT_ORDINAL;

/// A rate: its own distribution, times `exp(ln_sd · z)` of each shared effect.
pub(super) struct Rate {
    pub own: Distribution,
    /// Into the output's unit.
    pub scale: f64,
    pub shared: Vec<Shared>,
}

/// A spread (ln) that models have in common: what it is of, and whose.
pub(super) struct Shared {
    pub by: Vec<&'static str>,
    pub value: Vec<String>,
    pub ln_sd: f64,
}

/// A stated number with its error (ln sd), a distribution as it stands.
pub(super) fn given(value: &Value, error: f64) -> Distribution {
    match value {
        Value::Number(x) => lognormal(LogNormal { median: *x, ln_sd: error }),
        Value::Distribution(d) => (**d).clone(),
    }
}

impl Rate {
    /// Gives the model the rate as the factor of a slot; the product of `term` and the rate, none where it is a true zero.
    pub(super) fn times(self, term: Term, slot: Slot, model: &mut AssessedModel, effects: &mut Effects) -> Vec<Term> {
        let constant = term.constant * self.scale;
        if constant == 0.0 || self.own == Distribution::Fixed(0.0) {
            return vec![];
        }
        let adopted = self.shared.into_iter().filter(|shared| shared.ln_sd > 0.0);
        let mut shared: Vec<(usize, f64)> = adopted.map(|s| (effects.adopt(&effect(slot, &s)), s.ln_sd)).collect();
        shared.sort_by_key(|&(effect, _)| effect);
        let provenance = Provenance {
            kind: Kind::Default,
            how: "rate of an output that is reported separately".into(),
            source: "priors".into(),
            chosen: true,
        };
        let factor = AssessedFactor { distribution: self.own, provenance, shared, acts: Acts::Multiply };
        model.factors[slot as usize] = Some(factor);
        let mut product = Term { constant, ..term };
        product.powers[slot as usize] = 1;
        vec![product]
    }
}

fn effect(slot: Slot, shared: &Shared) -> SharedEffect {
    SharedEffect {
        factor: slot.factor(),
        name: shared.by.join(" by ").into(),
        by: shared.by.iter().map(|s| s.to_string()).collect(),
        value: shared.value.clone().into(),
        ordinal: ORDINAL,
        ln_gsd: 1.0,
        chosen: true,
        source: "priors of water and embodied emissions".into(),
    }
}
