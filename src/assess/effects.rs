//! Shared effects: one random draw that multiplies a factor of each model exposed to it.
//!
//! What tells one draw from another is its [`EffectKey`]: it does not depend on which models are present, nor does the
//! draw made by it. In an assessment an effect goes by a number, its place in the list; [`Effects`] gives the numbers
//! and is the only place that changes them. Loads on numbered effects are sorted by number.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hashed::Map;
use crate::portfolio::Factor;

/// Texts of which there are as many copies as loads: a copy is a reference.
pub type Texts = Arc<[String]>;

/// What tells one draw from another. Ordered by its fields, as `Assessment::shared` is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectKey {
    /// The factor that is multiplied.
    pub factor: Factor,
    /// Columns whose values decide which models share the draw; empty = global.
    pub by: Texts,
    /// The columns' values, in order.
    pub value: Texts,
    /// Tells equal (factor, by, value) apart.
    pub ordinal: u32,
}

/// One draw shared by all models exposed to it: multiplies a factor by `gsd^(weight·z)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedEffect {
    /// The factor that is multiplied; of PUE, the part above 1.
    pub factor: Factor,
    /// What it is, for people, e.g. "MFU of one organisation's runs in one year".
    pub name: Arc<str>,
    /// Columns; empty = global.
    pub by: Texts,
    /// The columns' values, in order.
    pub value: Texts,
    /// Tells equal (factor, by, value) apart.
    pub ordinal: u32,
    /// ln of the geometric standard deviation at a weight of 1.
    pub ln_gsd: f64,
    /// The geometric standard deviation is a choice without a firm source.
    pub chosen: bool,
    /// Where the geometric standard deviation comes from.
    pub source: Arc<str>,
}

impl SharedEffect {
    /// What tells its draw from any other.
    pub fn key(&self) -> EffectKey {
        EffectKey { factor: self.factor, by: self.by.clone(), value: self.value.clone(), ordinal: self.ordinal }
    }
}

/// Weights on effects that have no numbers yet: what multiplies their ln GSD.
pub type Loads = BTreeMap<EffectKey, f64>;

/// One thing that a row's figures say of shared effects: `value = loads·z + ε`, ε normal with that variance. Weights are
/// those of [`Loads`].
#[derive(Debug, Clone, PartialEq)]
pub struct Innovation {
    pub value: f64,
    pub variance: f64,
    pub loads: Loads,
}

/// Shared effects, numbered by their place in the list. No two have the same key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effects {
    list: Vec<SharedEffect>,
    numbers: Map<EffectKey, usize>,
}

impl Effects {
    /// Numbered in the order of their keys, whatever the order given; of several with one key the first counts.
    pub fn sorted(effects: impl IntoIterator<Item = SharedEffect>) -> Effects {
        let mut by_key = BTreeMap::new();
        for effect in effects {
            by_key.entry(effect.key()).or_insert(effect);
        }
        let (keys, list): (Vec<EffectKey>, Vec<SharedEffect>) = by_key.into_iter().unzip();
        Effects { list, numbers: keys.into_iter().zip(0..).collect() }
    }

    /// Numbered as they stand.
    pub fn listed(list: Vec<SharedEffect>) -> Effects {
        let numbers = list.iter().map(SharedEffect::key).zip(0..).collect();
        Effects { list, numbers }
    }

    /// The number of an effect.
    pub fn number(&self, key: &EffectKey) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// The number of an effect of another list; one that is not here yet comes last.
    pub fn adopt(&mut self, effect: &SharedEffect) -> usize {
        let next = self.list.len();
        let number = *self.numbers.entry(effect.key()).or_insert(next);
        if number == next {
            self.list.push(effect.clone());
        }
        number
    }

    /// Loads on another list's effects, by their numbers here; effects that are not here yet come last.
    pub fn adopted(&mut self, loads: &[(usize, f64)], of: &[SharedEffect]) -> Vec<(usize, f64)> {
        let adopted = |&(effect, weight): &(usize, f64)| Some((self.adopt(of.get(effect)?), weight));
        let mut adopted: Vec<(usize, f64)> = loads.iter().filter_map(adopted).collect();
        adopted.sort_by_key(|(number, _)| *number);
        adopted
    }

    /// The numbers here of another list's effects. Those that are not here get the numbers after the last, in their own
    /// order: they stay apart from each other and from all that are here.
    pub fn numbers_of(&self, others: &[SharedEffect]) -> Vec<usize> {
        let number =
            |(place, effect): (usize, &SharedEffect)| self.number(&effect.key()).unwrap_or(self.list.len() + place);
        others.iter().enumerate().map(number).collect()
    }

    /// Loads by number. What has none here is left out.
    pub fn numbered(&self, loads: &Loads) -> Vec<(usize, f64)> {
        let mut numbered: Vec<(usize, f64)> =
            loads.iter().filter_map(|(key, weight)| Some((self.number(key)?, *weight))).collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered
    }

    pub fn into_list(self) -> Vec<SharedEffect> {
        self.list
    }
}

/// Loads by other numbers: `number` says which an effect has now, if it is kept.
pub fn renumbered(loads: &[(usize, f64)], number: impl Fn(usize) -> Option<usize>) -> Vec<(usize, f64)> {
    let mut renumbered: Vec<(usize, f64)> =
        loads.iter().filter_map(|&(effect, weight)| Some((number(effect)?, weight))).collect();
    renumbered.sort_by_key(|(effect, _)| *effect);
    renumbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(value: &str, ln_gsd: f64) -> SharedEffect {
        SharedEffect {
            factor: Factor::Grid,
            name: "".into(),
            by: Arc::new(["region".to_string()]),
            value: Arc::new([value.to_string()]),
            ordinal: 0,
            ln_gsd,
            chosen: false,
            source: "".into(),
        }
    }

    fn values(effects: Effects) -> Vec<String> {
        effects.into_list().into_iter().map(|e| e.value.concat()).collect()
    }

    #[test]
    fn numbers_go_by_key_and_an_effect_is_there_once() {
        let effects = Effects::sorted([effect("b", 0.1), effect("a", 0.2), effect("b", 0.3)]);
        assert_eq!(effects.number(&effect("b", 9.0).key()), Some(1));
        assert_eq!(effects.number(&EffectKey { ordinal: 1, ..effect("b", 0.1).key() }), None);
        assert_eq!(effects.list[1].ln_gsd, 0.1);
        let loads = Loads::from([(effect("b", 0.1).key(), 2.0), (effect("a", 0.2).key(), 3.0)]);
        assert_eq!(effects.numbered(&loads), [(0, 3.0), (1, 2.0)]);
        assert_eq!(values(effects), ["a", "b"]);
    }

    #[test]
    fn effects_of_another_list_keep_the_numbers_they_have_here() {
        let mut effects = Effects::listed(vec![effect("b", 0.1), effect("a", 0.2)]);
        let others = [effect("d", 0.1), effect("a", 0.2), effect("c", 0.1)];
        assert_eq!(effects.numbers_of(&others), [2, 1, 4]);
        assert_eq!(effects.adopted(&[(0, 0.5), (1, 0.25)], &others), [(1, 0.25), (2, 0.5)]);
        assert_eq!(others.iter().map(|e| effects.adopt(e)).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(values(effects), ["b", "a", "d", "c"]);
    }

    #[test]
    fn loads_are_sorted_by_their_new_numbers() {
        let loads = [(0, 0.5), (1, 0.25), (2, 0.125)];
        assert_eq!(renumbered(&loads, |effect| 7usize.checked_sub(4 * effect)), [(3, 0.25), (7, 0.5)]);
    }
}
