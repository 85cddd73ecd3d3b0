//! Shared effects as the file leaves them, and factors that load on them.
//!
//! An effect z that rows inform is m + Σ_j L_j z̃_j ([`super::blocks`]). In a factor with the loading w on ln z, w·m moves
//! the own part and w·L_j is the loading on z̃_j, which has the key of z_j. A bound stays where it is: it limits what the
//! row may have used and says nothing of what rows have in common. Loadings are rounded as those that several disclosures
//! leave are, and the move with them.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::Known;
use crate::assess::acts::Acts;
use crate::assess::described::LOADING;
use crate::assess::draft::{Draft, DraftModel};
use crate::assess::effects::{EffectKey, Loads};
use crate::assess::provenance::{Kind, Provenance};
use crate::assess::slot::Slot;
use crate::hashed::Map;
use crate::portfolio::Distribution;

/// An effect that rows inform.
#[derive(Debug, Clone, PartialEq)]
pub struct Informed {
    pub key: EffectKey,
    /// For people.
    pub name: String,
    /// Its ln GSD at weight 1, before.
    pub ln_gsd: f64,
    /// Rows that inform it directly.
    pub rows: usize,
    pub known: Known,
}

/// All informed effects; those that are not here are as they were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Posterior {
    /// Loads of one are on the places of others in this list.
    effects: Vec<Informed>,
    places: Map<EffectKey, usize>,
}

/// Changes smaller than this (ln) are not said.
const SAID: f64 = 0.01;

impl Posterior {
    /// `effects` with loads by their places.
    pub fn of(effects: Vec<Informed>) -> Posterior {
        let places = effects.iter().map(|e| e.key.clone()).zip(0..).collect();
        Posterior { effects, places }
    }

    /// The model with the effects as they are now.
    pub fn apply(&self, model: &mut DraftModel) {
        for slot in Slot::ALL {
            if let Some(factor) = model.factors.get_mut(slot).filter(|f| f.acts != Acts::Rank) {
                self.update(slot, factor);
            }
        }
    }

    /// What will become of the effects, among the provenance of a model that is still to have them applied.
    pub fn explain(&self, model: &mut DraftModel) {
        let mut said: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (slot, factor) in model.factors.iter().filter(|(_, factor)| factor.acts != Acts::Rank) {
            for (effect, loading) in self.loadings(factor) {
                said.entry(effect).or_default().extend(self.effects[effect].said(slot, loading));
            }
        }
        for (effect, parts) in said.into_iter().filter(|(_, parts)| !parts.is_empty()) {
            let Informed { key, name, rows, .. } = &self.effects[effect];
            let whose = if key.value.is_empty() { String::new() } else { format!(" [{}]", key.value.join(", ")) };
            let of = if *rows == 1 { "row" } else { "rows" };
            let how = format!("{} from {rows} {of}", parts.join("; "));
            let source = "shared effects informed by the rows of the file".to_string();
            model
                .provenance
                .insert(format!("{name}{whose}"), Provenance { kind: Kind::Imputed, how, source, chosen: false });
        }
    }

    /// Adds the effects that factors load on now, of those that they loaded on before.
    pub fn reach(&self, keys: &mut BTreeSet<EffectKey>) {
        let informed: Vec<&Informed> = keys.iter().filter_map(|key| self.effects.get(*self.places.get(key)?)).collect();
        let reached: BTreeSet<usize> = informed.iter().flat_map(|e| e.known.loads.iter().map(|(j, _)| *j)).collect();
        keys.extend(reached.into_iter().map(|j| self.effects[j].key.clone()));
    }

    /// Loads (ln) on effects as they were before, as loads on what is left of them.
    pub fn left(&self, loads: &Loads) -> Loads {
        let mut left = Loads::new();
        for (key, load) in loads {
            let Some(place) = self.places.get(key) else {
                *left.entry(key.clone()).or_insert(0.0) += load;
                continue;
            };
            for (other, l) in &self.effects[*place].known.loads {
                *left.entry(self.effects[*other].key.clone()).or_insert(0.0) += load * l;
            }
        }
        left
    }

    /// The informed effects on a factor, with its loadings (ln) on them.
    fn loadings(&self, factor: &Draft) -> Vec<(usize, f64)> {
        let of = |(key, weight): (&EffectKey, &f64)| {
            let place = *self.places.get(key)?;
            Some((place, weight * self.effects[place].ln_gsd))
        };
        factor.shared.iter().filter_map(of).collect()
    }

    fn update(&self, slot: Slot, factor: &mut Draft) {
        let informed = self.loadings(factor);
        if informed.is_empty() {
            return;
        }
        let (mut moved, mut loadings) = (0.0, BTreeMap::new());
        for (effect, loading) in informed {
            let known = &self.effects[effect].known;
            moved += loading * known.mean;
            for (other, load) in &known.loads {
                *loadings.entry(*other).or_insert(0.0) += loading * load;
            }
        }
        let mut shared: Loads = std::mem::take(&mut factor.shared);
        shared.retain(|key, _| !self.places.contains_key(key));
        for (effect, loading) in loadings {
            let Informed { key, ln_gsd, .. } = &self.effects[effect];
            let rounded = libm::round(loading / LOADING) * LOADING;
            if rounded != 0.0 {
                shared.insert(key.clone(), rounded / ln_gsd);
            }
        }
        factor.shared = shared;
        let times = libm::exp(libm::round(moved / LOADING) * LOADING);
        factor.distribution = match factor.acts {
            Acts::Below { hi } => below(&factor.distribution, times, hi),
            _ if slot == Slot::Compute && !factor.explicit => within_bounds(&factor.distribution, times),
            _ => factor.distribution.scaled(times),
        };
    }
}

/// A lognormal times a number; a median above the bound would leave only a far tail.
fn below(own: &Distribution, times: f64, hi: f64) -> Distribution {
    match own {
        Distribution::LogNormal { median, gsd } => {
            Distribution::LogNormal { median: (median * times).min(hi), gsd: *gsd }
        }
        other => other.scaled(times),
    }
}

/// Imputed compute of no known date: parts that are cut at bounds of their own, which stay.
fn within_bounds(own: &Distribution, times: f64) -> Distribution {
    match own {
        Distribution::Truncated { inner, lo, hi } if matches!(**inner, Distribution::LogNormal { .. }) => {
            Distribution::Truncated { inner: Box::new(below(inner, times, *hi)), lo: *lo, hi: *hi }
        }
        Distribution::Mixture(parts) => {
            Distribution::Mixture(parts.iter().map(|(w, d)| (*w, within_bounds(d, times))).collect())
        }
        other => other.scaled(times),
    }
}

impl Informed {
    /// What became of it in a factor with this loading; `None` where that is next to nothing.
    fn said(&self, slot: Slot, loading: f64) -> Option<String> {
        let (moved, before) = (loading * self.known.mean, loading.abs());
        let after = before * self.known.sd();
        (moved.abs() >= SAID || before - after >= SAID).then(|| {
            format!(
                "{} × {:.3}, GSD {:.3} → {:.3}",
                slot.factor().name(),
                libm::exp(moved),
                libm::exp(before),
                libm::exp(after)
            )
        })
    }
}
